"""Another warehouse for an order, and another merchant SKU for its lines (ORD-6, CAT-9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.db.bulk import NUMBER, relation
from server.ledger.errors import NotEnough
from server.ledger.movements import Kind, Line
from server.orders import allocating, service
from server.orders.allocating import Moved, write_states
from server.orders.holding import Change, holds_of, settle
from server.orders.models import Order, OrderHold, OrderLine
from server.orders.refusing import refuse_impossible
from server.orders.states import ALLOCATED, TABLE, Action, Effect, State
from server.outbox.causes import Cause
from server.places.queries import hold_standing
from server.places.shortages import named


def change_warehouse(
    session: Session,
    wanted: Mapping[int, int],
    *,
    by: str,
    at: datetime,
    cause: Cause = Cause.WAREHOUSE_CHANGE,
    trying: Collection[int] = (),
) -> list[Order]:
    """Let each order (by number) ship from another warehouse; what it holds moves there, all or nothing (ORD-6).

    One that is out of stock moves and is tried there, and so are those in `trying`. Raises `NotFound`, `NotPossible`,
    `NotEnough` where what an order holds does not fit there, and `Refused` for a warehouse that was deleted; then every
    order keeps what it had.
    """
    orders = service.found(session, wanted)
    refuse_impossible(session, dict.fromkeys(wanted, Action.CHANGE_WAREHOUSE), orders)
    for warehouse_id in sorted(set(wanted.values())):
        hold_standing(session, warehouse_id)
    going = [order for order in orders if order.warehouse_id != wanted[order.id]]
    by_effect: dict[Effect, list[Order]] = defaultdict(list)
    for order in going:
        effect = TABLE[State(order.state), Action.CHANGE_WAREHOUSE].effect
        by_effect[Effect.TRY_THERE if order.id in trying else effect].append(order)
    tried = by_effect[Effect.TRY_THERE]
    allocating.release(session, tried, cause=cause, by=by, at=at)
    try:
        _move(session, by_effect[Effect.MOVE], wanted, cause=cause, by=by, at=at)
    except NotEnough as short:
        raise named(session, short) from short
    if going:
        write_states(session, [Moved(o, State(o.state), wanted[o.id], o.steps) for o in going], at=at)
    allocating.allocate(session, tried, cause=cause, by=by, at=at)
    return orders


def _move(
    session: Session, orders: Sequence[Order], wanted: Mapping[int, int], *, cause: Cause, by: str, at: datetime
) -> None:
    changes: list[Change] = []
    moved: list[tuple[int, int, int]] = []
    for order_id, holds in holds_of(session, [order.id for order in orders]).items():
        for hold in holds:
            if hold.held:
                here = Line(hold.warehouse_id, hold.sku_id, allocated=-hold.held)
                changes += [
                    Change(order_id, hold.line_id, here),
                    Change(order_id, hold.line_id, Line(wanted[order_id], hold.sku_id, allocated=hold.held)),
                ]
                moved.append((hold.line_id, hold.sku_id, wanted[order_id]))
    settle(session, Kind.REALLOCATE, orders, changes, cause=cause, by=by, at=at)
    with relation(session, dict.fromkeys(("line_id", "sku_id", "warehouse_id"), NUMBER), moved) as r:
        session.execute(
            update(OrderHold)
            .where(OrderHold.line_id == r.c.line_id, OrderHold.sku_id == r.c.sku_id)
            .values(warehouse_id=r.c.warehouse_id)
            .execution_options(synchronize_session=False)
        )


def change_lines(
    session: Session,
    wanted: Mapping[int, int | None],
    *,
    by: str,
    at: datetime,
    cause: Cause = Cause.MAPPING,
    only: frozenset[State] | None = None,
) -> list[Order]:
    """Map order lines (by number) to other merchant SKUs, None to none; gives the orders that changed.

    What those lines hold moves to the new SKU in this transaction, or the order becomes out of stock and holds nothing,
    save what one raised by its store goes on holding (CAT-9, ORD-10). `only`: leave orders in other states alone;
    without it they are refused. Raises `NotPossible`.
    """
    lines = _lines(session, wanted)
    orders = service.lock(session, {order_id for order_id, _ in lines.values()})
    if only is None:
        changing = {order.id: Action.CHANGE_MAPPING for order in orders}
        refuse_impossible(session, changing, orders)
    else:
        orders = [order for order in orders if order.state in only]
    mine = {order.id for order in orders}
    lines = _lines(session, wanted)  # once more: now that the orders are locked, nobody changes them
    changed = {line: wanted[line] for line, (order, sku) in lines.items() if order in mine and sku != wanted[line]}
    touched = {lines[line][0] for line in changed}
    moving = [order for order in orders if order.id in touched]
    _save(session, changed)
    tried = [order for order in moving if order.state != State.VOIDED]
    was_allocated = {order.id for order in tried if order.state in ALLOCATED}
    allocating.release(session, tried, cause=cause, by=by, at=at, lines=changed)
    allocating.allocate(session, tried, cause=cause, by=by, at=at)
    left = [order for order in tried if order.id in was_allocated and order.state not in ALLOCATED]
    allocating.release(session, left, cause=cause, by=by, at=at)
    return moving


def _lines(session: Session, line_ids: Mapping[int, int | None]) -> dict[int, tuple[int, int | None]]:
    """Line -> its order, and the merchant SKU it is mapped to."""
    with relation(session, {"id": NUMBER}, [(number,) for number in line_ids]) as r:
        query = select(OrderLine.id, OrderLine.order_id, OrderLine.sku_id).join(r, r.c.id == OrderLine.id)
        return {line: (order, sku) for line, order, sku in session.execute(query)}


def _save(session: Session, wanted: Mapping[int, int | None]) -> None:
    with relation(session, {"id": NUMBER, "sku_id": NUMBER}, sorted(wanted.items())) as r:
        save = update(OrderLine).where(OrderLine.id == r.c.id).values(sku_id=r.c.sku_id)
        session.execute(save.execution_options(synchronize_session=False))
