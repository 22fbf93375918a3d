"""Order actions: what people do to orders, many at once, in one transaction (spec section 4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import ClassVar

from sqlalchemy.orm import Session

from server.operations.change_mapping import Scope
from server.orders import by_hand, service
from server.orders.models import Order
from server.orders.states import Action
from server.places.shortages import in_words
from server.uploads.handlers import order_rows, order_undoing, remapping
from server.uploads.handlers.order_previews import TURNS, foresee
from server.uploads.handlers.order_rows import Asked
from server.uploads.handlers.protocol import Context, CurrentRow, Step
from server.uploads.plan import Change, Plan
from server.uploads.rows import Rows
from validators.messages import Finding
from validators.registry import WORKBOOKS
from validators.workbooks import Workbook


class OrderActions:
    """Each row is one action on one order; a change of mapping takes a row for each store SKU."""

    workbook: ClassVar[Workbook] = WORKBOOKS["order_actions"]

    def plan(self, session: Session, rows: Rows) -> Plan:
        """The state before and after, and what else changes; what is not possible says what is."""
        asked, findings = order_rows.read(session, rows)
        plan = Plan(rows, findings=findings, work=asked)
        bad = plan.bad_rows
        good = [one for one in asked if one.number not in bad]
        deeds = {one.order.id: one.deed for one in good if one.deed is not None and not one.same}
        foresee(session, list(deeds.values()))
        for one in good:
            if one.same:
                plan.unchanged.add(one.number)
                continue
            plan.changes[one.number] = list(_changes(one, rows))
        plan.findings += _shortages(session, good)
        return plan

    def apply(self, session: Session, plan: Plan, context: Context) -> Sequence[Step]:
        """What gives stock back first, then what takes some; each action on all its orders at once."""
        changing = set(plan.changing)
        steps: list[Step] = []
        for action in TURNS:
            some = [one for one in plan.work if one.action is action and one.number in changing]
            if some:
                steps += _do(session, action, some, context)
        return steps

    def undo(self, session: Session, steps: Sequence[Step], context: Context) -> None:
        """Void against revert, mapping and warehouse as they were. Raises `CannotUndo` for all else."""
        order_undoing.undo(session, steps, context)

    def current(self, session: Session, *, warehouse_id: int | None = None) -> Iterable[CurrentRow]:
        """Actions have no current data."""
        return ()


def _shortages(session: Session, good: Sequence[Asked]) -> Iterable[Finding]:
    """What is refused because stock is short, with each SKU's figure (STK-4, ORD-6)."""
    short = [(one, one.deed.short) for one in good if one.deed is not None and one.deed.short]
    texts = iter(in_words(session, [each for _, some in short for each in some]))
    for one, some in short:
        said = "; ".join(islice(texts, len(some)))
        column = "warehouse" if one.action is Action.CHANGE_WAREHOUSE else "action"
        reason = f"order {one.order.number} keeps what it holds: {said}"
        yield Finding("refused", one.number, column, {"reason": reason})


def _changes(one: Asked, rows: Rows) -> Iterable[Change]:
    if one.deed is not None and one.deed.to is not None and one.deed.to != one.order.state:
        yield Change("state", one.order.state, one.deed.to.value)
    if one.action is Action.CHANGE_MAPPING:
        yield Change("sku", one.sku_before, rows.value("sku", one.number))
    if one.action is Action.CHANGE_WAREHOUSE:
        yield Change("warehouse", one.warehouse_before, rows.value("warehouse", one.number))


def _do(session: Session, action: Action, some: Sequence[Asked], context: Context) -> list[Step]:
    by, at = context.by, context.at
    orders = {one.order.id: one for one in some}
    if action is Action.CHANGE_MAPPING:
        return _remap(session, some, context)
    locked = service.lock(session, orders)
    before = {order.id: _standing(order) for order in locked}
    if action is Action.CANCEL:
        for said in (None, True, False):
            ids = [number for number, one in orders.items() if one.return_quantity is said]
            by_hand.cancel(session, ids, return_quantity=said, by=by, at=at)
    elif action is Action.CHANGE_WAREHOUSE:
        wanted = {number: one.warehouse_id for number, one in orders.items() if one.warehouse_id is not None}
        by_hand.change_warehouse(session, wanted, by=by, at=at)
    elif action is Action.MOVE_TO_PACK:
        by_hand.move_to_pack(session, list(orders), by=by, at=at)
    else:
        by_hand.act(session, action, list(orders), by=by, at=at)
    after = service.lock(session, orders)
    return [
        {"order": order.id, "action": action.value, "before": before[order.id], "after": _standing(order)}
        for order in after
    ]


def _remap(session: Session, some: Sequence[Asked], context: Context) -> list[Step]:
    """This order only, then for future orders or all new ones: each mapping once, whatever orders name it."""
    wanted: dict[Scope, dict[tuple[int, int], int]] = {scope: {} for scope in Scope}
    for one in some:
        assert one.store_sku_id is not None and one.sku_id is not None
        wanted[one.scope][one.order.id, one.store_sku_id] = one.sku_id
    steps = remapping.change_orders(session, wanted[Scope.THIS_ORDER], context)
    for scope in (Scope.FUTURE, Scope.ALL_NEW):
        mapping: dict[int, int | None] = {store_sku: sku for (_, store_sku), sku in wanted[scope].items()}
        steps += remapping.change(session, mapping, scope, context)
    return steps


def _standing(order: Order) -> list[object]:
    return [order.state, order.warehouse_id]
