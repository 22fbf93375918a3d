"""What people and stores do to orders: one action on many, set-based, by the table in `states`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db.bulk import NUMBER, dialect_of, relation
from server.errors import NotFound, Refused
from server.ledger.errors import NotEnough
from server.orders import allocating
from server.orders.allocating import Moved, write_states
from server.orders.models import Order
from server.orders.states import TABLE, Action, Effect, State, possible
from server.outbox.causes import Cause
from server.places.shortages import named

#: What each action counts as in PSH-7 when a person does it. News from a store always counts as 1.
_CAUSES = {
    Action.TAKE_IN: Cause.ORDER_SYNC,
    Action.MOVE_TO_PACK: Cause.MOVE_TO_PACK,
    Action.VOID: Cause.VOID,
    Action.REVERT: Cause.REVERT,
    Action.CANCEL: Cause.VOID,
}


class NotPossible(Refused):
    """The action is not possible in the order's state; says what is. `errors` has every order that can't."""

    code = "not-possible"


def act(
    session: Session, action: Action, order_ids: Sequence[int], *, by: str, at: datetime, cause: Cause | None = None
) -> list[Order]:
    """Do `action` to every one of these orders, or to none of them.

    Raises `NotFound`, `NotPossible` saying what is possible instead, and `NotEnough` naming the SKUs where a deduction
    lacks on hand.
    """
    orders = lock(session, order_ids)
    missing = set(order_ids) - {order.id for order in orders}
    if missing:
        raise NotFound(f"there is no order {min(missing)}")
    _refuse_impossible(action, orders)
    try:
        perform(session, action, orders, by=by, at=at, cause=cause or _CAUSES.get(action, Cause.ORDER_SYNC))
    except NotEnough as short:
        raise named(session, short) from short
    return orders


def perform(session: Session, action: Action, orders: Sequence[Order], *, by: str, at: datetime, cause: Cause) -> None:
    """Do `action` to locked orders whose states allow it."""
    by_effect: dict[Effect, list[Order]] = defaultdict(list)
    for order in orders:
        by_effect[TABLE[State(order.state), action].effect].append(order)
    for effect, some in by_effect.items():
        targets = [(order, TABLE[State(order.state), action].to) for order in some]
        _EFFECTS[effect](session, some, cause, by, at)
        moved = [Moved(order, to, order.warehouse_id, order.steps) for order, to in targets if to is not None]
        if moved:
            write_states(session, moved, at=at)


def lock(session: Session, order_ids: Iterable[int]) -> list[Order]:
    """These orders, locked in the order of their ids."""
    with relation(session, {"id": NUMBER}, [(order_id,) for order_id in set(order_ids)]) as r:
        query = select(Order).join(r, r.c.id == Order.id).order_by(Order.id)
        if dialect_of(session) == "postgresql":
            query = query.with_for_update(of=Order)
        return list(session.scalars(query.execution_options(populate_existing=True)))


def _refuse_impossible(action: Action, orders: Sequence[Order]) -> None:
    wrong = [order for order in orders if (State(order.state), action) not in TABLE]
    if not wrong:
        return
    errors = [{"order": order.id, "number": order.number, "detail": _why(action, order)} for order in wrong[:200]]
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    raise NotPossible(f"{_why(action, wrong[0])}{more}", errors=errors)


def _why(action: Action, order: Order) -> str:
    said = f"order {order.number} is {order.state.replace('_', ' ')}: {action.value.replace('_', ' ')} is not possible"
    can = ", ".join(found.value.replace("_", " ") for found in possible(State(order.state)))
    return f"{said}; possible: {can}" if can else f"{said}; nothing more can be done to it"


_Effect = Callable[[Session, Sequence[Order], Cause, str, datetime], None]


def _nothing(_session: Session, _orders: Sequence[Order], _cause: Cause, _by: str, _at: datetime) -> None:
    return None


def _allocate(session: Session, orders: Sequence[Order], cause: Cause, by: str, at: datetime) -> None:
    allocating.allocate(session, orders, cause=cause, by=by, at=at)


def _release(session: Session, orders: Sequence[Order], cause: Cause, by: str, at: datetime) -> None:
    allocating.release(session, orders, cause=cause, by=by, at=at)


def _deduct(session: Session, orders: Sequence[Order], _cause: Cause, by: str, at: datetime) -> None:
    allocating.deduct(session, orders, by=by, at=at)


_EFFECTS: dict[Effect, _Effect] = {
    Effect.NONE: _nothing,
    Effect.ALLOCATE: _allocate,
    Effect.RELEASE: _release,
    Effect.DEDUCT: _deduct,
}
