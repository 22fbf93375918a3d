"""What people do to orders: the action, and who did it (SEC-2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from server.access.audit import audit, audit_all
from server.errors import WrongUse
from server.orders import changing, rules, service
from server.orders.models import Order
from server.orders.refusing import refuse_impossible
from server.orders.rules import Ways
from server.orders.states import DEDUCTED, Action, State
from server.outbox.causes import Cause

#: What people may do to orders by their numbers alone; the other actions are news from stores, or need more words.
BY_HAND = frozenset({Action.PACK, Action.SHIP, Action.PICK_UP, Action.DELIVER, Action.VOID, Action.REVERT})

#: The numbers of the orders that wait for stock.
OUT_OF_STOCK: Select[int] = select(Order.id).where(Order.state == State.OUT_OF_STOCK.value)


@dataclass(frozen=True)
class Tried:
    """What trying orders again came to, by state."""

    tried: int = 0
    to_pack: int = 0
    out_of_stock: int = 0
    unmapped: int = 0


def act(session: Session, action: Action, order_ids: Sequence[int], *, by: str, at: datetime) -> list[Order]:
    """Do `action` to all of these orders or to none. Raises what `service.act` raises, and what `cancel` does."""
    if action is Action.CANCEL:
        return cancel(session, order_ids, by=by, at=at)
    assert action in BY_HAND, f"{action} is not for people"
    orders = service.act(session, action, order_ids, by=by, at=at)
    audit_all(session, by, [(f"order.{action.value}", _named(o), {"order": o.id}) for o in orders], at=at)
    return orders


def cancel(
    session: Session, order_ids: Sequence[int], *, return_quantity: bool | None = None, by: str, at: datetime
) -> list[Order]:
    """Cancel all of these orders or none (ORD-8). `return_quantity`: what the caller says where the store's setting
    lets the caller say; after 14 days nothing is returned whatever is said.

    Raises `NotFound`, `NotPossible`, `NotEnough`, and `WrongUse` where the caller must say, or may not.
    """
    orders = service.found(session, order_ids)
    ways = service.ways_of(session, {order.store_id for order in orders})
    chosen = {order.id: way_to_cancel(order, ways[order.store_id], return_quantity, at) for order in orders}
    refuse_impossible(session, chosen, orders)
    for action in sorted(set(chosen.values())):
        ids = [number for number, each in chosen.items() if each is action]
        service.act(session, action, ids, by=by, at=at)
    done = [("order.cancel", _named(o), {"order": o.id, "way": chosen[o.id].value}) for o in orders]
    audit_all(session, by, done, at=at)
    return orders


def asked_on_cancel(session: Session, orders: Sequence[Order], at: datetime) -> set[int]:
    """The orders of which whoever cancels them has to say whether the quantity is returned (ORD-8)."""
    ways = service.ways_of(session, {order.store_id for order in orders})
    return {
        order.id
        for order in orders
        if rules.cancelled_here(order.placed_at, at, ways=ways[order.store_id], return_quantity=None) is None
    }


def way_to_cancel(order: Order, ways: Ways, return_quantity: bool | None, at: datetime) -> Action:
    """How this order is cancelled here. Raises `WrongUse` where the caller must say it, or may not (ORD-8)."""
    how = rules.cancelled_here(order.placed_at, at, ways=ways, return_quantity=return_quantity)
    if how is None:
        raise WrongUse(
            f"say whether the quantity of order {order.number} is returned, yes or no",
            field="return_quantity",
        )
    if not ways.returns_on_cancel and return_quantity is not None:
        comes_back = order.state not in DEDUCTED
        if return_quantity != comes_back:
            raise WrongUse(
                f"order {order.number}: its store releases what is allocated and returns nothing that was deducted; "
                "the store's setting on_cancel=return leaves it to the caller",
                field="return_quantity",
            )
    return how


def change_warehouse(session: Session, wanted: Mapping[int, int], *, by: str, at: datetime) -> list[Order]:
    """Let each of these orders (by number) ship from another warehouse (ORD-6). Raises what `changing` raises."""
    before = {order.id: order.warehouse_id for order in service.read(session, wanted)}
    orders = changing.change_warehouse(session, wanted, by=by, at=at)
    moved = {o: {"order": o.id, "before": before[o.id], "after": wanted[o.id]} for o in orders}
    audit_all(session, by, [("order.change_warehouse", _named(o), detail) for o, detail in moved.items()], at=at)
    return orders


def move_to_pack(session: Session, order_ids: Sequence[int] | None = None, *, by: str, at: datetime) -> Tried:
    """Try these orders again, or all that are out of stock, oldest first (ORD-7).

    Raises `NotFound`, and `NotPossible` for a named order that waits for nothing.
    """
    if order_ids is None:
        return try_again(session, session.scalars(OUT_OF_STOCK), cause=Cause.MOVE_TO_PACK, by=by, at=at)
    return _try(session, order_ids, cause=Cause.MOVE_TO_PACK, by=by, at=at)


def try_again(session: Session, order_ids: Iterable[int], *, cause: Cause, by: str, at: datetime) -> Tried:
    """Try those of these orders that are out of stock, oldest first."""
    locked = service.lock(session, order_ids)
    # Between looking and locking another may have moved one on: then there is nothing left to try.
    out_of_stock = [order.id for order in locked if order.state == State.OUT_OF_STOCK]
    return _try(session, out_of_stock, cause=cause, by=by, at=at)


def _try(session: Session, order_ids: Sequence[int], *, cause: Cause, by: str, at: datetime) -> Tried:
    tried = service.act(session, Action.MOVE_TO_PACK, order_ids, by=by, at=at, cause=cause)
    states = [order.state for order in tried]
    counts = {state: states.count(state) for state in (State.TO_PACK, State.OUT_OF_STOCK, State.UNMAPPED)}
    if tried:
        audit(session, by, "order.move_to_pack", f"{len(tried)} orders", at=at, cause=cause.label, **counts)
    return Tried(len(tried), counts[State.TO_PACK], counts[State.OUT_OF_STOCK], counts[State.UNMAPPED])


def _named(order: Order) -> str:
    return f"order {order.number}"
