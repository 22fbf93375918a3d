"""Order actions taken back where there is an inverse: void and revert, mapping, warehouse (WB-8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from server.errors import StockbookError
from server.ledger.errors import NotEnough
from server.orders import changing, service
from server.orders.allocating import Moved, write_states
from server.orders.models import Order
from server.orders.states import ALLOCATED, Action, State, words_of
from server.outbox.causes import Cause
from server.places.shortages import in_words
from server.uploads.handlers import remapping
from server.uploads.handlers.protocol import CannotUndo, Context, Step

_INVERTIBLE = (Action.VOID, Action.REVERT, Action.CHANGE_WAREHOUSE)


def undo(session: Session, steps: Sequence[Step], context: Context) -> None:
    """Take back what an upload did to orders, all of it. Raises `CannotUndo` with every reason."""
    acted = [step for step in steps if "order" in step]
    orders = {order.id: order for order in service.lock(session, [step["order"] for step in acted])}
    reasons = [*_reasons(acted, orders), *remapping.reasons_to_keep(session, steps)]
    if reasons:
        raise CannotUndo(reasons)
    try:
        for action in reversed(_INVERTIBLE):
            if action is Action.CHANGE_WAREHOUSE:
                remapping.take_back(session, steps, context)
            some = [step for step in acted if step["action"] == action.value]
            if some:
                _INVERSE[action](session, some, orders, context)
    except NotEnough as short:
        raise CannotUndo(in_words(session, short.shortages)) from short
    except StockbookError as problem:
        raise CannotUndo([problem.text]) from problem


def _reasons(steps: Sequence[Step], orders: Mapping[int, Order]) -> Iterator[str]:
    for step in steps:
        action, order = Action(step["action"]), orders.get(step["order"])
        if order is None:
            yield f"order {step['order']} is gone"
        elif action not in _INVERTIBLE:
            yield f"order {order.number}: {words_of(action)} can't be undone"
        elif [order.state, order.warehouse_id] != step["after"]:
            yield f"order {order.number} was changed since"


def _revert(session: Session, steps: Sequence[Step], orders: Mapping[int, Order], context: Context) -> None:
    """Voided orders as they were: allocated again, and packed again where they were packed."""
    by, at = context.by, context.at
    service.act(session, Action.REVERT, _ids(steps), by=by, at=at, cause=Cause.UNDO)
    lost = [
        orders[step["order"]].number
        for step in steps
        if step["before"][0] in ALLOCATED and orders[step["order"]].state not in ALLOCATED
    ]
    if lost:
        raise CannotUndo([f"what order {number} held is gone since" for number in lost])
    packed = [step["order"] for step in steps if step["before"][0] == State.IN_PROCESS]
    service.act(session, Action.PACK, packed, by=by, at=at, cause=Cause.UNDO)


def _void(session: Session, steps: Sequence[Step], _orders: Mapping[int, Order], context: Context) -> None:
    service.act(session, Action.VOID, _ids(steps), by=context.by, at=context.at, cause=Cause.UNDO)


def _go_back(session: Session, steps: Sequence[Step], orders: Mapping[int, Order], context: Context) -> None:
    """To the warehouse that they came from; one that had been out of stock there is tried there."""
    wanted = {step["order"]: step["before"][1] for step in steps}
    tried = {step["order"] for step in steps if step["before"][0] == State.OUT_OF_STOCK}
    there = {number: place for number, place in wanted.items() if place is not None}
    changing.change_warehouse(session, there, by=context.by, at=context.at, cause=Cause.UNDO, trying=tried)
    nowhere = [orders[number] for number, place in wanted.items() if place is None]
    if nowhere:
        moved = [Moved(order, State(order.state), None, order.steps) for order in nowhere]
        write_states(session, moved, at=context.at)


_INVERSE: dict[Action, Callable[[Session, Sequence[Step], Mapping[int, Order], Context], None]] = {
    Action.VOID: _revert,
    Action.REVERT: _void,
    Action.CHANGE_WAREHOUSE: _go_back,
}


def _ids(steps: Sequence[Step]) -> list[int]:
    return [step["order"] for step in steps]
