"""Mappings changed by workbooks, and the order lines that went along: kept for undo, and taken back (CAT-9, WB-8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db.bulk import NUMBER, relation
from server.operations.change_mapping import (
    Remap,
    Scope,
    change_for_orders,
    change_mapping,
    lines_of,
    new_lines,
    waiting_lines,
)
from server.orders import changing, service
from server.orders.models import Order, OrderLine
from server.orders.states import NEW, State
from server.outbox.causes import Cause
from server.stores import queries
from server.stores.mapping import lock_mappings
from server.uploads.handlers.protocol import Context, Step

#: States in which a line can be given the SKU back that it had.
_UNDOABLE = frozenset({*NEW, State.VOIDED})


def change(session: Session, wanted: Mapping[int, int | None], scope: Scope, context: Context) -> list[Step]:
    """Map these store SKUs for future orders or for all new ones; what undo needs, also of the orders that waited."""
    all_new = scope is Scope.ALL_NEW
    lines = [each for some in moving(session, wanted).values() for each in some] if all_new else []
    waiting = waiting_lines(session, wanted)
    changed = change_mapping(session, wanted, scope=scope, by=context.by, at=context.at) if wanted else ()
    known, mapped = {each.line_id for each in lines}, {one.store_sku_id for one in changed}
    lines += [each for each in waiting if each.store_sku_id in mapped and each.line_id not in known]
    steps: list[Step] = [{"mapping": [one.store_sku_id, one.old_sku_id, one.new_sku_id]} for one in changed]
    return [*steps, *({"line": [each.line_id, each.old_sku_id, each.new_sku_id]} for each in lines)]


def change_orders(session: Session, wanted: Mapping[tuple[int, int], int], context: Context) -> list[Step]:
    """Map the lines of (order, store SKU) for these orders only; what undo needs."""
    if not wanted:
        return []
    new = {line: wanted[pair] for pair, some in lines_of(session, wanted).items() for line in some}
    with relation(session, {"id": NUMBER}, [(line,) for line in new]) as r:
        query = select(OrderLine.id, OrderLine.sku_id).join(r, r.c.id == OrderLine.id).order_by(OrderLine.id)
        old = {row[0]: row[1] for row in session.execute(query)}
    change_for_orders(session, wanted, by=context.by, at=context.at)
    return [{"line": [line, sku_id, new[line]]} for line, sku_id in old.items() if sku_id != new[line]]


def moving(session: Session, wanted: Mapping[int, int | None]) -> dict[int, list[Remap]]:
    """By store SKU, the lines of all new orders that would go along."""
    found: dict[int, list[Remap]] = {}
    for each in new_lines(session, wanted):
        found.setdefault(each.store_sku_id, []).append(each)
    return found


def reasons_to_keep(session: Session, steps: Sequence[Step]) -> list[str]:
    """Why mappings and order lines can't be what they were before. They are locked: who asks is to change them."""
    lock_mappings(session, [number for number, _, _ in _of(steps, "mapping")])
    now = queries.find_store_skus(session, [number for number, _, _ in _of(steps, "mapping")])
    reasons = []
    for number, _, after in _of(steps, "mapping"):
        row = now.get(number)
        if row is None:
            reasons.append(f"store SKU {number} was deleted since")
        elif row.sku_id != after:
            reasons.append(f"the mapping of '{row.code}' in '{row.store}' was changed since")
    lines = {line: after for line, _, after in _of(steps, "line")}
    with relation(session, {"id": NUMBER}, [(line,) for line in lines]) as r:
        theirs = select(OrderLine.order_id).join(r, r.c.id == OrderLine.id).distinct()
        service.lock(session, session.scalars(theirs).all())
        query = (
            select(OrderLine.id, OrderLine.sku_id, Order.number, Order.state)
            .join(r, r.c.id == OrderLine.id)
            .join(Order, Order.id == OrderLine.order_id)
        )
        for line, sku_id, order, state in session.execute(query.order_by(OrderLine.id)):
            if sku_id != lines[line]:
                reasons.append(f"a line of order {order} was mapped to another SKU since")
            elif state not in _UNDOABLE and state != State.CANCELLED:  # one that is over takes nothing any more
                reasons.append(f"order {order} is {state.replace('_', ' ')}: its mapping can't be changed any more")
    return reasons


def take_back(session: Session, steps: Sequence[Step], context: Context) -> None:
    """Every mapping and every order line as it was; `reasons_to_keep` has been asked."""
    before = {number: old for number, old, _ in _of(steps, "mapping")}
    if before:
        change_mapping(session, before, by=context.by, at=context.at, cause=Cause.UNDO)
    lines = {line: old for line, old, _ in _of(steps, "line")}
    if lines:
        changing.change_lines(session, lines, by=context.by, at=context.at, cause=Cause.UNDO, only=_UNDOABLE)


def _of(steps: Sequence[Step], kind: str) -> list[Sequence[int]]:
    return [step[kind] for step in steps if kind in step]
