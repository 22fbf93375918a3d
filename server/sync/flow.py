"""Ask the stores for news, or be told it, and hand it on (CH-5).

Asking and storing take turns: the market is asked with no transaction open, and a page of orders is stored together
with the mark of how far was read. Webhooks are hints: kept word for word, answered at once, and read later by the same
path as the schedule.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.channels.errors import ChannelError, NeedsSignIn
from server.channels.protocol import Connector, News, OrderPage
from server.clock import now
from server.db.session import Database
from server.db.upsert import upsert
from server.errors import StockbookError
from server.operations.change_mapping import match_listings
from server.operations.take_orders import take_orders
from server.orders.taking import Taken
from server.settings import Settings
from server.stores import listings
from server.stores.connecting import connect
from server.stores.credentials import mark_sign_in
from server.stores.mapping import Matches
from server.stores.models import Store
from server.sync.models import Reading

log = logging.getLogger(__name__)

Connect = Callable[[Database, Settings, int], Connector]
Progress = Callable[[str], None]
#: Where reading starts for a store that was never read.
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_PAGES = 10_000


@dataclass
class Synced:
    """What a sync came to: counts, listings that fit several merchant SKUs, the stores that could not be read and
    why."""

    stores: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    ignored: int = 0
    mapped: int = 0
    ambiguous: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, taken: Taken) -> None:
        """Count a page of orders."""
        for name, value in asdict(taken).items():
            setattr(self, name, getattr(self, name) + value)


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

    A store that can't be read is named in the answer; the others go on.
    """
    overlap = timedelta(seconds=settings.sync_overlap_seconds)

    def read(store: Store, connector: Connector, synced: Synced) -> None:
        with db.read() as session:
            mark = session.get(Reading, (store.id, "orders"))
        since = mark.until - overlap if mark is not None and mark.until is not None else store.orders_from or _BEGINNING
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = connector.orders(since, cursor)
            synced.add(db.write(lambda session, page=page: _store_page(session, store.id, page, by)))  # type: ignore[misc]
            cursor = page.next
            if cursor is None:
                return

    return _each_store(db, settings, store_ids, connect, progress, read)


def _store_page(session: Session, store_id: int, page: OrderPage, by: str) -> Taken:
    at = now()
    taken = take_orders(session, session.get_one(Store, store_id), page.orders, by=by, at=at)
    if page.seen_until is not None:
        remember(session, store_id, "orders", until=page.seen_until, at=at)
    return taken


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
        if settings.public_url and connector.features.news is News.WEBHOOK:
            connector.subscribe(webhook_url(settings, store.id))

    return _each_store(db, settings, store_ids, connect, progress, read)


def webhook_url(settings: Settings, store_id: int) -> str:
    """Where a store sends its news."""
    return f"{settings.public_url.rstrip('/')}/api/v1/webhooks/{store_id}"


def _finish_listings(session: Session, store_id: int, seen: set[str], by: str) -> Matches:
    at = now()
    listings.drop_unseen(session, store_id, seen)
    remember(session, store_id, "listings", until=None, at=at)
    return match_listings(session, store_id, by=by, at=at)


def _each_store(
    db: Database,
    settings: Settings,
    store_ids: Iterable[int] | None,
    connect: Connect,
    progress: Progress,
    read: Callable[[Store, Connector, Synced], None],
) -> Synced:
    synced = Synced()
    for store in _active(db, store_ids):
        progress(store.name)
        try:
            read(store, connect(db, settings, store.id), synced)
            synced.stores += 1
            if store.needs_sign_in:  # it takes our credentials again
                db.write(lambda session, store=store: mark_sign_in(session, store.id, False))  # type: ignore[misc]
        except Exception as error:
            # The edge of one store: whatever is wrong with its settings, its connector or one of its orders, the
            # stores after it are read all the same.
            synced.failed[store.name] = reason_of(error, store.name)
            if isinstance(error, NeedsSignIn):
                db.write(lambda session, store=store: mark_sign_in(session, store.id, True))  # type: ignore[misc]
    return synced


def reason_of(error: Exception, store: str) -> str:
    """Why a store could not be read, for people; what nobody foresaw goes to the log whole."""
    if isinstance(error, ChannelError | StockbookError):
        reason = error.reason if isinstance(error, ChannelError) else error.text
        log.warning("store %s could not be read: %s", store, reason)
        return reason
    log.exception("store %s could not be read", store)
    return f"unexpected: {type(error).__name__}; the server's log has more"


def _active(db: Database, store_ids: Iterable[int] | None) -> Sequence[Store]:
    query = select(Store).where(Store.active).order_by(Store.id)
    if store_ids is not None:
        query = query.where(Store.id.in_(list(store_ids)))
    with db.read() as session:
        return session.scalars(query).all()


def remember(
    session: Session, store_id: int, what: str, *, until: datetime | None, at: datetime, ack: str | None = None
) -> None:
    """Note how far a store was read; within the overlap it may step back, and only costs a page read twice."""
    insert = upsert(session, Reading).values(store_id=store_id, what=what, until=until, ack=ack, read_at=at)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["store_id", "what"],
            set_={"until": insert.excluded.until, "ack": insert.excluded.ack, "read_at": insert.excluded.read_at},
        )
    )
