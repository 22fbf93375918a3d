"""Goods that come back: a package is scanned before the buyer signed, a return list is made after (ORD-11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.channels.protocol import MarketStatus
from server.db.base import fold
from server.db.bulk import dialect_of, insert_rows
from server.errors import NotFound, Refused, WrongUse
from server.ledger.movements import Kind
from server.orders import service
from server.orders.giving_back import Back, Item, all_back, found_back, give_back
from server.orders.holding import Change, holds_of, settle
from server.orders.models import Order, OrderPackage, OrderReturn, OrderReturnLine
from server.orders.service import CAUSES, NotPossible
from server.orders.states import Action, State
from server.outbox.causes import Cause
from server.places.models import Warehouse
from server.places.queries import default_warehouse

_LINE = ("return_id", "line", "line_id", "sku_id", "warehouse_id", "quantity", "defective")


def package_orders(session: Session, number: str, *, store_id: int | None = None) -> list[Order]:
    """The orders in the package of that tracking or package number, else the order of that number; locked.

    Raises `NotFound`, and `WrongUse` where orders of several stores have it and no store is given.
    """
    key = fold(number)
    packed = select(OrderPackage.order_id).where(OrderPackage.key == key)
    ids = _in_store(session, packed, store_id)
    if not ids:
        ids = _in_store(session, select(Order.id).where(Order.number == number.strip()), store_id)
    if not ids:
        raise NotFound(f"no order has the tracking or package number '{number[:100]}'")
    orders = service.lock(session, ids)
    if store_id is None and len({order.store_id for order in orders}) > 1:
        raise WrongUse(f"several stores have a package '{number[:100]}': say which store", field="store")
    return orders


def scan(
    session: Session,
    number: str,
    *,
    store_id: int | None = None,
    items: Sequence[Item] | None = None,
    defective: bool = False,
    note: str = "",
    upload_id: int | None = None,
    by: str,
    at: datetime,
) -> list[OrderReturn]:
    """Put a package's items back, once, before the buyer signed. `items`: what of it is there, where that is not all;
    `defective`: all of it is.

    Raises `NotFound`, `NotPossible` (signed already, nothing deducted, scanned before), `Refused` for more than is out.
    """
    orders = scannable(session, package_orders(session, number, store_id=store_id))
    back = all_back(session, orders) if items is None else found_back(session, orders, items)
    if defective:
        back = [one._replace(defective=True) for one in back]
    bringing = {one.order_id for one in back}
    made = [_document(order, "scan", number, note, upload_id, by, at) for order in orders if order.id in bringing]
    _write(session, made, back)
    complete(session, made, by=by, at=at)
    return made


def mark_processed(session: Session, order_ids: Iterable[int], *, by: str, at: datetime) -> list[Order]:
    """Mark signed, cancelled or returned orders as processed, so that their returns may be listed.

    Raises `NotFound`, `NotPossible`: one that the buyer has not signed for is scanned.
    """
    orders = service.found(session, order_ids)
    service.refuse_impossible(session, {order.id: Action.MARK_PROCESSED for order in orders}, orders)
    scanned = _scanned(session, [order.id for order in orders])
    early = next((order for order in orders if not _over(order) and order.id not in scanned), None)
    if early is not None:
        raise NotPossible(f"the buyer has not signed for order {early.number}: scan its package to put it back")
    for order in orders:
        if order.processed_at is None:
            order.processed_at = at
            audit(session, by, "order.mark_processed", f"order {order.number}", at=at, order=order.id)
    return orders


def make_list(
    session: Session,
    order_id: int,
    items: Sequence[Item] | None = None,
    *,
    note: str = "",
    upload_id: int | None = None,
    by: str,
    at: datetime,
) -> OrderReturn:
    """Make a return stock-in list of a processed order, *to do*: of these items, or of all that is out.

    Raises `NotFound`, `NotPossible`, and `Refused` for more than is out.
    """
    [order] = service.found(session, [order_id])
    service.refuse_impossible(session, {order.id: Action.RETURN_LIST}, [order])
    if order.processed_at is None:
        raise NotPossible(f"order {order.number} is not marked as processed: mark it, then list its return")
    _with_something_out(session, [order])
    back = all_back(session, [order]) if items is None else found_back(session, [order], items)
    row = _document(order, "list", "", note, upload_id, by, at)
    _write(session, [row], back)
    audit(session, by, "return.create", f"return {row.id}", at=at, order=order.id)
    return row


def complete(session: Session, returns: Sequence[OrderReturn], *, by: str, at: datetime) -> None:
    """Complete returns *to do*, of each order one at most: on hand or defective rises. What left from a warehouse that
    was deleted since comes back to the default.

    Raises `Refused` for one that is completed, and where more would come back than is out.
    """
    over = next((row for row in returns if row.state != "todo"), None)
    if over is not None:
        raise Refused(f"return {over.id} is {over.state} already")
    assert len({row.order_id for row in returns}) == len(returns), "one return of an order at a time"
    orders = {order.id: order for order in service.lock(session, [row.order_id for row in returns])}
    _leave_deleted_warehouses(session, returns)
    back = lines_of(session, returns)
    for way, action in (("scan", Action.RETURN_SCAN), ("list", Action.RETURN_LIST)):
        rows = [row for row in returns if row.way == way]
        some = [orders[row.order_id] for row in rows]
        service.refuse_impossible(session, {order.id: action for order in some}, some)
        coming = [one for one in back if one.order_id in {order.id for order in some}]
        entries = give_back(session, some, cause=CAUSES[action], by=by, at=at, back=coming, note=way)
        for row in rows:
            row.entry_id = entries[row.order_id]
    for row in returns:
        row.state, row.completed_at, row.completed_by = "completed", at, by
        audit(session, by, "return.complete", f"return {row.id}", at=at, order=row.order_id, way=row.way)
    session.flush()


def take_back(session: Session, return_ids: Sequence[int], *, by: str, at: datetime) -> None:
    """Reverse completed returns: what came back is out again (WB-8). Raises `NotEnough` where it is gone since."""
    returns = [find_return(session, number) for number in return_ids]
    over = next((row for row in returns if row.state != "completed"), None)
    if over is not None:
        raise Refused(f"return {over.id} is {over.state}")
    orders = service.lock(session, [row.order_id for row in returns])
    changes = [
        Change(one.order_id, one.line_id, one.change.moves.reversed(), returned=-one.quantity)
        for one in lines_of(session, returns)
    ]
    reverses = {row.order_id: row.entry_id for row in returns if row.entry_id is not None}
    settle(session, Kind.UNDO, orders, changes, cause=Cause.UNDO, by=by, at=at, note="undo", reverses=reverses)
    for row in returns:
        row.state = "undone"


def remove_list(session: Session, row: OrderReturn, *, by: str, at: datetime) -> None:
    """Take a return list *to do* back; nothing was posted. Raises `Refused` for a completed one."""
    if row.state != "todo":
        raise Refused(f"return {row.id} is {row.state}: only one that is to do can be taken back")
    row.state = "undone"
    audit(session, by, "return.remove", f"return {row.id}", at=at, order=row.order_id)


def find_return(session: Session, return_id: int, *, lock: bool = False) -> OrderReturn:
    """The return with that number. Raises `NotFound`."""
    wait = lock and dialect_of(session) == "postgresql"
    row = session.get(OrderReturn, return_id, with_for_update=wait or None)
    if row is None:
        raise NotFound(f"there is no return {return_id}")
    return row


def lines_of(session: Session, returns: Sequence[OrderReturn]) -> list[Back]:
    """What the returns bring back, in order."""
    owners = {row.id: row.order_id for row in returns}
    query = (
        select(OrderReturnLine)
        .where(OrderReturnLine.return_id.in_(owners))
        .order_by(OrderReturnLine.return_id, OrderReturnLine.line)
    )
    return [
        Back(owners[row.return_id], row.line_id, row.sku_id, row.warehouse_id, row.quantity, row.defective)
        for row in session.scalars(query)
    ]


def scannable(session: Session, orders: Sequence[Order]) -> list[Order]:
    """Those of a package's orders that a scan puts back. Raises `NotPossible` where there are none, with what to do
    instead: signed for already, nothing deducted, scanned before."""
    signed = next((order for order in orders if order.state == State.COMPLETED), None)
    if signed is not None:
        raise NotPossible(f"the buyer has signed for order {signed.number}: mark it as processed, then list its return")
    some = _with_something_out(session, orders)
    service.refuse_impossible(session, {order.id: Action.RETURN_SCAN for order in some}, some)
    scanned = _scanned(session, [order.id for order in some])
    again = next((order for order in some if order.id in scanned), None)
    if again is not None:
        raise NotPossible(
            f"the package of order {again.number} was scanned before; what was missing then comes back by a return "
            "list: mark the order as processed first"
        )
    return some


def _with_something_out(session: Session, orders: Sequence[Order]) -> list[Order]:
    """Those of the orders of which something is out. Raises `NotPossible` where nothing is of any."""
    holds = holds_of(session, [order.id for order in orders])
    some = [order for order in orders if any(hold.deducted > hold.returned for hold in holds[order.id])]
    if some:
        return some
    number = orders[0].number
    if any(hold.deducted for order in orders for hold in holds[order.id]):
        raise NotPossible(f"everything of order {number} has come back already")
    raise NotPossible(f"nothing was deducted for order {number}: add it by a stock-in list")


def _over(order: Order) -> bool:
    """Whether the goods come back by a list: the buyer has signed, or the market says that it is off."""
    back = (MarketStatus.COMPLETED.value, MarketStatus.RETURNED.value)
    return order.state in (State.COMPLETED, State.CANCELLED) or order.market_status in back


def _scanned(session: Session, order_ids: Sequence[int]) -> set[int]:
    completed = (OrderReturn.way == "scan", OrderReturn.state == "completed")
    return set(session.scalars(select(OrderReturn.order_id).where(OrderReturn.order_id.in_(order_ids), *completed)))


def _in_store(session: Session, order_ids: Select[int], store_id: int | None) -> list[int]:
    query = select(Order.id).where(Order.id.in_(order_ids))
    if store_id is not None:
        query = query.where(Order.store_id == store_id)
    return list(session.scalars(query.limit(100)))


def _document(
    order: Order, way: str, package: str, note: str, upload_id: int | None, by: str, at: datetime
) -> OrderReturn:
    return OrderReturn(
        order_id=order.id,
        way=way,
        state="todo",
        package=package.strip()[:100],
        note=note[:500],
        upload_id=upload_id,
        created_at=at,
        created_by=by,
    )


def _write(session: Session, returns: Sequence[OrderReturn], back: Sequence[Back]) -> None:
    session.add_all(returns)
    session.flush()
    numbers = {row.order_id: row.id for row in returns}
    lines = (
        (numbers[one.order_id], place, one.line_id, one.sku_id, one.warehouse_id, one.quantity, one.defective)
        for place, one in enumerate(back, 1)
    )
    insert_rows(session, OrderReturnLine, _LINE, lines)


def _leave_deleted_warehouses(session: Session, returns: Sequence[OrderReturn]) -> None:
    standing = select(Warehouse.id).where(Warehouse.deleted_at.is_(None))
    elsewhere = (
        update(OrderReturnLine)
        .where(
            OrderReturnLine.return_id.in_([row.id for row in returns]), OrderReturnLine.warehouse_id.not_in(standing)
        )
        .values(warehouse_id=default_warehouse(session).id)
    )
    session.execute(elsewhere.execution_options(synchronize_session="fetch"))
