"""What people and stores do to orders: one action on many, set-based, by the table in `states`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db.bulk import NUMBER, dialect_of, relation
from server.errors import NotFound
from server.ledger.errors import NotEnough
from server.orders import allocating, giving_back
from server.orders.allocating import Moved, write_states
from server.orders.models import Order
from server.orders.refusing import refuse_impossible
from server.orders.rules import Ways
from server.orders.states import TABLE, Action, Effect, State
from server.outbox import queue
from server.outbox.causes import Cause
from server.places.shortages import named
from server.stores.models import Store
from server.stores.options import ON_CANCEL, SHIPPED_OUTSIDE, option_of

#: What each action counts as in PSH-7 when a person does it. News from a store always counts as 1.
CAUSES = {
    Action.MOVE_TO_PACK: Cause.MOVE_TO_PACK,
    Action.VOID: Cause.VOID,
    Action.REVERT: Cause.REVERT,
    Action.CANCEL: Cause.VOID,
    Action.CANCEL_RETURNED: Cause.VOID,
    Action.CANCEL_NOT_RETURNED: Cause.VOID,
    Action.CHANGE_WAREHOUSE: Cause.WAREHOUSE_CHANGE,
    Action.CHANGE_MAPPING: Cause.MAPPING,
    Action.RETURN_SCAN: Cause.RETURN_SCAN,
    Action.RETURN_LIST: Cause.RETURN_MANUAL,
}


def act(
    session: Session, action: Action, order_ids: Sequence[int], *, by: str, at: datetime, cause: Cause | None = None
) -> list[Order]:
    """Do `action` to every one of these orders, or to none of them.

    Raises `NotFound`, `NotPossible` saying what is possible instead, and `NotEnough` naming the SKUs where a deduction
    lacks on hand.
    """
    orders = found(session, order_ids)
    refuse_impossible(session, {order.id: action for order in orders}, orders)
    try:
        with queue.gathered(session, at=at):
            perform(session, action, orders, by=by, at=at, cause=cause or CAUSES.get(action, Cause.ORDER_SYNC))
    except NotEnough as short:
        raise named(session, short) from short
    return orders


def perform(session: Session, action: Action, orders: Sequence[Order], *, by: str, at: datetime, cause: Cause) -> None:
    """Do `action` to locked orders whose states allow it.

    One that is cancelled without return, but that the shelf no longer covers, is released: a count has said that those
    goods are gone already (STK-5).
    """
    if action is Action.CANCEL_NOT_RETURNED:
        gone = allocating.uncovered(session, orders)
        perform(session, Action.CANCEL, [order for order in orders if order.id in gone], by=by, at=at, cause=cause)
        orders = [order for order in orders if order.id not in gone]
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


def read(session: Session, order_ids: Iterable[int]) -> list[Order]:
    """These orders, for looking only."""
    with relation(session, {"id": NUMBER}, [(order_id,) for order_id in set(order_ids)]) as r:
        return list(session.scalars(select(Order).join(r, r.c.id == Order.id).order_by(Order.id)))


def found(session: Session, order_ids: Iterable[int]) -> list[Order]:
    """These orders, locked. Raises `NotFound` for one that is none."""
    wanted = set(order_ids)
    orders = lock(session, wanted)
    missing = wanted - {order.id for order in orders}
    if missing:
        raise NotFound(f"there is no order {min(missing)}")
    return orders


def ways_of(session: Session, store_ids: Iterable[int]) -> dict[int, Ways]:
    """What each store's settings say of cancelling and of shipping outside."""
    rows = session.execute(select(Store.id, Store.settings).where(Store.id.in_(set(store_ids))))
    return {store_id: ways_from(settings) for store_id, settings in rows}


def ways_from(settings: Mapping[str, object]) -> Ways:
    """What a store with these settings has chosen."""
    return Ways(
        returns_on_cancel=option_of(settings, ON_CANCEL) == "return",
        deducts_outside=option_of(settings, SHIPPED_OUTSIDE) == "deduct",
    )


_Effect = Callable[[Session, Sequence[Order], Cause, str, datetime], None]


def _nothing(_session: Session, _orders: Sequence[Order], _cause: Cause, _by: str, _at: datetime) -> None:
    return None


def _allocate(session: Session, orders: Sequence[Order], cause: Cause, by: str, at: datetime) -> None:
    allocating.allocate(session, orders, cause=cause, by=by, at=at)


def _release(session: Session, orders: Sequence[Order], cause: Cause, by: str, at: datetime) -> None:
    allocating.release(session, orders, cause=cause, by=by, at=at)


def _deduct(session: Session, orders: Sequence[Order], _cause: Cause, by: str, at: datetime) -> None:
    allocating.deduct(session, orders, by=by, at=at)


def _deduct_if_fits(session: Session, orders: Sequence[Order], cause: Cause, by: str, at: datetime) -> None:
    allocating.deduct_if_fits(session, orders, cause=cause, by=by, at=at)


def _give_back(session: Session, orders: Sequence[Order], cause: Cause, by: str, at: datetime) -> None:
    giving_back.give_back(session, orders, cause=cause, by=by, at=at)


def _file(_session: Session, orders: Sequence[Order], _cause: Cause, _by: str, _at: datetime) -> None:
    for order in orders:
        order.filed = True


#: The effects that need nothing but the orders; the others belong to `changing`, `editing` and `returns`.
_EFFECTS: dict[Effect, _Effect] = {
    Effect.NONE: _nothing,
    Effect.ALLOCATE: _allocate,
    Effect.RELEASE: _release,
    Effect.DEDUCT: _deduct,
    Effect.DEDUCT_IF_FITS: _deduct_if_fits,
    Effect.RETURN: _give_back,
    Effect.FILE: _file,
}
