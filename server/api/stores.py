"""Stores and the channels there are. Secrets go in and never come out (CH-6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cryptography.fernet import MultiFernet
from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from server import clock
from server.api.auth import caller
from server.api.frame import Body, ById, When, needs, resource, services, show
from server.api.once import once
from server.api.paging import Page, Paging, page_of
from server.jobs.asking import read_soon
from server.places.queries import warehouse_named
from server.push.service import judge_choice_store
from server.stores import connecting, queries, service
from server.stores.credentials import keys_of
from server.stores.models import Store
from server.stores.options import OPTIONS

api = resource("stores", "Stores")


class StoreShown(BaseModel):
    """A store. Of its secrets only whether they are set is told."""

    id: int
    name: str
    channel: str
    warehouse: str = Field(description="The warehouse it ships from.")
    settings: dict[str, Any]
    secrets: dict[str, bool] = Field(description="Whether each of the channel's secrets is set.")
    choice: bool = Field(description="Run by the marketplace.")
    active: bool
    needs_sign_in: bool = Field(description="The store refuses its credentials; pushes wait.")
    orders_from: datetime | None = Field(description="Orders created before are ignored.")
    created_at: datetime
    warnings: list[str] = Field([], description="What to know of it; only in answers to saving.")


class NewStore(Body):
    """A store to be. `settings` takes the channel's settings and secrets alike."""

    name: str
    channel: str
    warehouse: str | None = Field(None, description="The default warehouse unless given.")
    settings: dict[str, Any] = {}
    choice: bool = False
    active: bool = True
    orders_from: When | None = None


class StoreChange(Body):
    """What to change. Of `settings` only those named change; null empties one. `warehouse` null: the default."""

    name: str | None = None
    warehouse: str | None = None
    settings: dict[str, Any] = {}
    choice: bool | None = None
    active: bool | None = None
    orders_from: When | None = None


class StoreFilter(Paging):
    """Which stores."""

    name: str | None = None
    code: str | None = Field(None, description="The same as `name`.")
    channel: str | None = None


class ChannelShown(BaseModel):
    """A channel, and what a store of it needs to know."""

    channel: str
    title: str
    settings: dict[str, str]
    secrets: dict[str, str]
    options: dict[str, str] = Field(description="Settings that stores of every channel have.")


class Channels(BaseModel):
    """Every channel."""

    items: list[ChannelShown]
    next: int | None = None


def shown(session: Session, stores: Sequence[Store], keys: MultiFernet) -> list[StoreShown]:
    """Stores as the API shows them, in a fixed number of statements."""
    warehouses = queries.warehouses_of(session, stores)
    secrets = service.secrets_set(session, stores, keys=keys)
    return [
        StoreShown(
            id=store.id,
            name=store.name,
            channel=store.channel,
            warehouse=warehouses[store.id].code,
            settings=store.settings,
            secrets=secrets[store.id],
            choice=store.is_choice,
            active=store.active,
            needs_sign_in=store.needs_sign_in,
            orders_from=store.orders_from,
            created_at=store.created_at,
            warnings=[],
        )
        for store in stores
    ]


def _one(session: Session, store: Store, keys: MultiFernet) -> StoreShown:
    return shown(session, [store], keys)[0]


@api.get("/channels", responses={200: Channels})
@needs("read")
def list_channels() -> Response:
    """The channels there are, and the settings each takes."""
    options = {option.name: option.help for option in OPTIONS.values()}
    items = [
        ChannelShown(
            channel=connector.channel,
            title=connector.title,
            settings=dict(connector.settings),
            secrets=dict(connector.secrets),
            options=options,
        )
        for connector in connecting.channels()
    ]
    return show(Channels(items=items))


@api.get("/stores", responses={200: Page[StoreShown]})
@needs("read")
def list_stores(query: StoreFilter) -> Response:
    """Stores."""
    rows, keys = queries.stores(name=query.name or query.code, channel=query.channel), _keys()
    with services().db.read() as session:
        return show(page_of(session, rows, Store.id, query, lambda found: shown(session, found, keys)))


@api.post("/stores", responses={201: StoreShown})
@needs("stores.write")
def add_store(body: NewStore) -> Response:
    """Add a store. Giving its secrets takes an admin."""
    who, at, keys = caller(), clock.now(), _keys()

    def work(session: Session) -> StoreShown:
        new = service.NewStore(
            name=body.name,
            channel=body.channel,
            settings=body.settings,
            warehouse_id=None if body.warehouse is None else warehouse_named(session, body.warehouse).id,
            is_choice=body.choice,
            active=body.active,
            orders_from=body.orders_from,
        )
        made = service.add_store(session, new, keys=keys, role=who.role, by=who.name, at=at)
        if made.active:
            read_soon(session, made.name, by=who.name)
        return _one(session, made, keys)

    return once(work, status=201)


@api.get("/stores/<int:id>", responses={200: StoreShown})
@needs("read")
def get_store(path: ById) -> Response:
    """One store."""
    keys = _keys()
    with services().db.read() as session:
        return show(_one(session, queries.find_store(session, path.id), keys))


@api.patch("/stores/<int:id>", responses={200: StoreShown})
@needs("stores.write")
def change_store(path: ById, body: StoreChange) -> Response:
    """Change a store. Giving secrets takes an admin, and so does another address for those it has; new ones end *needs
    sign-in*."""
    who, at, keys = caller(), clock.now(), _keys()
    given = body.model_fields_set

    def work(session: Session) -> StoreShown:
        ships_from = None if body.warehouse is None else warehouse_named(session, body.warehouse).id
        change = service.StoreChange(
            name=body.name,
            settings=body.settings,
            warehouse_id=ships_from if "warehouse" in given else service.KEEP,
            is_choice=body.choice,
            active=body.active,
            orders_from=body.orders_from if "orders_from" in given else service.KEEP,
        )
        store = service.change_store(session, path.id, change, keys=keys, role=who.role, by=who.name, at=at)
        if store.active and (body.active or body.settings):
            read_soon(session, store.name, by=who.name)
        warnings = judge_choice_store(session, store.id) if body.choice else []
        return _one(session, store, keys).model_copy(update={"warnings": warnings})

    return once(work)


@api.delete("/stores/<int:id>", responses={200: StoreShown})
@needs("stores.write")
def remove_store(path: ById) -> Response:
    """Delete a store with its store SKUs and mappings; one with orders or push rules is refused."""
    who, at, keys = caller(), clock.now(), _keys()

    def work(session: Session) -> StoreShown:
        gone = _one(session, queries.find_store(session, path.id), keys)
        service.delete_store(session, path.id, by=who.name, at=at)
        return gone

    return once(work)


def _keys() -> MultiFernet:
    return keys_of(services().settings)
