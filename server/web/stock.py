"""Stock: figures by SKU and warehouse, filtered; and all there is to know of one SKU."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from server.access.declaring import shown_to
from server.catalog import queries as catalog
from server.catalog.searching import split_names
from server.db.base import fold
from server.errors import NotFound, StockbookError, WrongUse
from server.orders import queries as orders
from server.orders.models import Order
from server.orders.states import WAITING
from server.places.models import Warehouse
from server.places.queries import warehouses
from server.push import queries as pushes
from server.warehousing import cursors
from server.warehousing import queries as warehousing
from server.warehousing.queries import MovementFilter, Place, StockFilter
from server.web.frame import console, here_with, number_given, pages, show

page = pages("stock")
LINES, MOVEMENTS, ORDERS, LISTINGS = 100, 50, 20, 100
_MOST_SKUS = 200


@page.get("/stock")
@shown_to("read")
def stock() -> Response:
    """Figures by SKU and warehouse: several SKUs at once, a warehouse, a part of a name, at risk, low."""
    wanted, after = _wanted(), _place(request.args.get("after", ""))
    problem: StockbookError | None = None
    unknown: list[str] = []
    with console().db.read() as session:
        places = session.scalars(warehouses().order_by(Warehouse.key)).all()
        try:
            rows = list(warehousing.stock(session, wanted, after=after, limit=LINES + 1))
            known = catalog.find_ids(session, wanted.skus)
            unknown = [code for code in wanted.skus if fold(code) not in known]
        except StockbookError as why:
            rows, problem = [], why
    lines = rows[:LINES]
    following = here_with(after=cursors.text_of(lines[-1].place)) if len(rows) > LINES else ""
    parts: dict[str, Any] = {"lines": lines, "places": places, "wanted": wanted, "unknown": unknown}
    return show("stock.html", problem=problem, following=following, **parts)


@page.get("/stock/<int:id>")
@shown_to("read")
def sku(id: int) -> Response:
    """One SKU: its figures, what its listings show, its movements, the orders that wait for it."""
    before = number_given("before")
    with console().db.read() as session:
        found = catalog.by_ids(session, [id]).get(id)
        if found is None:
            raise NotFound(f"there is no SKU {id}")
        [record] = catalog.records(session, [found])
        wanted = MovementFilter(sku=found.code)
        moved = list(warehousing.movements(session, wanted, before=before, limit=MOVEMENTS + 1))
        parts: dict[str, Any] = {
            "sku": found,
            "record": record,
            "figures": list(warehousing.stock(session, StockFilter(sku=found.code))),
            "in_sets": catalog.combinations_with(session, [id]).get(id, []),
            "listings": pushes.listing_states(session, skus=[id], after=None, limit=LISTINGS),
            "waiting": _waiting(session, id),
            "movements": moved[:MOVEMENTS],
        }
    older = here_with(before=moved[MOVEMENTS - 1].movement.id) if len(moved) > MOVEMENTS else ""
    return show("sku.html", older=older, **parts)


def _wanted() -> StockFilter:
    given = request.args
    return StockFilter(
        warehouse=given.get("warehouse", "").strip()[:64] or None,
        q=given.get("q", "").strip()[:64] or None,
        skus=tuple(split_names(" ; ".join(given.getlist("sku")))[:_MOST_SKUS]),
        at_risk=given.get("at_risk") == "yes",
        low=given.get("low") == "yes",
    )


def _place(text: str) -> Place | None:
    """Behind which line to go on; from the start for anything that is none."""
    try:
        return cursors.place_of(text)
    except WrongUse:
        return None


def _waiting(session: Session, sku_id: int) -> list[orders.OrderView]:
    rows = orders.orders(sku_id=sku_id).where(Order.state.in_(WAITING)).order_by(Order.id.desc()).limit(ORDERS)
    return orders.views(session, session.scalars(rows).all())
