"""Orders that wait for somebody: at risk, out of stock, unmapped; the longest waiting first (ORD-14, STK-5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from server.orders.lists import why
from server.orders.models import Order
from server.orders.queries import LineView, OrderView, views
from server.orders.states import State
from server.push.figures import Stock, load_stock
from server.reports import columns
from server.reports.control.listing import MOST_ROWS, ControlList
from server.reports.describing import Asked, Column, Look, Row, Sheet

Condition = Callable[[], ColumnElement[bool]]

#: From when an order waits: ORD-1's moment, by which orders at risk are walked too.
SINCE = func.coalesce(Order.counts_at, Order.placed_at)
#: Why an order waits, by the key of its list.
REASONS: dict[str, Condition] = {
    "at_risk": lambda: why("at_risk"),
    "out_of_stock": lambda: Order.state == State.OUT_OF_STOCK,
    "unmapped": lambda: Order.state == State.UNMAPPED,
}

_COLUMNS = (
    columns.ORDER,
    columns.STORE,
    columns.meaning(columns.WAREHOUSE, "Where the order is shipped from, once that is decided."),
    columns.STATE,
    Column("Waits since", Look.MOMENT, "When it was paid, or confirmed by the buyer.", 18),
    Column("Days", Look.UNITS, "Whole days since then.", 9),
    Column("Units", Look.UNITS, "Units of all its lines.", 9),
    Column("Items", Look.TEXT, "What was ordered; for what is short, how many are available in its warehouse.", 70),
)


def whole_days(since: datetime, at: datetime) -> int:
    """Days that have passed; 0 where a store's clock is ahead of ours."""
    return max(0, (at - since).days)


def _listed(condition: Condition) -> Callable[[Session, Asked], Sequence[Row]]:
    def rows(session: Session, asked: Asked) -> Sequence[Row]:
        query = select(Order).where(condition()).order_by(SINCE, Order.id).limit(MOST_ROWS)
        found = views(session, session.scalars(query).all())
        stock = load_stock(session, {line.sku_id for view in found for line in view.lines if line.sku_id}, safety=False)
        return [_row(view, stock, asked) for view in found]

    return rows


def _row(view: OrderView, stock: Stock, asked: Asked) -> Row:
    order = view.order
    since = order.counts_at or order.placed_at
    days = whole_days(since, asked.at)
    items = ", ".join(_item(line, order.warehouse_id, stock) for line in view.lines)
    units = sum(line.quantity for line in view.lines)
    return order.number, view.store, view.warehouse, order.state, since, days, units, items


def _item(line: LineView, warehouse_id: int | None, stock: Stock) -> str:
    if line.sku_id is None:
        return f"{line.quantity} × {line.store_sku} (not mapped)"
    what = f"{line.quantity} × {line.sku}"
    if warehouse_id is None:
        return what
    available = stock.in_warehouse(line.sku_id, warehouse_id, hold_back=False)
    return f"{what} ({available} available)" if available < line.quantity - line.held else what


def _counted(condition: Condition) -> Callable[[Session, Asked], int]:
    def count(session: Session, _: Asked) -> int:
        return session.scalar(select(func.count()).select_from(Order).where(condition())) or 0

    return count


def _orders(key: str, name: str, nothing: str, thing: str, advice: str, where: str) -> ControlList:
    condition = REASONS[key]
    return ControlList(
        key,
        Sheet(name, _COLUMNS, _listed(condition), nothing),
        _counted(condition),
        (f"order {thing}", f"orders {thing}"),
        advice,
        f"/orders?{where}",
        f"the report Order list with Orders: {key.replace('_', ' ')}",
    )


AT_RISK = _orders(
    "at_risk",
    "Orders at risk",
    "the shelf covers every order that holds stock",
    "at risk",
    "Count the shelf once more (template Stock count), bring stock in (Stock-in, Transfer), or move or void the newest "
    "of them (Order actions).",
    "list=at_risk",
)
OUT_OF_STOCK = _orders(
    "out_of_stock",
    "Out of stock",
    "no order lacks stock",
    "out of stock",
    "Bring stock in (template Stock-in), then Move to To Pack on the console's orders; or ship them from another "
    "warehouse (Order actions).",
    "state=out_of_stock",
)
UNMAPPED = _orders(
    "unmapped",
    "Unmapped",
    "every order's listings are mapped",
    "unmapped",
    "Map their store SKUs (template Mapping); the orders are then tried by themselves.",
    "state=unmapped",
)
