"""What people do to orders: the action, and who did it (SEC-2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.orders import service
from server.orders.models import Order
from server.orders.states import Action, State
from server.outbox.causes import Cause

#: What people may do to orders by their numbers; the other actions are news from stores.
BY_HAND = frozenset({Action.PACK, Action.SHIP, Action.VOID, Action.REVERT, Action.CANCEL})

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
    """Do `action` to all of these orders or to none. Raises what `service.act` raises."""
    assert action in BY_HAND, f"{action} is not for people"
    orders = service.act(session, action, order_ids, by=by, at=at)
    for order in orders:
        audit(session, by, f"order.{action.value}", f"order {order.number}", at=at, order=order.id)
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
