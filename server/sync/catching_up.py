"""What waiting news stands for. A few orders are read one by one; where more wait, all that changed is read at once.

News is told one by one, and slower than a rush sells. Whoever reads one by one too falls behind, and a push made from
what was known seconds ago shows buyers units that are sold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.channels.errors import ChannelError, Unreadable
from server.channels.protocol import Connector, MarketOrder
from server.clock import now
from server.db.session import Database
from server.sync.models import Reading

#: The mark of how far news was caught up with, in the market's own time.
WHAT = "news"
#: Up to so many orders are read one by one, and so many pages of changes at once.
FEW, MOST_PAGES = 2, 5
#: How far before the mark it is read again, and how far back it begins without one.
OVERLAP, BEGINNING = timedelta(seconds=5), timedelta(seconds=60)


@dataclass
class CaughtUp:
    """Orders as they are now. `until`: the market's time up to which none is missing, where all were read. `answered`:
    numbers that the store has answered for, whatever it said. `failure`: why it said no more than this."""

    orders: list[MarketOrder] = field(default_factory=list)
    until: datetime | None = None
    unreadable: dict[str, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    failure: ChannelError | None = None


def read_orders(db: Database, connector: Connector, store_id: int, numbers: Sequence[str]) -> CaughtUp:
    """The orders of these numbers, and with more than a few of them whatever else changed. What was read before the
    store failed is there."""
    told = CaughtUp()
    try:
        if len(numbers) > FEW:
            _read_changes(connector, _since(db, store_id), told)
        _read_one_by_one(connector, [number for number in numbers if number not in told.answered], told)
    except ChannelError as failure:
        told.failure = failure
    return told


def _read_changes(connector: Connector, since: datetime, told: CaughtUp) -> None:
    found: dict[str, MarketOrder] = {}
    cursor: str | None = None
    try:
        for _ in range(MOST_PAGES):
            page = connector.orders(since, cursor)
            found.update((order.number, order) for order in page.orders)
            told.unreadable |= page.unreadable
            told.until, cursor = page.seen_until or told.until, page.next
            if cursor is None:
                break
    finally:
        told.orders = list(found.values())
        told.answered = found.keys() | told.unreadable.keys()


def _read_one_by_one(connector: Connector, numbers: Sequence[str], told: CaughtUp) -> None:
    for number in numbers:
        try:
            order = connector.order(number)
        except Unreadable as why:
            told.unreadable[number] = why.reason
        else:
            if order is not None:
                told.orders.append(order)
        told.answered.add(number)


def _since(db: Database, store_id: int) -> datetime:
    """The later of the marks that news and schedule left."""
    with db.read() as session:
        marks = [session.get(Reading, (store_id, what)) for what in (WHAT, "orders")]
    known = [mark.until - OVERLAP for mark in marks if mark is not None and mark.until is not None]
    return max(known, default=now() - BEGINNING)
