"""Storing what a store said of its orders. One order that can't be taken in never holds back the others of its page:
it is set aside with the reason, said in the run, and looked at again the next time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from server.channels.protocol import MarketOrder
from server.clock import now
from server.db.bulk import TEXT, relation
from server.db.session import Database
from server.db.upsert import upsert
from server.errors import Busy, StockbookError
from server.operations.take_orders import take_orders
from server.orders.taking import Taken
from server.stores.models import Store
from server.sync.models import UnreadOrder

log = logging.getLogger(__name__)

#: Orders set aside that a run looks at again, those that wait longest first.
AGAIN_AT_ONCE = 20
_MOST_LETTERS = 120
_REASON_LETTERS = 500


def store_orders(
    db: Database,
    store_id: int,
    orders: Sequence[MarketOrder],
    *,
    unreadable: Mapping[str, str],
    also: Callable[[Session, Taken], None],
    by: str,
) -> Taken:
    """Take orders in, all in one transaction with `also`. Where that fails, each by itself, and `also` at the end.

    `unreadable`: by number, orders that were not even understood. Raises what the database itself fails with.
    """

    def whole(session: Session) -> Taken:
        taken = take_orders(session, session.get_one(Store, store_id), orders, by=by, at=now())
        return _end(session, store_id, orders, taken, unreadable, also)

    try:
        return db.write(whole)
    except Exception as error:
        # The edge of a page: whatever one of its orders ran into, the others are taken in.
        if _is_the_database_s(error):
            raise
    taken = _each_by_itself(db, store_id, orders, by)
    return db.write(lambda session: _end(session, store_id, orders, taken, unreadable, also))


def set_aside(session: Session, store_id: int) -> Sequence[str]:
    """Numbers of the store's orders that could not be taken in, to be looked at again."""
    waits = select(UnreadOrder.number).where(UnreadOrder.store_id == store_id)
    return session.scalars(waits.order_by(UnreadOrder.tried_at, UnreadOrder.number).limit(AGAIN_AT_ONCE)).all()


def done_with(session: Session, store_id: int, numbers: Collection[str]) -> None:
    """These orders were taken in, or the market does not know them any more: nothing is left to look at."""
    with relation(session, {"number": TEXT}, [(number[:_MOST_LETTERS],) for number in numbers]) as r:
        gone = delete(UnreadOrder).where(UnreadOrder.store_id == store_id, UnreadOrder.number.in_(select(r.c.number)))
        session.execute(gone.execution_options(synchronize_session=False))


def _each_by_itself(db: Database, store_id: int, orders: Sequence[MarketOrder], by: str) -> Taken:
    """Halves of a page, and halves of those, until what fails is one order."""
    if not orders:
        return Taken()
    try:
        return db.write(lambda s: take_orders(s, s.get_one(Store, store_id), orders, by=by, at=now()))
    except Exception as error:
        # The edge of one order, once a page has come down to it.
        if _is_the_database_s(error):
            raise
        if len(orders) == 1:
            return Taken(left={orders[0].number: _why(error, orders[0].number)})
    half = len(orders) // 2
    taken = _each_by_itself(db, store_id, orders[:half], by)
    taken.add(_each_by_itself(db, store_id, orders[half:], by))
    return taken


def _end(
    session: Session,
    store_id: int,
    orders: Sequence[MarketOrder],
    taken: Taken,
    unreadable: Mapping[str, str],
    also: Callable[[Session, Taken], None],
) -> Taken:
    taken.left = {**unreadable, **taken.left}
    if set_aside(session, store_id):
        done_with(session, store_id, {order.number for order in orders} - taken.left.keys())
    _set_aside(session, store_id, taken.left)
    also(session, taken)
    return taken


def _set_aside(session: Session, store_id: int, left: Mapping[str, str]) -> None:
    """An order without a number can't be asked for again: it comes back with its page, or is said no more."""
    at = now()
    rows = [
        {"store_id": store_id, "number": number, "reason": reason[:_REASON_LETTERS], "since": at, "tried_at": at}
        for number, reason in sorted(left.items())
        if number.strip() and len(number) <= _MOST_LETTERS and number.isprintable()
    ]
    if rows:
        insert = upsert(session, UnreadOrder)
        again = {"reason": insert.excluded.reason, "tried_at": insert.excluded.tried_at}
        session.execute(insert.on_conflict_do_update(index_elements=["store_id", "number"], set_=again), rows)


def _why(error: Exception, number: str) -> str:
    if isinstance(error, StockbookError):
        return error.text
    log.error("order %r could not be taken in", number[:_MOST_LETTERS], exc_info=error)
    return f"unexpected: {type(error).__name__}; the server's log has more"


def _is_the_database_s(error: Exception) -> bool:
    """Whether no order can help it: the database is busy or away."""
    return isinstance(error, Busy | OperationalError | InterfaceError)
