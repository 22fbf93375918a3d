"""Deducted goods come back: on hand or defective rises, never by more than was deducted and has not come back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from server.ledger.movements import Kind, Line
from server.orders.holding import Change, holds_of, settle
from server.orders.models import Order, OrderHold
from server.outbox.causes import Cause


class Back(NamedTuple):
    """Units of what one line took of one SKU that come back, where, and whether they may be sold again."""

    order_id: int
    line_id: int
    sku_id: int
    warehouse_id: int
    quantity: int
    defective: bool = False


def out(hold: OrderHold) -> int:
    """Units that were deducted and have not come back."""
    return hold.deducted - hold.returned


def all_back(session: Session, orders: Sequence[Order]) -> list[Back]:
    """Everything that the orders have out, to the warehouse it left, in good condition."""
    return [
        Back(order_id, hold.line_id, hold.sku_id, hold.warehouse_id, out(hold))
        for order_id, holds in holds_of(session, [order.id for order in orders]).items()
        for hold in holds
        if out(hold)
    ]


def give_back(
    session: Session,
    orders: Sequence[Order],
    *,
    cause: Cause,
    by: str,
    at: datetime,
    back: Sequence[Back] | None = None,
    note: str = "",
) -> None:
    """Take back all that the orders have out, or what is in `back`, which the caller has checked against it."""
    changes = [
        Change(
            one.order_id,
            one.line_id,
            Line(
                one.warehouse_id,
                one.sku_id,
                on_hand=0 if one.defective else one.quantity,
                defective=one.quantity if one.defective else 0,
            ),
            returned=one.quantity,
        )
        for one in (all_back(session, orders) if back is None else back)
    ]
    settle(session, Kind.RETURN, orders, changes, cause=cause, by=by, at=at, note=note)
