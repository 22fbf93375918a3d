"""Stores: add, change, delete. Secrets among their settings live encrypted, never come back (CH-6)."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from cryptography.fernet import MultiFernet
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.access.roles import Role, demand
from server.channels.errors import NeedsSignIn
from server.channels.errors import Refused as NotUsable
from server.channels.protocol import Connector
from server.db.base import fold
from server.db.referring import delete_referring, referring
from server.errors import Conflict, Refused, WrongUse
from server.outbox import queue
from server.outbox.causes import Cause
from server.places.queries import find_warehouse
from server.stores.connecting import connector_of
from server.stores.credentials import read_secrets, readable_secrets, save_secrets
from server.stores.listings import TOLD
from server.stores.models import Store, StoreSku
from server.stores.options import OPTIONS, check_option
from server.stores.queries import find_store, sold_skus
from validators.messages import Finding
from validators.values.hygiene import listed_error

#: What a deleted store takes along: what it was told and said, none of which means anything without it.
_GOES_ALONG = (*TOLD, "credential", "inbox", "reading", "store_pause", "store_sku", "unread_order")
_WORDS = {"order": "orders", "order_line": "order lines", "push_rule": "push rules", "push_rule_store": "push rules"}


class Keep(enum.Enum):
    """A value that is left alone, where None means something."""

    KEEP = 0


KEEP: Final = Keep.KEEP


@dataclass(frozen=True)
class NewStore:
    """A store to add. `settings` holds the channel's settings and secrets alike, and the options every store has."""

    name: str
    channel: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    warehouse_id: int | None = None
    is_choice: bool = False
    active: bool = True
    orders_from: datetime | None = None


@dataclass(frozen=True)
class StoreChange:
    """What to change of a store. Of the settings only those named change; one that is None is emptied."""

    name: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    warehouse_id: int | Keep | None = KEEP
    is_choice: bool | None = None
    active: bool | None = None
    orders_from: datetime | Keep | None = KEEP


def add_store(session: Session, new: NewStore, *, keys: MultiFernet, role: Role, by: str, at: datetime) -> Store:
    """Add a store; it ships from the default warehouse unless told otherwise (WH-1).

    Raises `WrongUse` for a name, channel or setting that can't be, `Conflict` for a name that is taken, `NotFound`
    for a warehouse that is none, `NotAllowed` where secrets are given and `role` may not (SEC-1).
    """
    connector = connector_of(new.channel)
    plain, secrets = _parted(connector, new.settings)
    if secrets:
        demand(role, "credentials.write")
    store = Store(
        name="",
        key="",
        channel=connector.channel,
        warehouse_id=_warehouse(session, new.warehouse_id),
        settings={name: value for name, value in plain.items() if value is not None},
        is_choice=new.is_choice,
        active=new.active,
        orders_from=new.orders_from,
        created_at=at,
    )
    _rename(session, store, new.name)
    session.add(store)
    session.flush()
    given = {name: value for name, value in secrets.items() if value is not None}
    if given:
        save_secrets(session, keys, store.id, given, at=at)
    audit(session, by, "store.create", store.name, at=at, channel=store.channel, secrets=sorted(given))
    return store


def change_store(
    session: Session, store_id: int, change: StoreChange, *, keys: MultiFernet, role: Role, by: str, at: datetime
) -> Store:
    """Change a store. New secrets end *needs sign-in*; switching it on, or to Choice and back, has all it sells
    evaluated again. Raises what `add_store` raises, and `NotFound`.

    To send a store's secrets to another address takes the right to give them (SEC-1): otherwise whoever may change
    stores could have them sent to a server of his own.
    """
    store = find_store(session, store_id, lock=True)
    before = _audited(store)
    if change.name is not None:
        _rename(session, store, change.name)
    if change.warehouse_id is not KEEP:
        store.warehouse_id = _warehouse(session, change.warehouse_id)
    if change.orders_from is not KEEP:
        store.orders_from = change.orders_from
    store.is_choice = store.is_choice if change.is_choice is None else change.is_choice
    store.active = store.active if change.active is None else change.active
    connector = connector_of(store.channel)
    plain, secrets = _parted(connector, change.settings)
    if secrets or (_moves(connector, store, plain) and _has_secrets(session, store, keys)):
        demand(role, "credentials.write")
    store.settings = {name: value for name, value in {**store.settings, **plain}.items() if value is not None}
    session.flush()
    if secrets:
        _change_secrets(session, keys, store, secrets, at)
    after = _audited(store)
    if (store.active and not before["active"]) or store.is_choice != before["is_choice"]:
        _mark_all(session, store.id, at)
    if after != before or secrets:
        audit(session, by, "store.change", store.name, at=at, before=before, after=after, secrets=sorted(secrets))
    return store


def delete_store(session: Session, store_id: int, *, by: str, at: datetime) -> None:
    """Delete a store with its store SKUs, mappings, credentials and what waits for it.

    Raises `NotFound`, and `Refused` while orders, push rules or anything else names it: then switch it off instead.
    """
    store = find_store(session, store_id, lock=True)  # whoever names it at this moment is waited for, and seen
    theirs = select(StoreSku.id).where(StoreSku.store_id == store_id)
    users = referring(session, "store", [store_id], besides=_GOES_ALONG)
    users |= referring(session, "store_sku", theirs, besides=_GOES_ALONG)
    if users:
        named = ", ".join(dict.fromkeys(_WORDS.get(table, table.replace("_", " ")) for table in users))
        raise Refused(
            f"store '{store.name}' is still used by {named}; switch it off instead of deleting it", used_by=users
        )
    delete_referring(session, "store_sku", theirs, _GOES_ALONG)
    delete_referring(session, "store", [store_id], _GOES_ALONG)
    session.execute(delete(Store).where(Store.id == store_id))
    audit(session, by, "store.delete", store.name, at=at, id=store_id, channel=store.channel)


def secrets_set(session: Session, stores: Sequence[Store], *, keys: MultiFernet) -> dict[int, dict[str, bool]]:
    """Which of its channel's secrets each store has; all that is ever told of them (CH-6)."""
    known = readable_secrets(session, keys, [store.id for store in stores])
    return {
        store.id: {name: bool(known.get(store.id, {}).get(name)) for name in connector_of(store.channel).secrets}
        for store in stores
    }


def _parted(connector: type[Connector], given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str | None]]:
    """Plain settings, and secrets. Raises `WrongUse` for a name the channel does not know, naming those it does."""
    plain: dict[str, Any] = {}
    secrets: dict[str, str | None] = {}
    for name, value in given.items():
        if name in connector.secrets:
            if value is not None and not isinstance(value, str):
                raise WrongUse(f"{name} is a text", field=name)
            secrets[name] = value.strip() or None if value is not None else None
        elif name in OPTIONS:
            plain[name] = None if value is None else check_option(name, value)
        elif name in connector.settings:
            plain[name] = None if value is None else _checked(connector, name, value)
        else:
            known = ", ".join([*connector.settings, *connector.secrets, *OPTIONS])
            raise WrongUse(f"{connector.title} has no setting '{name[:60]}'; there are {known}", field=name[:60])
    return plain, secrets


def _checked(connector: type[Connector], name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise WrongUse(f"{name} is a text", field=name)
    try:
        connector.check_setting(name, value.strip())
    except NotUsable as error:
        raise WrongUse(f"{name}: {error.reason}", field=name) from None
    return value.strip()


def _moves(connector: type[Connector], store: Store, plain: Mapping[str, Any]) -> bool:
    """Whether the store is to be spoken to at another address than now."""
    return any(name in plain and plain[name] != store.settings.get(name) for name in connector.addresses)


def _has_secrets(session: Session, store: Store, keys: MultiFernet) -> bool:
    return any(secrets_set(session, [store], keys=keys)[store.id].values())


def _rename(session: Session, store: Store, name: str) -> None:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise WrongUse("a store's name is 1 to 100 printable characters", field="name")
    if wrong := listed_error(name):
        raise WrongUse(f"'{name}' {Finding(wrong).text}", field="name")
    with session.no_autoflush:
        other = session.scalar(select(Store.id).where(Store.key == fold(name)))
    if other is not None and other != store.id:
        raise Conflict(f"there is already a store '{name}'", field="name")
    store.name, store.key = name, fold(name)


def _warehouse(session: Session, warehouse_id: int | None) -> int | None:
    return None if warehouse_id is None else find_warehouse(session, warehouse_id).id


def _change_secrets(
    session: Session, keys: MultiFernet, store: Store, change: Mapping[str, str | None], at: datetime
) -> None:
    try:
        known = read_secrets(session, keys, store.id)
    except NeedsSignIn:  # sealed with a key that is lost: what is given now is all there is
        known = {}
    merged = {name: value for name, value in {**known, **change}.items() if value is not None}
    save_secrets(session, keys, store.id, merged, at=at)
    session.refresh(store)


def _mark_all(session: Session, store_id: int, at: datetime) -> None:
    queue.mark_selected(session, sold_skus(store_id), cause=Cause.SWITCH, at=at)


def _audited(store: Store) -> dict[str, Any]:
    """What the audit log keeps of a store: never a secret."""
    return {
        "name": store.name,
        "warehouse_id": store.warehouse_id,
        "is_choice": store.is_choice,
        "active": store.active,
        "orders_from": store.orders_from.isoformat() if store.orders_from else None,
        "settings": dict(store.settings),
    }
