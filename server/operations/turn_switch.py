"""Turning a switch, and what follows from it for orders and stores (PSH-13)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.errors import Refused
from server.orders import allocating, service
from server.orders.models import Order
from server.orders.states import ALLOCATED, State
from server.outbox import queue
from server.outbox.causes import Cause
from server.stores.models import Store
from server.stores.queries import sold_skus
from server.switches import service as switches
from server.switches.service import Turned

_NAMED, _LISTED = 5, 200


class OrdersInProcess(Refused):
    """The inventory features can't be turned while orders are in process; `errors` names them (PSH-13)."""

    code = "orders-in-process"


def turn(session: Session, name: str, value: bool, *, by: str, at: datetime) -> Turned:
    """Turn the switch `name`; one that stands so already stays, and nothing follows.

    Raises `NotFound`, `WrongUse`, and `OrdersInProcess` for the inventory features.
    """
    turned = switches.turn(session, name, value, by=by, at=at)
    if turned.before == turned.after:
        return turned
    if name == switches.INVENTORY_FEATURES.name:
        _turn_features(session, turned.after, by=by, at=at)
    audit(session, by, "setting.turn", name, at=at, before=turned.before, after=turned.after)
    return turned


def _turn_features(session: Session, on: bool, *, by: str, at: datetime) -> None:
    """Off: every order gives back what it holds; those to pack stay so. On: those are tried, oldest first. Every target
    is evaluated: off withdraws what waits to be told, on tells what is there.
    """
    # An order that was raised in its store is out of stock, or unmapped, and goes on holding what it held (ORD-10).
    states = set(ALLOCATED) if on else {*ALLOCATED, State.OUT_OF_STOCK, State.UNMAPPED}
    orders = service.lock(session, session.scalars(select(Order.id).where(Order.state.in_(states))))
    # Asked with the orders locked: one that is packed at this very moment counts.
    in_process = [order for order in orders if order.state == State.IN_PROCESS]
    if in_process:
        raise _refusal(session, in_process, on)
    following = [order for order in orders if order.state in states]
    follow = allocating.allocate if on else allocating.release
    follow(session, following, cause=Cause.SWITCH, by=by, at=at)
    queue.mark_selected(session, sold_skus(), cause=Cause.SWITCH, at=at)


def _refusal(session: Session, orders: Sequence[Order], on: bool) -> OrdersInProcess:
    stores = {row.id: row.name for row in session.execute(select(Store.id, Store.name))}
    named = ", ".join(f"{stores[order.store_id]} {order.number}" for order in orders[:_NAMED])
    more = f" and {len(orders) - _NAMED} more" if len(orders) > _NAMED else ""
    return OrdersInProcess(
        f"the inventory features can't be turned {'on' if on else 'off'} while orders are in process: {named}{more}. "
        "Ship them, or void them now and revert them afterwards.",
        errors=[{"order": o.id, "store": stores[o.store_id], "number": o.number} for o in orders[:_LISTED]],
        orders=len(orders),
    )
