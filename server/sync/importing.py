"""Import a store (CH-2): ask it, with no transaction open, and hand what it says to `operations.import_store`."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from sqlalchemy.orm import Session

from server.channels.bounded import ending_in
from server.channels.errors import NeedsSignIn, Unreachable
from server.channels.protocol import Connector, Listing
from server.clock import now
from server.db.session import Database
from server.errors import Busy, Refused
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


def preview(
    db: Database, settings: Settings, store_id: int, *, seconds: float | None = None, connect: Connect = connect
) -> StoreImport:
    """What importing the store would do; changes nothing.

    `seconds`: how long the store may take to tell its listings, where someone waits for the answer. Raises
    `NotFound`, `ChannelError`; `Busy` where they did not come in time.
    """
    asked_at = now()
    reading = _within(seconds, lambda: _listings(connect(db, settings, store_id), _no_longer_than(seconds)))
    listings = _ask(db, store_id, reading)
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


def _no_longer_than(seconds: float | None) -> Progress:
    """Called after each page: raises `Busy` once the time is over."""
    end = None if seconds is None else monotonic() + seconds

    def check(read: str) -> None:
        if end is not None and monotonic() > end:
            raise _too_long(seconds, f": {read} so far")

    return check


def _within(seconds: float | None, ask: Callable[[], Answer]) -> Callable[[], Answer]:
    """`ask`, with every wait for the network ending in time too."""
    if seconds is None:
        return ask

    def asking() -> Answer:
        begun = monotonic()
        try:
            with ending_in(seconds):
                return ask()
        except Unreachable:
            if monotonic() - begun < seconds:
                raise
            raise _too_long(seconds) from None

    return asking


def _too_long(seconds: float | None, how_far: str = "") -> Busy:
    return Busy(
        f"the store did not tell its listings within {seconds:g} s{how_far}. Try again later, or import it without "
        "looking first; the command `store import` looks as long as it takes",
        retry_after=60,
    )


def _ask(db: Database, store_id: int, ask: Callable[[], Answer]) -> Answer:
    try:
        return ask()
    except NeedsSignIn:
        db.write(lambda session: mark_sign_in(session, store_id, True))
        raise
