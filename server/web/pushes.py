"""Pushes: what waits and what stores refused, push now, try again; and why a listing shows what it shows."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.access.declaring import shown_to
from server.catalog.queries import require_ids
from server.catalog.searching import split_names
from server.errors import StockbookError
from server.push import explaining, queries, service
from server.push.queries import PushState
from server.stores.models import Store
from server.stores.queries import store_named
from server.web.frame import console, go, here_with, number_given, pages, show, visitor
from server.web.picture import draw

page = pages("pushes")
LINES = 100


@page.get("/pushes")
@shown_to("read")
def pushes() -> Response:
    """What waits, what was refused, and what every listing was last told; by store, state, SKU."""
    return _list()


@page.post("/pushes/now")
@shown_to("push.now")
def push_now() -> Response:
    """Evaluate and send now, whatever was told before (cause 16)."""
    by, at = visitor().name, clock.now()

    def work(session: Session) -> int:
        return service.push_now(session, stores=_stores(session), skus=_skus(session), by=by, at=at)

    return _asked(work, "will be told now")


@page.post("/pushes/retry")
@shown_to("push.now")
def try_pushes_again() -> Response:
    """Try again what was refused for good, with the quantity of now."""
    by, at = visitor().name, clock.now()
    ids = [int(text) for text in request.form.getlist("id") if text.isascii() and text.isdigit() and len(text) <= 18]

    def work(session: Session) -> int:
        return service.retry(session, stores=_stores(session), store_skus=ids, by=by, at=at)

    return _asked(work, "will be tried again")


@page.get("/pushes/explain")
@shown_to("read")
def explain() -> Response:
    """Why this listing shows what it shows: from the warehouses' figures to the number pushed, as a picture."""
    given = request.args
    with console().db.read() as session:
        found = explaining.explain(session, given.get("store", "")[:100], given.get("store_sku", "")[:120])
    return show("explain.html", found=found, picture=draw(found))


def _asked(work: Any, said: str) -> Response:
    try:
        number = console().db.write(work)
    except StockbookError as problem:
        return _list(problem)
    kept = urlencode({name: request.form[name] for name in ("store", "sku") if request.form.get(name)})
    return go(f"/pushes?{kept}" if kept else "/pushes", f"{number} {'listing' if number == 1 else 'listings'} {said}.")


def _stores(session: Session) -> list[int]:
    name = request.form.get("store", "").strip()
    return [store_named(session, name).id] if name else []


def _skus(session: Session) -> list[int]:
    return require_ids(session, split_names(request.form.get("sku", "")))


def _list(problem: StockbookError | None = None) -> Response:
    given = {name: request.values.get(name, "").strip() for name in ("store", "sku", "state")}
    after, rows = number_given("after"), []
    with console().db.read() as session:
        names = session.scalars(select(Store.name).order_by(Store.key)).all()
        found = queries.counts(session)
        try:
            rows = _rows(session, given, after)
        except StockbookError as why:
            problem = problem or why
    following = here_with(after=rows[LINES - 1].id) if len(rows) > LINES else ""
    parts: dict[str, Any] = {"rows": rows[:LINES], "counts": found, "stores": names, "given": given}
    return show("pushes.html", problem=problem, following=following, states=list(PushState), **parts)


def _rows(session: Session, given: dict[str, str], after: int | None) -> list[Any]:
    """Pushes in a state, or every mapped listing with what it was told."""
    stores = [store_named(session, given["store"]).id] if given["store"] else []
    if given["state"] in set(PushState):
        state = PushState(given["state"])
        return list(queries.waiting(session, stores=stores, state=state, after=after, limit=LINES + 1))
    skus = require_ids(session, split_names(given["sku"]))
    return list(queries.listing_states(session, stores=stores, skus=skus, after=after, limit=LINES + 1))
