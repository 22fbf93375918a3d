"""What is wrong with one store stays with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.channels.protocol import Features, Listing, ListingPage, News, OrderPage
from server.db.session import Database
from server.errors import WrongUse
from server.settings import Settings
from server.stores.models import StoreSku
from server.sync import flow, inbox
from server.sync.models import Inbox
from server.sync.worker import NewsWorker
from tests.factories import AT, make_store
from tests.support.server import wait_for


class Shop:
    """A connector that has two listings and no orders, or breaks as told."""

    features = Features(news=News.NONE)

    def __init__(self, breaks: Exception | None) -> None:
        self._breaks = breaks

    def orders(self, *_: Any) -> OrderPage:
        if self._breaks:
            raise self._breaks
        return OrderPage([])

    def order(self, number: str) -> None:
        if self._breaks:
            raise self._breaks

    def listings(self, _cursor: str | None) -> ListingPage:
        return ListingPage([Listing("RED", "Red", 1), Listing(" RED ", "Red, padded", 1)])


def shops(broken: int, problem: Exception) -> Callable[[Database, Settings, int], Any]:
    """Connects to every store; `broken` breaks."""
    return lambda _db, _settings, store_id: Shop(problem if store_id == broken else None)


def add_stores(db: Database, *names: str) -> list[int]:
    return db.write(lambda session: [make_store(session, name) for name in names])


PROBLEMS = [WrongUse("its store SKU can't be one"), KeyError("nobody foresaw it")]


@pytest.mark.parametrize("problem", PROBLEMS, ids=["ours", "unexpected"])
def test_stores_after_a_broken_one_are_read(db: Database, tmp_path: Path, problem: Exception) -> None:
    """CH-5: the schedule reaches every store, whatever is wrong with one."""
    first, _ = add_stores(db, "first", "second")
    done = flow.sync_orders(db, Settings(data_dir=tmp_path), by="test", connect=shops(first, problem))
    assert (done.stores, list(done.failed)) == (1, ["first"])
    assert "nobody foresaw" not in done.failed["first"]


@pytest.mark.parametrize("problem", PROBLEMS, ids=["ours", "unexpected"])
def test_news_of_stores_after_a_broken_one_is_handled(db: Database, tmp_path: Path, problem: Exception) -> None:
    """CH-5: news of a broken store waits; that of the next does not wait with it."""
    first, second = add_stores(db, "first", "second")
    for store in (first, second):
        db.write(
            lambda s, store=store: s.add(  # type: ignore[misc]
                Inbox(store_id=store, delivery="1", order_number="N-1", body=b"", received_at=AT)
            )
        )
    done = inbox.handle(db, Settings(data_dir=tmp_path), by="test", connect=shops(first, problem))
    assert (done.stores, list(done.failed)) == (1, ["first"])
    with db.read() as session:
        assert session.scalars(select(Inbox.store_id).where(Inbox.handled_at.is_(None))).all() == [first]


def test_a_code_with_blanks_stays_listed(db: Database, tmp_path: Path) -> None:
    """CAT-8: a store SKU is kept to the letter, also when it is looked for among those that were seen."""
    add_stores(db, "first")
    settings = Settings(data_dir=tmp_path)
    flow.sync_products(db, settings, by="test", connect=shops(0, KeyError()))
    with db.read() as session:
        found = dict(session.execute(select(StoreSku.code, StoreSku.listed)).all())
    assert found == {"RED": True, " RED ": True}


class Gate(Shop):
    """A store that answers only once it is let."""

    def __init__(self, opened: threading.Event, asked: threading.Event) -> None:
        super().__init__(None)
        self._opened, self._asked = opened, asked

    def order(self, number: str) -> None:
        self._asked.set()
        assert self._opened.wait(60)


def test_a_slow_store_does_not_delay_the_news_of_others(db: Database, tmp_path: Path) -> None:
    """CH-5: each store's news is read beside the others'."""
    slow, quick = add_stores(db, "slow", "quick")
    opened, asked = threading.Event(), threading.Event()

    def tell(store: int, delivery: str) -> None:
        hint = Inbox(store_id=store, delivery=delivery, order_number="N-1", body=b"", received_at=AT)
        db.write(lambda s: s.add(hint))

    def waiting() -> list[int]:
        return list(inbox.waiting_stores(db))

    tell(slow, "1")
    worker = NewsWorker(
        db,
        Settings(data_dir=tmp_path),
        connect=lambda _db, _settings, store: Gate(opened, asked) if store == slow else Shop(None),  # type: ignore[arg-type, return-value]
    )
    worker.start()
    try:
        assert asked.wait(60)
        for delivery in ("1", "2"):
            tell(quick, delivery)
            wait_for(lambda: waiting() == [slow], what="the quick store's news to be handled", seconds=60)
        opened.set()
        wait_for(lambda: waiting() == [], what="the slow store's news to be handled", seconds=60)
    finally:
        opened.set()
        worker.stop()
