"""What order lines hold, have deducted and got back, and the entries that change it: the two never part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from server.db.bulk import NUMBER, relation
from server.ledger.movements import Entry, Kind, Line
from server.ledger.posting import post
from server.orders.models import Order, OrderHold, OrderLine
from server.outbox.causes import Cause
from server.places.queries import hold_standing

DOCUMENT = "order"


class Change(NamedTuple):
    """What changes of what one line holds of one SKU, and the movement that says so."""

    order_id: int
    line_id: int
    moves: Line
    held: int = 0
    deducted: int = 0
    returned: int = 0


def settle(
    session: Session,
    kind: Kind,
    orders: Sequence[Order],
    changes: Sequence[Change],
    *,
    cause: Cause,
    by: str,
    at: datetime,
    note: str = "",
    reverses: Mapping[int, int] | None = None,
) -> dict[int, int]:
    """Post the changes, one entry per order, and write them into the holds; gives each order's entry.

    `reverses`: by order, the entry that is taken back (STK-2). Raises `NotEnough`, `SkuGone`, and
    `Refused` where units would come into a warehouse that was deleted.
    """
    by_order: dict[int, list[Line]] = defaultdict(list)
    for change in changes:
        by_order[change.order_id].append(change.moves)
    taken_back = reverses or {}
    same: dict[str, Any] = {"kind": kind, "document": DOCUMENT, "cause": cause, "by": by, "at": at, "note": note}
    entries = [
        Entry(
            **same,
            document_id=order.id,
            step=f"{order.steps + 1}/{kind.value}",
            lines=by_order[order.id],
            reverses_id=taken_back.get(order.id),
        )
        for order in orders
        if order.id in by_order
    ]
    if not entries:
        return {}
    rising = {each.moves.warehouse_id for each in changes if each.moves.on_hand > 0 or each.moves.defective > 0}
    if rising:
        hold_standing(session, *rising)
    posted = post(session, entries)
    _write(session, changes)
    step(session, [order for order in orders if order.id in by_order])
    return {entry.document_id: done.entry_id for entry, done in zip(entries, posted, strict=True)}


def holds_of(session: Session, order_ids: Iterable[int]) -> dict[int, list[OrderHold]]:
    """What the lines of each order hold and have deducted."""
    found: dict[int, list[OrderHold]] = defaultdict(list)
    with relation(session, {"id": NUMBER}, [(order_id,) for order_id in order_ids]) as r:
        query = (
            select(OrderLine.order_id, OrderHold)
            .join(OrderHold, OrderHold.line_id == OrderLine.id)
            .join(r, r.c.id == OrderLine.order_id)
            .order_by(OrderHold.line_id, OrderHold.sku_id)
        )
        for order_id, hold in session.execute(query.execution_options(populate_existing=True)):
            found[order_id].append(hold)
    return found


def step(session: Session, orders: Sequence[Order]) -> None:
    """These orders have posted one more entry."""
    with relation(session, {"id": NUMBER}, [(order.id,) for order in orders]) as r:
        session.execute(
            update(Order)
            .where(Order.id.in_(select(r.c.id)))
            .values(steps=Order.steps + 1)
            .execution_options(synchronize_session=False)
        )
    for order in orders:
        set_committed_value(order, "steps", order.steps + 1)


_CHANGE = dict.fromkeys(("line_id", "sku_id", "held", "deducted", "returned"), NUMBER)


def _write(session: Session, changes: Sequence[Change]) -> None:
    sums: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for change in changes:
        known = sums[change.line_id, change.moves.sku_id]
        for place, value in enumerate((change.held, change.deducted, change.returned)):
            known[place] += value
    rows = [(*key, *values) for key, values in sorted(sums.items())]
    with relation(session, _CHANGE, rows) as r:
        session.execute(
            update(OrderHold)
            .where(OrderHold.line_id == r.c.line_id, OrderHold.sku_id == r.c.sku_id)
            .values(
                held=OrderHold.held + r.c.held,
                deducted=OrderHold.deducted + r.c.deducted,
                returned=OrderHold.returned + r.c.returned,
            )
            .execution_options(synchronize_session=False)
        )
