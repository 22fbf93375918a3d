"""What waits for somebody: orders counted and exported by why they wait (ORD-14)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session

from server.channels.protocol import MarketStatus
from server.orders.models import Order, OrderHold, OrderLine
from server.orders.queries import risky, views
from server.orders.states import DEDUCTED, WAITING, State

_PAGE = 1000
_LINE = ("store_sku", "sku", "quantity", "held", "deducted", "returned", "name")
#: The columns of an exported row: one row per line of an order.
EXPORT = (
    "store", "order", "state", "at_risk", "on_hold", "cancel_pending", "warehouse", "market_status", "placed_at",
    "counts_at", "store_sku", "sku", "quantity", "held", "deducted", "returned", "name", "total", "currency",
    "tracking",
)  # fmt: skip


def _out() -> ColumnElement[bool]:
    """Something of the order was deducted and has not come back. Asked of one order at a time: of all that were ever
    shipped, few are on a list that asks."""
    return exists().where(
        OrderLine.order_id == Order.id, OrderHold.line_id == OrderLine.id, OrderHold.deducted > OrderHold.returned
    )


def why(name: str) -> ColumnElement[bool]:
    """The condition of a list: `on_hold`, `cancel_pending`, `at_risk`, `to_return`, `not_deducted`, `to_file`.

    `to_return`: cancelled, or returned at the market, and not all back; `not_deducted`: shipped outside where the
    store's setting deducts, it did not fit, and nobody has marked it as processed (ORD-9); `to_file`: cancelled once
    deducted, and not filed away (ORD-8).
    """
    waiting = Order.state.in_(WAITING)
    off = (Order.state == State.CANCELLED) | (Order.market_status == MarketStatus.RETURNED.value)
    conditions: dict[str, ColumnElement[bool]] = {
        "on_hold": Order.hold.is_(True) & waiting,
        "cancel_pending": Order.cancel_pending.is_(True) & waiting,
        "at_risk": Order.id.in_(risky(None)),
        "to_return": off & _out(),
        "not_deducted": Order.listed.is_(True) & Order.state.in_(DEDUCTED),
        "to_file": (Order.state == State.CANCELLED) & Order.filed.is_(False) & _out(),
    }
    return conditions[name]


#: The lists beside those by state.
LISTS = ("at_risk", "on_hold", "cancel_pending", "to_return", "not_deducted", "to_file")


def counts(session: Session, *, store_id: int | None = None, names: Iterable[str] = LISTS) -> dict[str, int]:
    """How many orders there are in each state and on each of these lists: each list is a statement of its own."""
    mine = () if store_id is None else (Order.store_id == store_id,)
    rows = session.execute(select(Order.state, func.count()).where(*mine).group_by(Order.state))
    known = {row[0]: row[1] for row in rows}
    found = {state.value: known.get(state.value, 0) for state in State}
    for name in names:
        query = select(func.count()).select_from(Order).where(why(name), *mine)
        found[name] = session.scalar(query) or 0
    return found


def export_rows(session: Session, rows: Select[Order]) -> Iterator[dict[str, Any]]:
    """A row of `EXPORT` for each line of these orders, oldest first, a page at a time."""
    after = 0
    while True:
        page = session.scalars(rows.where(Order.id > after).order_by(Order.id).limit(_PAGE)).all()
        for view in views(session, page):
            order = view.order
            head = {
                "store": view.store,
                "order": order.number,
                "state": order.state,
                "at_risk": view.at_risk,
                "on_hold": order.hold,
                "cancel_pending": order.cancel_pending,
                "warehouse": view.warehouse,
                "market_status": order.market_status,
                "placed_at": order.placed_at,
                "counts_at": order.counts_at,
                "total": order.total,
                "currency": order.currency,
                "tracking": "; ".join(order.tracking),
            }
            for line in view.lines:
                own = {name: getattr(line, name) for name in _LINE}
                yield {name: (head | own)[name] for name in EXPORT}
        if len(page) < _PAGE:
            return
        after = page[-1].id
        session.expunge_all()
