"""Delete an empty warehouse, and what follows in every room, in one transaction (WH-5, WH-6); bring one back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.catalog.models import MerchantSku
from server.db.base import Base
from server.db.bulk import NUMBER, relation
from server.errors import Refused
from server.ledger.models import Balance
from server.orders import allocating
from server.orders.allocating import Moved, write_states
from server.orders.models import Order
from server.orders.service import lock
from server.orders.states import ALLOCATED, NOT_LEFT, State
from server.outbox import queue
from server.outbox.causes import Cause
from server.places import service
from server.places.models import Warehouse
from server.places.queries import default_warehouse
from server.stores.models import Store
from server.warehousing.models import StockList, StockListLine

CAUSE = Cause.WAREHOUSE_DELETED
_NAMED = 5


@dataclass(frozen=True)
class Freed:
    """What named a warehouse when it was deleted, by number: enough to say what happened, and to bring it back.

    `orders` are the numbers of those that went to the default warehouse, `lists` the stock lists to do that went.
    """

    orders: list[int] = field(default_factory=list)
    lists: list[int] = field(default_factory=list)
    stores: list[int] = field(default_factory=list)
    skus: list[int] = field(default_factory=list)
    rules: list[int] = field(default_factory=list)
    to_pack: int = 0
    out_of_stock: int = 0


def delete_warehouse(session: Session, warehouse_id: int, *, by: str, at: datetime) -> Freed:
    """Delete it, with its shelves, safety stocks and stock lists to do; its movements and what is over stay.

    Orders that ship from it go to the default warehouse and are allocated there, or are out of stock; stores and SKUs
    fall back; push rules no longer count it. Drafts that name it can't be dispatched or completed.
    Raises `NotFound`, and `Refused` for the default and while anything is on hand or on the way there.
    """
    place = service.refuse_unless_empty(session, warehouse_id)
    default = default_warehouse(session)
    orders = _move_orders(session, warehouse_id, default.id, by=by, at=at)
    freed = Freed(
        orders=[order.id for order in orders],
        lists=_drop_lists(session, warehouse_id),
        stores=_free(session, Store.id, Store.warehouse_id, warehouse_id),
        skus=_free(session, MerchantSku.id, MerchantSku.default_warehouse_id, warehouse_id),
        rules=_leave_rules(session, warehouse_id),
        to_pack=sum(order.state == State.TO_PACK for order in orders),
        out_of_stock=sum(order.state == State.OUT_OF_STOCK for order in orders),
    )
    _mark(session, warehouse_id, cause=CAUSE, at=at)
    service.delete_warehouse(session, warehouse_id, by=by, at=at)
    if freed != Freed():
        audit(
            session, by, "warehouse.free", place.code, at=at,
            orders=len(freed.orders), orders_to=default.code, lists=freed.lists, stores=freed.stores,
            skus=len(freed.skus), rules=freed.rules,
        )  # fmt: skip
    return freed


def restore_warehouse(session: Session, warehouse_id: int, freed: Freed, *, by: str, at: datetime) -> Warehouse:
    """Bring a deleted warehouse back to the stores, SKUs and push rules that named it.

    Raises `Refused` where orders went elsewhere or stock lists were dropped, and where a store or SKU was given
    another warehouse since; `NotFound`; `Conflict` for a code taken meanwhile.
    """
    if freed.orders or freed.lists:
        raise Refused(f"the deletion of the warehouse can't be taken back: {_gone(session, freed)}")
    row = service.restore_warehouse(session, warehouse_id, by=by, at=at)
    _give_back(session, "store", Store, Store.warehouse_id, warehouse_id, freed.stores)
    _give_back(session, "SKU", MerchantSku, MerchantSku.default_warehouse_id, warehouse_id, freed.skus)
    _rejoin_rules(session, warehouse_id, freed.rules)
    _mark(session, warehouse_id, cause=Cause.UNDO, at=at)
    return row


def _move_orders(session: Session, warehouse_id: int, default_id: int, *, by: str, at: datetime) -> list[Order]:
    """Whoever waits for it or holds there goes to the default: what it holds is released, and it is tried there. One
    in process has to be packed anew, in another place; others keep their state."""
    theirs = select(Order.id).where(Order.warehouse_id == warehouse_id, Order.state.in_(NOT_LEFT))
    locked = lock(session, session.scalars(theirs))
    orders = [order for order in locked if order.warehouse_id == warehouse_id and order.state in NOT_LEFT]
    trying = [order for order in orders if order.state in (*ALLOCATED, State.OUT_OF_STOCK)]
    allocating.release(session, orders, cause=CAUSE, by=by, at=at)
    write_states(session, [Moved(order, State(order.state), default_id, order.steps) for order in orders], at=at)
    allocating.allocate(session, trying, cause=CAUSE, by=by, at=at)
    return orders


def _drop_lists(session: Session, warehouse_id: int) -> list[int]:
    """Stock lists to do go with it: they have posted nothing, and could never be completed."""
    todo = (StockList.warehouse_id == warehouse_id, StockList.state == "todo")
    ids = list(session.scalars(select(StockList.id).where(*todo).order_by(StockList.id).with_for_update()))
    session.execute(delete(StockListLine).where(StockListLine.list_id.in_(ids)))
    session.execute(delete(StockList).where(StockList.id.in_(ids)).execution_options(synchronize_session="fetch"))
    return ids


def _free(session: Session, number: Any, column: Any, warehouse_id: int) -> list[int]:
    """Empty `column` wherever it names the warehouse; gives the records' numbers."""
    freed = update(column.class_).where(column == warehouse_id).values({column: None}).returning(number)
    return sorted(session.scalars(freed.execution_options(synchronize_session="fetch")))


def _leave_rules(session: Session, warehouse_id: int) -> list[int]:
    table = _rule_warehouses()
    left = delete(table).where(table.c.warehouse_id == warehouse_id).returning(table.c.rule_id)
    return sorted(session.scalars(left))


def _rejoin_rules(session: Session, warehouse_id: int, rule_ids: Iterable[int]) -> None:
    rule = Base.metadata.tables["push_rule"]
    living = session.scalars(select(rule.c.id).where(rule.c.id.in_(list(rule_ids))))
    rows = [{"rule_id": rule_id, "warehouse_id": warehouse_id} for rule_id in living]
    if rows:
        session.execute(insert(_rule_warehouses()), rows)


def _rule_warehouses() -> Table:
    """Push ranks above this room; its table is known all the same."""
    return Base.metadata.tables["push_rule_warehouse"]


def _give_back(session: Session, what: str, model: Any, column: Any, warehouse_id: int, ids: Sequence[int]) -> None:
    """Have these records name the warehouse again. Raises `Refused` for those that name another one by now."""
    with relation(session, {"id": NUMBER}, [(number,) for number in ids]) as r:
        theirs = model.id.in_(select(r.c.id))
        changed = session.scalars(select(model.id).where(theirs, column.is_not(None)).limit(1)).first()
        if changed is not None:
            raise Refused(f"{what} {changed} was given another warehouse since")
        back = update(model).where(theirs).values({column: warehouse_id})
        session.execute(back.execution_options(synchronize_session=False))


def _mark(session: Session, warehouse_id: int, *, cause: Cause, at: datetime) -> None:
    """Every SKU that ever had a figure there is evaluated (PSH-7)."""
    queue.mark_selected(session, select(Balance.sku_id).where(Balance.warehouse_id == warehouse_id), cause=cause, at=at)


def _gone(session: Session, freed: Freed) -> str:
    said: list[str] = []
    if freed.orders:
        some = select(Order.number).where(Order.id.in_(freed.orders[:_NAMED])).order_by(Order.id)
        more = f" and {len(freed.orders) - _NAMED} more" if len(freed.orders) > _NAMED else ""
        said.append(f"orders {', '.join(session.scalars(some))}{more} went to the default warehouse")
    if freed.lists:
        said.append(f"stock lists {', '.join(map(str, freed.lists[:_NAMED]))} that were to do went with it")
    return "; ".join(said)
