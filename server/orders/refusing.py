"""What can be done to an order now, and why all else can't: its state (`states`), and what the order itself says.

A refusal names what is possible, so both come from here (ORD-4 to ORD-11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.channels.protocol import MarketStatus
from server.db.bulk import NUMBER, relation
from server.errors import Refused
from server.ledger.models import Balance
from server.orders.giving_back import outstanding
from server.orders.models import Order, OrderHold, OrderLine, OrderReturn
from server.orders.states import BY_HAND, TABLE, Action, State, actions, words_of

#: Order -> why not.
Reasons = dict[int, str]


class NotPossible(Refused):
    """The action is not possible for the order now; says what is. `errors` has every order that can't."""

    code = "not-possible"


def refuse_impossible(session: Session, wanted: Mapping[int, Action], orders: Sequence[Order]) -> None:
    """Raise `NotPossible` naming every order that does not allow its action, with what is possible instead."""
    wrong = forbidden(session, wanted, orders)
    if not wrong:
        return
    numbers = {order.id: order.number for order in orders}
    errors = [{"order": number, "number": numbers[number], "detail": why} for number, why in wrong.items()]
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    raise NotPossible(f"{errors[0]['detail']}{more}", errors=errors[:200])


def forbidden(session: Session, wanted: Mapping[int, Action], orders: Sequence[Order]) -> Reasons:
    """Order -> why its action is not possible by its state, or by being on hold or filed away; with what is."""
    by_state = [order for order in orders if (State(order.state), wanted[order.id]) not in TABLE]
    stopped = {order.id for order in by_state}
    rest = [order for order in orders if order.id not in stopped]
    held = _on_hold([order for order in rest if wanted[order.id] in (Action.PACK, Action.SHIP)])
    away = _nothing_to_file(session, [order for order in rest if wanted[order.id] is Action.SHIP])
    saying = [*by_state, *(order for order in rest if order.id in held)]
    can = possible(session, saying)
    why = {order.id: f"order {order.number} is {order.state.replace('_', ' ')}: " for order in by_state}
    why |= held
    said = {order.id: why[order.id] + _instead(wanted[order.id], order, can[order.id]) for order in saying}
    return {order.id: (said | away)[order.id] for order in orders if order.id in said or order.id in away}


def _instead(action: Action, order: Order, can: Sequence[Action]) -> str:
    refused = f"{words_of(action)} is not possible"
    if order.hold and action in (Action.PACK, Action.SHIP):
        refused += " before the store takes it off hold" if (State(order.state), action) in TABLE else ""
    if not can:
        return f"{refused}; nothing more can be done to it"
    return f"{refused}; possible: {', '.join(BY_HAND[each] for each in can)}"


def possible(session: Session, orders: Sequence[Order]) -> dict[int, list[Action]]:
    """What people can do to each order now, in the order of its life: each would be accepted.

    Where an action wants a word more (a warehouse, a SKU, whether the quantity is returned) some word is accepted.
    """
    can = {order.id: actions(State(order.state)) for order in orders}
    for action, reasons in _CHECKS.items():
        asked = [order for order in orders if action in can[order.id]]
        for number in reasons(session, asked) if asked else ():
            can[number].remove(action)
    return can


def _on_hold(orders: Iterable[Order]) -> Reasons:
    on_hold = [order for order in orders if order.hold and order.state != State.CANCELLED]
    return {order.id: f"order {order.number} is on hold at the store: " for order in on_hold}


def _nothing_to_file(session: Session, orders: Sequence[Order]) -> Reasons:
    """Shipping a cancelled order files away what was deducted for it, once (ORD-8)."""
    cancelled = [order for order in orders if order.state == State.CANCELLED]
    deducted = _deducted(session, [order.id for order in cancelled]) if cancelled else set()
    already = {True: "filed away already", False: "cancelled and deducted nothing"}
    return {
        order.id: f"order {order.number} is {already[order.filed]}: there is nothing to ship or file away"
        for order in cancelled
        if order.filed or order.id not in deducted
    }


def _not_shipped(session: Session, orders: Sequence[Order]) -> Reasons:
    """On hold, nothing to file away, or more held than a count has left on hand (STK-5)."""
    return _short(session, orders) | _nothing_to_file(session, orders) | _on_hold(orders)


def _short(session: Session, orders: Sequence[Order]) -> Reasons:
    with relation(session, {"id": NUMBER}, [(order.id,) for order in orders]) as r:
        query = (
            select(OrderLine.order_id)
            .join(r, r.c.id == OrderLine.order_id)
            .join(OrderHold, OrderHold.line_id == OrderLine.id)
            .join(Balance, (Balance.warehouse_id == OrderHold.warehouse_id) & (Balance.sku_id == OrderHold.sku_id))
            .group_by(OrderLine.order_id, OrderHold.warehouse_id, OrderHold.sku_id, Balance.on_hand)
            .having(func.sum(OrderHold.held) > Balance.on_hand)
        )
        return dict.fromkeys(session.scalars(query), "on hand is short")


def why_not_scanned(session: Session, orders: Sequence[Order]) -> Reasons:
    """Order -> why a scan puts nothing of it back, and what to do instead: signed for already, nothing deducted, all
    back, scanned before, or nothing that its state allows."""
    by_state = forbidden(session, {order.id: Action.RETURN_SCAN for order in orders}, orders)
    return _scanned_before(session, orders) | by_state | _not_to_scan(session, orders)


def _not_to_scan(session: Session, orders: Sequence[Order]) -> Reasons:
    signed = {
        order.id: f"the buyer has signed for order {order.number}: mark it as processed, then list its return"
        for order in orders
        if order.state == State.COMPLETED
    }
    return nothing_out(session, orders) | signed


def _scanned_before(session: Session, orders: Sequence[Order]) -> Reasons:
    again = _scanned(session, [order.id for order in orders])
    return {
        order.id: f"the package of order {order.number} was scanned before; what was missing then comes back by a "
        "return list: mark the order as processed first"
        for order in orders
        if order.id in again
    }


def why_not_processed(session: Session, orders: Sequence[Order]) -> Reasons:
    """Order -> why it can't be marked as processed: one that the buyer has not signed for is scanned."""
    by_state = forbidden(session, {order.id: Action.MARK_PROCESSED for order in orders}, orders)
    return _not_signed(session, orders) | by_state


def _not_signed(session: Session, orders: Sequence[Order]) -> Reasons:
    scanned = _scanned(session, [order.id for order in orders])
    return {
        order.id: f"the buyer has not signed for order {order.number}: scan its package to put it back"
        for order in orders
        if not _over(order) and not order.listed and order.id not in scanned
    }


def why_not_listed(session: Session, orders: Sequence[Order]) -> Reasons:
    """Order -> why no return list can be made of it: not marked as processed, nothing out, or its state."""
    by_state = forbidden(session, {order.id: Action.RETURN_LIST for order in orders}, orders)
    return _not_to_list(session, orders) | by_state


def _not_to_list(session: Session, orders: Sequence[Order]) -> Reasons:
    unmarked = {
        order.id: f"order {order.number} is not marked as processed: mark it, then list its return"
        for order in orders
        if order.processed_at is None
    }
    return nothing_out(session, orders) | unmarked


def nothing_out(session: Session, orders: Sequence[Order]) -> Reasons:
    """Order -> why nothing of it can come back: nothing was deducted, or everything is back already."""
    there = outstanding(session, orders)
    return {
        order.id: f"everything of order {order.number} has come back already"
        if there.deducted(order.id)
        else f"nothing was deducted for order {order.number}: add it by a stock-in list"
        for order in orders
        if not there.anything(order.id)
    }


def _not_scanned(session: Session, orders: Sequence[Order]) -> Reasons:
    return _all_gone(session, orders) | _scanned_before(session, orders) | _not_to_scan(session, orders)


def _not_listed(session: Session, orders: Sequence[Order]) -> Reasons:
    return _all_gone(session, orders) | _not_to_list(session, orders)


def _all_gone(session: Session, orders: Sequence[Order]) -> Reasons:
    """Whatever is out is of SKUs that were deleted since."""
    there = outstanding(session, orders)
    return {order.id: "its SKUs were deleted" for order in orders if not there.living([order.id])}


#: What an order may say against an action that its state allows.
_CHECKS: dict[Action, Callable[[Session, Sequence[Order]], Reasons]] = {
    Action.PACK: lambda _session, orders: _on_hold(orders),
    Action.SHIP: _not_shipped,
    Action.RETURN_SCAN: _not_scanned,
    Action.MARK_PROCESSED: _not_signed,
    Action.RETURN_LIST: _not_listed,
}


def _over(order: Order) -> bool:
    """Whether the goods come back by a list: the buyer has signed, or the market says that it is off."""
    back = (MarketStatus.COMPLETED.value, MarketStatus.RETURNED.value)
    return order.state in (State.COMPLETED, State.CANCELLED) or order.market_status in back


def _scanned(session: Session, order_ids: Sequence[int]) -> set[int]:
    completed = (OrderReturn.way == "scan", OrderReturn.state == "completed")
    with relation(session, {"id": NUMBER}, [(number,) for number in order_ids]) as r:
        query = select(OrderReturn.order_id).join(r, r.c.id == OrderReturn.order_id).where(*completed)
        return set(session.scalars(query))


def _deducted(session: Session, order_ids: Sequence[int]) -> set[int]:
    with relation(session, {"id": NUMBER}, [(order_id,) for order_id in order_ids]) as r:
        query = (
            select(OrderLine.order_id)
            .join(r, r.c.id == OrderLine.order_id)
            .join(OrderHold, OrderHold.line_id == OrderLine.id)
            .group_by(OrderLine.order_id)
            .having(func.sum(OrderHold.deducted) > 0)
        )
        return set(session.scalars(query))
