"""Import a store (CH-2): ask it, with no transaction open, and hand what it says to `operations.import_store`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from server.channels.errors import NeedsSignIn
from server.channels.protocol import Connector, Listing
from server.clock import now
from server.db.session import Database
from server.errors import Refused
from server.operations import import_store as operation
from server.operations.import_store import StoreImport, plan_import
from server.settings import Settings
from server.stores.connecting import connect
from server.stores.credentials import mark_sign_in
from server.sync.flow import sync_orders
from server.sync.reading import Connect, Progress, remember

#: Pages of listings that are read at most; a market whose paging never ends must not fill the memory.
MOST_PAGES = 10_000
Answer = TypeVar("Answer")


def preview(db: Database, settings: Settings, store_id: int, *, connect: Connect = connect) -> StoreImport:
    """What importing the store would do; changes nothing. Raises `NotFound`, `ChannelError`."""
    asked_at = now()
    listings = _ask(db, store_id, lambda: _listings(connect(db, settings, store_id), lambda _: None))
    with db.read() as session:
        return plan_import(session, store_id, listings, asked_at=asked_at)


def import_store(
    db: Database,
    settings: Settings,
    store_id: int,
    *,
    by: str,
    connect: Connect = connect,
    progress: Progress = lambda _: None,
) -> StoreImport:
    """Import the store. Its orders are read first: what they wait for is missing from what buyers see.

    Raises `NotFound`, `ChannelError`; `Refused` where its orders can't be read.
    """
    progress("orders")
    synced = sync_orders(db, settings, by=by, store_ids=[store_id], connect=connect)
    if synced.failed:
        raise Refused(f"the store's orders can't be read: {next(iter(synced.failed.values()))}")
    asked_at = now()
    listings = _ask(db, store_id, lambda: _listings(connect(db, settings, store_id), progress))

    def work(session: Session) -> StoreImport:
        at = now()
        remember(session, store_id, "listings", until=None, at=at)
        return operation.import_store(session, store_id, listings, asked_at=asked_at, by=by, at=at)

    return db.write(work)


def _listings(connector: Connector, progress: Progress) -> list[Listing]:
    found: list[Listing] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = connector.listings(cursor)
        found.extend(page.items)
        progress(f"{len(found)} listings")
        cursor = page.next
        if cursor is None:
            break
    return found


def _ask(db: Database, store_id: int, ask: Callable[[], Answer]) -> Answer:
    try:
        return ask()
    except NeedsSignIn:
        db.write(lambda session: mark_sign_in(session, store_id, True))
        raise
