"""Goods that come back: a package is scanned before the buyer signed, a return list is made after (ORD-11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from server.access.audit import audit, audit_all
from server.db.bulk import NUMBER, dialect_of, insert_rows, relation
from server.errors import NotFound, Refused, WrongUse
from server.ledger.movements import Kind
from server.orders import service
from server.orders.giving_back import Back, Item, found_back, give_back
from server.orders.holding import Change, settle
from server.orders.models import Order, OrderReturn, OrderReturnLine
from server.orders.packages import package_key, packages
from server.orders.refusing import (
    NotPossible,
    refuse_impossible,
    why_not_listed,
    why_not_processed,
    why_not_scanned,
)
from server.orders.service import CAUSES
from server.orders.states import Action
from server.outbox.causes import Cause
from server.places.models import Warehouse
from server.places.queries import default_warehouse

_LINE = ("return_id", "line", "line_id", "sku_id", "warehouse_id", "quantity", "defective")


@dataclass(frozen=True)
class NewReturn:
    """What comes back of one order; `way` is scan or list."""

    order: Order
    way: str
    back: Sequence[Back]
    package: str = ""
    note: str = ""


def package_orders(session: Session, number: str, *, store_id: int | None = None) -> list[Order]:
    """The orders in the package of that tracking or package number, else the order of that number; locked.

    Raises `NotFound`, and `WrongUse` where orders of several stores have it and no store is given.
    """
    orders = service.lock(session, packages(session, [number]).get(package_key(number), []))
    if store_id is not None:
        orders = [order for order in orders if order.store_id == store_id]
    if not orders:
        raise NotFound(f"no order has the tracking or package number '{number[:100]}'")
    if len({order.store_id for order in orders}) > 1:
        raise WrongUse(f"several stores have a package '{number[:100]}': say which store", field="store")
    return orders


def scan(
    session: Session,
    number: str,
    *,
    store_id: int | None = None,
    items: Sequence[Item] | None = None,
    note: str = "",
    by: str,
    at: datetime,
) -> list[OrderReturn]:
    """Put a package's items back, once, before the buyer signed. `items`: what of it is there, and how.

    Raises `NotFound`, `NotPossible` (signed already, nothing deducted, scanned before), `TooMuch`.
    """
    orders = package_orders(session, number, store_id=store_id)
    why = why_not_scanned(session, orders)
    if len(why) == len(orders):
        raise NotPossible(why[orders[0].id])
    orders = [order for order in orders if order.id not in why]
    back = found_back(session, orders, items or [Item()])
    new = [
        NewReturn(order, "scan", [one for one in back if one.order_id == order.id], number, note) for order in orders
    ]
    made = write(session, [one for one in new if one.back], by=by, at=at)
    complete(session, made, by=by, at=at)
    return made


def mark_processed(session: Session, order_ids: Iterable[int], *, by: str, at: datetime) -> list[Order]:
    """Mark signed, cancelled or returned orders as processed, so that their returns may be listed; and orders that were
    shipped outside and could not be deducted (ORD-9), once that was put right by hand.

    Raises `NotFound`, `NotPossible`: one that the buyer has not signed for is scanned.
    """
    orders = service.found(session, order_ids)
    why = why_not_processed(session, orders)
    if why:
        raise NotPossible(next(iter(why.values())))
    fresh = [order for order in orders if order.processed_at is None or order.listed]
    with relation(session, {"id": NUMBER}, [(order.id,) for order in fresh]) as r:
        mark = update(Order).where(Order.id.in_(select(r.c.id))).values(processed_at=at, listed=False)
        session.execute(mark.execution_options(synchronize_session=False))
    for order in fresh:
        set_committed_value(order, "processed_at", at)
        set_committed_value(order, "listed", False)
    marked = [("order.mark_processed", f"order {order.number}", {"order": order.id}) for order in fresh]
    audit_all(session, by, marked, at=at)
    return orders


def unmark_processed(session: Session, listed: Mapping[int, bool], *, by: str, at: datetime) -> None:
    """Orders are not marked as processed any more, and listed as not deducted as they were, save those of which
    something came back by another list or is to (WB-8)."""
    orders = service.lock(session, listed)
    with relation(session, {"id": NUMBER}, [(order.id,) for order in orders]) as r:
        lists = select(OrderReturn.order_id).join(r, r.c.id == OrderReturn.order_id)
        kept = set(session.scalars(lists.where(OrderReturn.way == "list", OrderReturn.state != "undone")))
    unmarked = [order for order in orders if order.id not in kept]
    for order in unmarked:
        order.processed_at, order.listed = None, listed[order.id]
    session.flush()
    audit_all(session, by, [("order.unmark_processed", f"order {o.number}", {"order": o.id}) for o in unmarked], at=at)


def make_list(
    session: Session,
    order_id: int,
    items: Sequence[Item] | None = None,
    *,
    note: str = "",
    by: str,
    at: datetime,
) -> OrderReturn:
    """Make a return stock-in list of a processed order, *to do*: of these items, or of all that is out.

    Raises `NotFound`, `NotPossible`, and `TooMuch`.
    """
    [order] = service.found(session, [order_id])
    if why := why_not_listed(session, [order]):
        raise NotPossible(why[order.id])
    back = found_back(session, [order], items or [Item()])
    [row] = write(session, [NewReturn(order, "list", back, note=note)], by=by, at=at)
    audit(session, by, "return.create", f"return {row.id}", at=at, order=order.id)
    return row


def write(
    session: Session, new: Sequence[NewReturn], *, upload_id: int | None = None, by: str, at: datetime
) -> list[OrderReturn]:
    """Write returns down, *to do*, one for each locked order; the caller has asked whether they may be."""
    assert len({one.order.id for one in new}) == len(new), "one return of an order at a time"
    if not new:
        return []
    last = session.scalar(select(func.max(OrderReturn.id))) or 0
    same = {"state": "todo", "upload_id": upload_id, "created_at": at, "created_by": by}
    rows = [
        {"order_id": one.order.id, "way": one.way, "package": one.package.strip()[:100], "note": one.note[:500], **same}
        for one in new
    ]
    session.execute(insert(OrderReturn), rows)
    with relation(session, {"id": NUMBER}, [(one.order.id,) for one in new]) as r:
        made = select(OrderReturn).join(r, r.c.id == OrderReturn.order_id).where(OrderReturn.id > last)
        by_order = {row.order_id: row for row in session.scalars(made)}
    returns = [by_order[one.order.id] for one in new]
    lines = (
        (row.id, place, back.line_id, back.sku_id, back.warehouse_id, back.quantity, back.defective)
        for row, one in zip(returns, new, strict=True)
        for place, back in enumerate(one.back, 1)
    )
    insert_rows(session, OrderReturnLine, _LINE, lines)
    return returns


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
        refuse_impossible(session, {order.id: action for order in some}, some)
        chosen = {order.id for order in some}
        coming = [one for one in back if one.order_id in chosen]
        entries = give_back(session, some, cause=CAUSES[action], by=by, at=at, back=coming, note=way)
        _end(session, rows, entries, by=by, at=at)
    done = [("return.complete", f"return {row.id}", {"order": row.order_id, "way": row.way}) for row in returns]
    audit_all(session, by, done, at=at)


def _end(
    session: Session, returns: Sequence[OrderReturn], entries: Mapping[int, int], *, by: str, at: datetime
) -> None:
    numbers = [(row.id, entries[row.order_id]) for row in returns]
    with relation(session, {"id": NUMBER, "entry_id": NUMBER}, numbers) as r:
        values = {"state": "completed", "entry_id": r.c.entry_id, "completed_at": at, "completed_by": by}
        end = update(OrderReturn).where(OrderReturn.id == r.c.id).values(values)
        session.execute(end.execution_options(synchronize_session=False))
    ended = {"state": "completed", "completed_at": at, "completed_by": by}
    for row in returns:
        for name, value in (ended | {"entry_id": entries[row.order_id]}).items():
            set_committed_value(row, name, value)


def take_back(session: Session, return_ids: Sequence[int], *, by: str, at: datetime) -> None:
    """Reverse completed returns: what came back is out again (WB-8). Raises `NotEnough` where it is gone since."""
    with relation(session, {"id": NUMBER}, [(number,) for number in return_ids]) as r:
        returns = session.scalars(select(OrderReturn).join(r, r.c.id == OrderReturn.id).order_by(OrderReturn.id)).all()
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
    session.flush()


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
    with relation(session, {"id": NUMBER}, [(row.id,) for row in returns]) as r:
        query = (
            select(OrderReturnLine)
            .join(r, r.c.id == OrderReturnLine.return_id)
            .order_by(OrderReturnLine.return_id, OrderReturnLine.line)
        )
        lines = session.scalars(query.execution_options(populate_existing=True)).all()
    return [
        Back(owners[row.return_id], row.line_id, row.sku_id, row.warehouse_id, row.quantity, row.defective)
        for row in lines
    ]


def _leave_deleted_warehouses(session: Session, returns: Sequence[OrderReturn]) -> None:
    standing = select(Warehouse.id).where(Warehouse.deleted_at.is_(None))
    with relation(session, {"id": NUMBER}, [(row.id,) for row in returns]) as r:
        elsewhere = (
            update(OrderReturnLine)
            .where(OrderReturnLine.return_id.in_(select(r.c.id)), OrderReturnLine.warehouse_id.not_in(standing))
            .values(warehouse_id=default_warehouse(session).id)
        )
        session.execute(elsewhere.execution_options(synchronize_session=False))
