"""Stores: whether each is told what is available, and if not why; switching one off and on, its options and secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from server import clock
from server.access.declaring import shown_to
from server.errors import NotFound, StockbookError
from server.jobs import service as jobs
from server.jobs.asking import read_soon
from server.push.standing import standings
from server.stores import connecting, queries, service
from server.stores.credentials import keys_of
from server.stores.options import OPTIONS, option_of
from server.stores.service import StoreChange
from server.web.frame import console, go, pages, show, visitor

page = pages("stores")
#: What can be read from a store now: job -> what to call it.
READ = {"sync_orders": "Read its orders now", "sync_products": "Read its listings now"}


@page.get("/stores")
@shown_to("read")
def stores() -> Response:
    """Every store and its state."""
    with console().db.read() as session:
        cards = standings(session, clock.now())
    return show("stores.html", stores=cards)


@page.get("/stores/<int:id>")
@shown_to("read")
def store(id: int) -> Response:
    """One store: its state, what can be read from it, its options, its secrets."""
    return _one(id)


@page.post("/stores/<int:id>/active")
@shown_to("stores.write")
def pause_store(id: int) -> Response:
    """Switch a store off or on: one that is off is told nothing."""
    on = request.form.get("on") == "yes"
    return _change(id, StoreChange(active=on), "It is on again, and told what there is." if on else "It is off now.")


@page.post("/stores/<int:id>/options")
@shown_to("stores.write")
def change_store_options(id: int) -> Response:
    """Change the settings that every store has."""
    given = {name: request.form[name] for name in OPTIONS if name in request.form}
    return _change(id, StoreChange(settings=given), "Its options are saved.")


@page.post("/stores/<int:id>/secrets")
@shown_to("credentials.write")
def change_store_secrets(id: int) -> Response:
    """Give new secrets; they end *needs sign-in*, and are never shown again."""
    with console().db.read() as session:
        known = connecting.connector_of(queries.find_store(session, id).channel).secrets
    given = {name: value for name in known if (value := request.form.get(name, "").strip())}
    return _change(id, StoreChange(settings=given), "Its secrets are saved." if given else "Nothing was given.")


@page.post("/stores/<int:id>/read")
@shown_to("sync.now")
def read_store(id: int) -> Response:
    """Read the store's orders or listings now; leads to the run."""
    job, by = request.form.get("job", ""), visitor().name
    if job not in READ:
        raise NotFound("a store's orders and listings can be read, nothing else")

    def work(session: Session) -> int:
        name = queries.find_store(session, id).name
        return jobs.ask(session, job, {"stores": [name]}, by=by).id

    return go(f"/jobs/runs/{console().db.write(work)}")


def _change(store_id: int, change: StoreChange, said: str) -> Response:
    shared, who = console(), visitor()
    keys = keys_of(shared.settings)

    def work(session: Session) -> None:
        store = service.change_store(session, store_id, change, keys=keys, role=who.role, by=who.name, at=clock.now())
        if store.active and (change.active or change.settings):
            read_soon(session, store.name, by=who.name)

    return _try(store_id, work, said)


def _try(store_id: int, work: Callable[[Session], None], said: str) -> Response:
    try:
        console().db.write(work)
    except NotFound:
        raise
    except StockbookError as problem:
        return _one(store_id, problem)
    return go(f"/stores/{store_id}", said)


def _one(store_id: int, problem: StockbookError | None = None) -> Response:
    keys = keys_of(console().settings)
    with console().db.read() as session:
        found = queries.find_store(session, store_id)
        [card] = [each for each in standings(session, clock.now()) if each.id == store_id]
        set_secrets = service.secrets_set(session, [found], keys=keys)[store_id]
        place = queries.warehouses_of(session, [found])[store_id]
    connector = connecting.connector_of(found.channel)
    chosen = {name: request.form.get(name) or option_of(found.settings, option) for name, option in OPTIONS.items()}
    parts: dict[str, Any] = {"store": found, "card": card, "warehouse": place.code, "chosen": chosen, "reads": READ}
    parts |= {"secrets": connector.secrets, "secrets_set": set_secrets, "options": OPTIONS, "title": connector.title}
    return show("store.html", problem=problem, **parts)
