"""Waiting news is caught up with at once, however many orders it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from server.channels.errors import Unreachable
from server.channels.protocol import MarketLine, MarketOrder, MarketStatus, OrderPage
from server.db.session import Database
from server.sync import catching_up
from server.sync.catching_up import CaughtUp
from server.sync.reading import remember
from tests.factories import AT, make_store


class Shop:
    """A connector with orders placed a second apart, a page of two at a time; it notes how it was asked."""

    def __init__(self, count: int) -> None:
        self.all = [_order(str(number), AT + timedelta(seconds=number)) for number in range(1, count + 1)]
        self.asked: list[str] = []

    def orders(self, since: datetime, cursor: str | None = None) -> OrderPage:
        self.asked.append(f"page {cursor or 0}")
        changed = [order for order in self.all if order.updated_at >= since]
        start = int(cursor or 0)
        page = changed[start : start + 2]
        more = str(start + 2) if start + 2 < len(changed) else None
        return OrderPage(page, more, page[-1].updated_at if page else None)

    def order(self, number: str) -> MarketOrder | None:
        self.asked.append(number)
        return next((order for order in self.all if order.number == number), None)


def _order(number: str, at: datetime) -> MarketOrder:
    lines = [MarketLine("1", "red", 1)]
    return MarketOrder(number=number, status=MarketStatus.READY_TO_SHIP, updated_at=at, placed_at=at, lines=lines)


def _read(db: Database, shop: Shop, store: int, *numbers: str) -> tuple[list[str], CaughtUp]:
    told = catching_up.read_orders(db, shop, store, numbers)  # type: ignore[arg-type]
    return [order.number for order in told.orders], told


def _mark(db: Database, what: str, at: datetime) -> int:
    def work(session):
        store = make_store(session)
        remember(session, store, what, until=at, at=at)
        return store

    return db.write(work)


def test_a_few_are_read_one_by_one(db: Database) -> None:
    """CH-5: and one that the market does not know is left out."""
    shop, store = Shop(9), _mark(db, "orders", AT)
    assert _read(db, shop, store, "3", "77") == (["3"], CaughtUp([shop.all[2]], answered={"3", "77"}))
    assert shop.asked == ["3", "77"]


@pytest.mark.parametrize("what", ["orders", catching_up.WHAT])
def test_more_are_read_with_all_that_changed_since(db: Database, what: str) -> None:
    """CH-5: also what the market has not told of yet; what the pages lack is read by itself."""
    shop, store = Shop(9), _mark(db, what, AT + timedelta(seconds=6) + catching_up.OVERLAP)
    numbers, told = _read(db, shop, store, "2", "6", "7")
    assert (numbers, told.until) == (["6", "7", "8", "9", "2"], shop.all[8].updated_at)
    assert shop.asked == ["page 0", "page 2", "2"]


def test_a_long_way_is_caught_up_with_in_steps(db: Database) -> None:
    """CH-5: a look has an end; the mark says how far it came."""
    shop, store = Shop(40), _mark(db, "orders", AT)
    numbers, told = _read(db, shop, store, "38", "39", "40")
    most: Sequence[MarketOrder] = shop.all[: 2 * catching_up.MOST_PAGES]
    assert (len(numbers), told.until) == (len(most) + 3, most[-1].updated_at)


class Failing(Shop):
    """It fails once it was asked so often."""

    def __init__(self, count: int, after: int) -> None:
        super().__init__(count)
        self._after = after

    def orders(self, since: datetime, cursor: str | None = None) -> OrderPage:
        self._fail()
        return super().orders(since, cursor)

    def order(self, number: str) -> MarketOrder | None:
        self._fail()
        return super().order(number)

    def _fail(self) -> None:
        if len(self.asked) == self._after:
            raise Unreachable("gone")


def test_what_was_read_before_a_failure_is_there(db: Database) -> None:
    """CH-5: pages and single orders alike; only the rest waits."""
    store = _mark(db, "orders", AT)
    numbers, told = _read(db, Failing(9, after=1), store, "1", "2")
    assert (numbers, told.answered, str(told.failure)) == (["1"], {"1"}, "gone")
    numbers, told = _read(db, Failing(9, after=2), store, "1", "2", "9")
    assert (numbers, told.answered) == (["1", "2", "3", "4"], {"1", "2", "3", "4"})
    assert told.failure is not None and told.until == AT + timedelta(seconds=4)
