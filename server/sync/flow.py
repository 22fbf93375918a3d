"""Ask the stores for news, and hand it on (CH-5).

Asking and storing take turns: the market is asked with no transaction open, and a page of orders is stored together
with the mark of how far was read. Webhooks are hints: kept word for word, answered at once, and read later by the same
path as the schedule.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from server.channels.errors import Unreadable
from server.channels.protocol import Connector, MarketOrder, OrderPage
from server.clock import now
from server.db.session import Database
from server.operations.change_mapping import match_listings
from server.orders.taking import Taken
from server.settings import Settings
from server.stores import listings
from server.stores.connecting import connect
from server.stores.mapping import Matches
from server.stores.models import Store
from server.sync import storing
from server.sync.models import Reading
from server.sync.reading import Connect, Progress, Synced, each_store, remember
from server.sync.subscribing import subscribe

#: Where reading starts for a store that was never read.
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_PAGES = 10_000


def sync_orders(
    db: Database,
    settings: Settings,
    *,
    by: str,
    store_ids: Iterable[int] | None = None,
    connect: Connect = connect,
    progress: Progress = lambda _: None,
) -> Synced:
    """Read what changed in the stores' orders since the last time, with an overlap, and take it in.

    A store that can't be read is named in the answer; the others go on. So do the other orders of one that can't be
    taken in.
    """
    overlap = timedelta(seconds=settings.sync_overlap_seconds)

    def read(store: Store, connector: Connector, synced: Synced) -> None:
        with db.read() as session:
            mark = session.get(Reading, (store.id, "orders"))
            again = set(storing.set_aside(session, store.id))
        since = _since(store, mark, overlap)
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = connector.orders(since, cursor)
            synced.take(_store_page(db, store, page, by), store.name)
            again -= {order.number for order in page.orders} | page.unreadable.keys()
            cursor = page.next
            if cursor is None:
                break
        if again:
            synced.take(_look_again(db, store.id, connector, sorted(again), by), store.name)
        subscribe(db, settings, store, connector, synced)

    return each_store(db, settings, store_ids, connect, progress, read)


def _since(store: Store, mark: Reading | None, overlap: timedelta) -> datetime:
    """From where a store's orders are read: where the last reading stopped, or its start date where that was moved to
    an earlier day since (ORD-12)."""
    start = store.orders_from or _BEGINNING
    if mark is None or mark.until is None or start < (mark.start or _BEGINNING):
        return start
    return mark.until - overlap


def _store_page(db: Database, store: Store, page: OrderPage, by: str) -> Taken:
    def also(session: Session, _: Taken) -> None:
        if page.seen_until is not None:
            remember(session, store.id, "orders", until=page.seen_until, at=now(), start=store.orders_from)

    return storing.store_orders(db, store.id, page.orders, unreadable=page.unreadable, also=also, by=by)


def _look_again(db: Database, store_id: int, connector: Connector, numbers: list[str], by: str) -> Taken:
    """Orders that could not be taken in before."""
    found: list[MarketOrder] = []
    unreadable: dict[str, str] = {}
    gone: list[str] = []
    for number in numbers:
        try:
            order = connector.order(number)
        except Unreadable as why:
            unreadable[number] = why.reason
            continue
        found.append(order) if order is not None else gone.append(number)

    def also(session: Session, _: Taken) -> None:
        storing.done_with(session, store_id, gone)

    return storing.store_orders(db, store_id, found, unreadable=unreadable, also=also, by=by)


def sync_products(
    db: Database,
    settings: Settings,
    *,
    by: str,
    store_ids: Iterable[int] | None = None,
    connect: Connect = connect,
    progress: Progress = lambda _: None,
) -> Synced:
    """Read the stores' listings, keep them as store SKUs, and map those that match (CAT-10)."""

    def read(store: Store, connector: Connector, synced: Synced) -> None:
        cursor: str | None = None
        seen: set[str] = set()
        for _ in range(_MOST_PAGES):
            page = connector.listings(cursor)
            seen.update(listing.store_sku for listing in page.items)
            taken = db.write(
                lambda session, page=page: listings.take_listings(session, store.id, page.items, by=by, at=now())  # type: ignore[misc]
            )
            synced.new += taken.made
            synced.same += taken.known
            cursor = page.next
            if cursor is None:
                break
        matches = db.write(lambda session: _finish_listings(session, store.id, seen, by))
        synced.mapped += len(matches.mapped)
        synced.ambiguous += [f"{store.name}: {one.text}" for one in matches.ambiguous]
        subscribe(db, settings, store, connector, synced, again=True)

    return each_store(db, settings, store_ids, connect, progress, read)


def _finish_listings(session: Session, store_id: int, seen: set[str], by: str) -> Matches:
    at = now()
    listings.drop_unseen(session, store_id, seen)
    remember(session, store_id, "listings", until=None, at=at)
    return match_listings(session, store_id, by=by, at=at)
