"""What waiting news stands for. A few orders are read one by one; where more wait, all that changed is read at once.

News is told one by one, and slower than a rush sells. Whoever reads one by one too falls behind, and a push made from
what was known seconds ago shows buyers units that are sold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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


@dataclass(frozen=True)
class CaughtUp:
    """Orders as they are now; `until`: the market's time up to which none is missing, where all were read."""

    orders: Sequence[MarketOrder]
    until: datetime | None = None


def read_orders(db: Database, connector: Connector, store_id: int, numbers: Sequence[str]) -> CaughtUp:
    """The orders of these numbers, and with more than a few of them whatever else changed. Raises `ChannelError`."""
    if len(numbers) <= FEW:
        return CaughtUp(_one_by_one(connector, numbers))
    found: dict[str, MarketOrder] = {}
    until: datetime | None = None
    since, cursor = _since(db, store_id), None
    for _ in range(MOST_PAGES):
        page = connector.orders(since, cursor)
        found.update((order.number, order) for order in page.orders)
        until, cursor = page.seen_until or until, page.next
        if cursor is None:
            break
    missing = [number for number in numbers if number not in found]
    return CaughtUp([*found.values(), *_one_by_one(connector, missing)], until)


def _one_by_one(connector: Connector, numbers: Sequence[str]) -> list[MarketOrder]:
    return [order for number in numbers if (order := connector.order(number)) is not None]


def _since(db: Database, store_id: int) -> datetime:
    """The later of the marks that news and schedule left."""
    with db.read() as session:
        marks = [session.get(Reading, (store_id, what)) for what in (WHAT, "orders")]
    known = [mark.until - OVERLAP for mark in marks if mark is not None and mark.until is not None]
    return max(known, default=now() - BEGINNING)
