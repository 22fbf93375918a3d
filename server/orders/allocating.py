"""Orders are allocated whole, in their warehouse, or not at all (ORD-2); what they hold is released or deducted once.

Many orders at a time, with statements that don't grow with them: needs are read, figures locked, orders walked from
oldest to newest against the locked figures, and what fits is posted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from server.db.bulk import NUMBER, TEXT, insert_rows, relation
from server.ledger.movements import Entry, Kind, Line
from server.ledger.posting import lock_figures, post
from server.orders import rules
from server.orders.holding import Change, holds_of, settle
from server.orders.models import Order, OrderHold, OrderLine
from server.orders.needs import Key, Need, age_of, needs_of
from server.orders.states import ALLOCATED, State
from server.outbox.causes import Cause
from server.switches import service as switches


def allocate(
    session: Session, orders: Sequence[Order], *, cause: Cause, by: str, at: datetime, stay: bool = False
) -> None:
    """Allocate each order whole: it becomes to_pack, out_of_stock or unmapped. Oldest first, by ORD-1's moment.

    The orders' rows must be locked by the caller. What lines hold already is kept and only the rest allocated; one
    that does not fit goes on holding it (ORD-10). `stay`: one that fits keeps its allocated state. While the inventory
    features are off, nothing is allocated: an order that is mapped is to_pack and holds nothing (PSH-13).
    """
    if not orders:
        return
    needs = needs_of(session, sorted(orders, key=age_of))
    counting = switches.is_on(session, switches.INVENTORY_FEATURES, hold=True)
    keys = {key for need in needs for key in need.missing} if counting else set()
    available = {key: figure.available for key, figure in lock_figures(session, keys).items()}
    states = outcomes(needs, available, counting=counting)
    fitting = [need for need in needs if counting and states[need.order.id] is State.TO_PACK and need.missing]
    _hold(session, fitting)
    post(session, [_entry(need, cause=cause, by=by, at=at) for need in fitting])
    took = {need.order.id for need in fitting}
    _forget_dead(session, needs)
    write_states(
        session,
        [
            Moved(
                need.order,
                State(need.order.state)
                if stay and need.order.state in ALLOCATED and states[need.order.id] is State.TO_PACK
                else states[need.order.id],
                need.order.warehouse_id if need.unmapped else need.warehouse_id,
                need.order.steps + (need.order.id in took),
            )
            for need in needs
        ],
        at=at,
    )


def outcomes(needs: Sequence[Need], available: dict[Key, int], *, counting: bool = True) -> dict[int, State]:
    """What becomes of each order, walking them in turn; `available` falls by what fits. Pure."""
    states: dict[int, State] = {}
    for need in needs:
        if need.unmapped:
            states[need.order.id] = State.UNMAPPED
        elif not counting:
            states[need.order.id] = State.TO_PACK
        elif rules.fits(need.missing, available):
            for key, quantity in need.missing.items():
                available[key] -= quantity
            states[need.order.id] = State.TO_PACK
        else:
            states[need.order.id] = State.OUT_OF_STOCK
    return states


def release(
    session: Session,
    orders: Sequence[Order],
    *,
    cause: Cause,
    by: str,
    at: datetime,
    lines: Iterable[int] | None = None,
) -> None:
    """Give back all that the orders hold, or that these of their lines hold. Deducted units stay deducted."""
    only = None if lines is None else set(lines)
    changes = [
        Change(order_id, hold.line_id, Line(hold.warehouse_id, hold.sku_id, allocated=-hold.held), held=-hold.held)
        for order_id, holds in holds_of(session, [order.id for order in orders]).items()
        for hold in holds
        if hold.held and (only is None or hold.line_id in only)
    ]
    settle(session, Kind.RELEASE, orders, changes, cause=cause, by=by, at=at)


def deduct(session: Session, orders: Sequence[Order], *, by: str, at: datetime) -> None:
    """Take what the orders hold off on hand and off allocated, so that available stays (ORD-4).

    Raises `NotEnough` only where on hand itself is short, after a count (STK-5)."""
    changes = [
        Change(
            order_id,
            hold.line_id,
            Line(hold.warehouse_id, hold.sku_id, on_hand=-hold.held, allocated=-hold.held),
            held=-hold.held,
            deducted=hold.held,
        )
        for order_id, holds in holds_of(session, [order.id for order in orders]).items()
        for hold in holds
        if hold.held
    ]
    settle(session, Kind.DEDUCT, orders, changes, cause=Cause.SALE, by=by, at=at)


def deduct_if_fits(session: Session, orders: Sequence[Order], *, cause: Cause, by: str, at: datetime) -> None:
    """Deduct each whole order where it fits; where it does not, release what it holds and list it (ORD-9)."""
    allocate(session, [order for order in orders if order.state not in ALLOCATED], cause=cause, by=by, at=at)
    allocated = [order for order in orders if order.state in ALLOCATED]
    short = uncovered(session, allocated)
    covered = {order.id for order in allocated} - short
    deduct(session, [order for order in orders if order.id in covered], by=by, at=at)
    left = [order for order in orders if order.id not in covered]
    release(session, left, cause=cause, by=by, at=at)
    for order in left:
        order.listed = True


def uncovered(session: Session, orders: Sequence[Order]) -> set[int]:
    """The orders whose deduction on hand does not cover, walking from oldest to newest (STK-5); figures are locked."""
    holds = holds_of(session, [order.id for order in orders])
    needs: dict[int, dict[Key, int]] = {order.id: _held(holds[order.id]) for order in orders}
    figures = lock_figures(session, {key for sums in needs.values() for key in sums})
    return passing(orders, needs, {key: figure.on_hand for key, figure in figures.items()})


def passing(orders: Sequence[Order], needs: Mapping[int, Mapping[Key, int]], there: dict[Key, int]) -> set[int]:
    """The orders that what is `there` does not cover, oldest first; `there` falls by what is covered. Pure."""
    short: set[int] = set()
    for order in sorted(orders, key=age_of):
        if not rules.fits(needs[order.id], there):
            short.add(order.id)
            continue
        for key, quantity in needs[order.id].items():
            there[key] -= quantity
    return short


def _held(holds: Iterable[OrderHold]) -> dict[Key, int]:
    sums: dict[Key, int] = defaultdict(int)
    for hold in holds:
        sums[hold.warehouse_id, hold.sku_id] += hold.held
    return sums


@dataclass(frozen=True)
class Moved:
    """An order's new state and warehouse; `steps`: how many entries it has posted now."""

    order: Order
    state: State
    warehouse_id: int | None
    steps: int


def write_states(session: Session, moved: Sequence[Moved], *, at: datetime) -> None:
    """Write states, warehouses and steps in one statement, and into the loaded objects without making them dirty."""
    rows = [(m.order.id, m.state.value, m.warehouse_id, m.steps) for m in moved]
    with relation(session, {"id": NUMBER, "state": TEXT, "warehouse_id": NUMBER, "steps": NUMBER}, rows) as r:
        session.execute(
            update(Order)
            .where(Order.id == r.c.id)
            .values(state=r.c.state, warehouse_id=r.c.warehouse_id, steps=r.c.steps, updated_at=at)
            .execution_options(synchronize_session=False)
        )
    for m in moved:
        values = {"state": m.state.value, "warehouse_id": m.warehouse_id, "steps": m.steps, "updated_at": at}
        for name, value in values.items():
            set_committed_value(m.order, name, value)


def _entry(need: Need, *, cause: Cause, by: str, at: datetime) -> Entry:
    lines = [Line(need.warehouse_id, part.sku_id, allocated=part.missing) for part in need.parts if part.missing]
    step = f"{need.order.steps + 1}/allocate"
    return Entry(Kind.ALLOCATE, "order", need.order.id, step, lines, cause, by, at)


def _hold(session: Session, needs: Sequence[Need]) -> None:
    """Write down what each line took: release, edit and return use that, not today's recipe (CAT-6)."""
    line_ids = sorted({part.line_id for need in needs for part in need.parts})
    with relation(session, {"id": NUMBER}, [(line_id,) for line_id in line_ids]) as r:
        session.execute(
            delete(OrderHold)
            .where(OrderHold.line_id.in_(select(r.c.id)), OrderHold.deducted == 0)
            .execution_options(synchronize_session=False)
        )
    rows = (
        (part.line_id, part.sku_id, need.warehouse_id, part.per_unit, max(part.units, part.held), 0, 0)
        for need in needs
        for part in need.parts
    )
    columns = ("line_id", "sku_id", "warehouse_id", "per_unit", "held", "deducted", "returned")
    insert_rows(session, OrderHold, columns, rows)


def _forget_dead(session: Session, needs: Sequence[Need]) -> None:
    """A line whose SKU was deleted has no mapping any more: it waits for a new one like any other (ORD-5)."""
    dead = [(line_id,) for need in needs for line_id in need.dead]
    if dead:
        with relation(session, {"id": NUMBER}, dead) as r:
            gone = update(OrderLine).where(OrderLine.id.in_(select(r.c.id))).values(sku_id=None)
            session.execute(gone.execution_options(synchronize_session=False))


__all__ = ["Moved", "allocate", "deduct", "deduct_if_fits", "holds_of", "outcomes", "release", "write_states"]
