"""What a reading of stores came to, and reading several of them side by side."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.channels.errors import ChannelError, NeedsSignIn
from server.channels.protocol import Connector
from server.db.session import Database
from server.db.upsert import upsert
from server.errors import StockbookError
from server.orders.taking import Taken
from server.settings import Settings
from server.stores.credentials import mark_sign_in
from server.stores.models import Store
from server.stores.side_by_side import SideBySide
from server.sync.models import Reading

log = logging.getLogger(__name__)

Connect = Callable[[Database, Settings, int], Connector]
Progress = Callable[[str], None]


@dataclass
class Synced:
    """What a sync came to: counts, listings that fit several merchant SKUs, what was taken in otherwise than told,
    orders that could not be taken in and why, the stores that could not be read and why."""

    stores: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    ignored: int = 0
    mapped: int = 0
    ambiguous: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def take(self, taken: Taken, store: str) -> None:
        """Count a page of a store's orders."""
        self.new += taken.new
        self.changed += taken.changed
        self.same += taken.same
        self.ignored += taken.ignored
        self.odd += [f"{store}: {text}" for text in taken.odd]
        self.left += [f"{store}: order {number or 'without a number'}: {why}" for number, why in taken.left.items()]

    def add(self, other: Synced) -> None:
        """Count what another store came to."""
        for name in ("stores", "new", "changed", "same", "ignored", "mapped", "ambiguous", "odd", "left"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.failed |= other.failed


def each_store(
    db: Database,
    settings: Settings,
    store_ids: Iterable[int] | None,
    connect: Connect,
    progress: Progress,
    read: Callable[[Store, Connector, Synced], None],
) -> Synced:
    """Read every active store, or those of `store_ids`, side by side: one that is slow or can't be read holds up no
    other. What was read of a store before it failed counts."""
    stores = {store.id: store for store in _active(db, store_ids)}
    threads = SideBySide(lambda number: one_store(db, settings, stores[number], connect, read), name="sync")
    synced = Synced()
    try:
        started = threads.dispatch((store.id, store.needs_sign_in) for store in stores.values())
        for done in as_completed(started):
            synced.add(done.result())
            progress(f"{synced.stores + len(synced.failed)} of {len(stores)} stores")
    finally:
        threads.close()
    return synced


def one_store(
    db: Database, settings: Settings, store: Store, connect: Connect, read: Callable[[Store, Connector, Synced], None]
) -> Synced:
    """Read one store. Raises nothing: why it could not be read is in the answer."""
    synced = Synced()
    try:
        read(store, connect(db, settings, store.id), synced)
        synced.stores += 1
        if store.needs_sign_in:  # it takes our credentials again
            db.write(lambda session: mark_sign_in(session, store.id, False))
    except Exception as error:
        # The edge of one store: whatever is wrong with its settings or its connector, the others are read all the same.
        synced.failed[store.name] = _reason(error, store.name)
        if isinstance(error, NeedsSignIn):
            db.write(lambda session: mark_sign_in(session, store.id, True))
    return synced


def remember(
    session: Session,
    store_id: int,
    what: str,
    *,
    until: datetime | None,
    at: datetime,
    ack: str | None = None,
    start: datetime | None = None,
) -> None:
    """Note how far a store was read; within the overlap it may step back, and only costs a page read twice.

    An order that says it changed tomorrow must not have today's passed over: the mark is never ahead of us.
    """
    mark = None if until is None else min(until, at)
    values = {"until": mark, "ack": ack, "read_at": at, "start": start}
    insert = upsert(session, Reading).values(store_id=store_id, what=what, **values)
    renewed = {name: insert.excluded[name] for name in values}
    session.execute(insert.on_conflict_do_update(index_elements=["store_id", "what"], set_=renewed))


def _reason(error: Exception, store: str) -> str:
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
