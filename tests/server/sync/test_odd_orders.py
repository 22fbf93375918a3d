"""One order that can't be taken in never holds back the others, and is looked at again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.channels.errors import Unreadable
from server.channels.protocol import Features, Hint, MarketOrder, News, OrderPage
from server.db.session import Database
from server.errors import Busy
from server.orders.models import Order
from server.settings import Settings
from server.sync import flow, inbox, storing
from server.sync.models import Reading, UnreadOrder
from server.sync.reading import Synced
from tests.factories import AT, make_store, make_warehouse
from tests.server.orders.desk import news

ORDERS = {number: news(number, ("red", 1), minutes=place) for place, number in enumerate("ABCDE")}


class Shop:
    """A connector with these orders on one page; it notes for which it was asked one by one."""

    features = Features(news=News.NONE)

    def __init__(self) -> None:
        self.orders_now: dict[str, MarketOrder] = dict(ORDERS)
        self.unreadable: dict[str, str] = {}
        self.asked: list[str] = []

    def orders(self, since: datetime, _cursor: str | None = None) -> OrderPage:
        changed = [order for order in self.orders_now.values() if order.updated_at >= since]
        return OrderPage(changed, None, changed[-1].updated_at if changed else None, self.unreadable)

    def order(self, number: str) -> MarketOrder | None:
        self.asked.append(number)
        if number in self.unreadable:
            raise Unreadable(self.unreadable[number])
        return self.orders_now.get(number)


class Company:
    """A database, and the shop that its one store is connected to."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db, self.shop = db, Shop()
        self.settings = Settings(data_dir=folder, sync_overlap_seconds=0)
        self.store = db.write(lambda s: (make_warehouse(s, default=True), make_store(s))[1])

    def sync(self) -> Synced:
        return flow.sync_orders(self.db, self.settings, by="test", connect=lambda *_: self.shop)  # type: ignore[arg-type, return-value]

    def handle(self, *numbers: str) -> Synced:
        hints = [Hint(number, number) for number in numbers]
        self.db.write(lambda s: inbox.keep(s, self.store, hints, b""))
        return inbox.handle(self.db, self.settings, by="test", connect=lambda *_: self.shop)  # type: ignore[arg-type, return-value]

    def numbers(self) -> list[str]:
        with self.db.read() as s:
            return sorted(s.scalars(select(Order.number)))

    def set_aside(self) -> dict[str, str]:
        with self.db.read() as s:
            return dict(s.execute(select(UnreadOrder.number, UnreadOrder.reason)).all())


@pytest.fixture
def company(db: Database, tmp_path: Path) -> Company:
    return Company(db, tmp_path)


def stumbling(over: str, problem: Exception) -> Callable[..., Any]:
    """`take_orders` that fails with any page that this order is on."""
    real = storing.take_orders

    def take(session: Any, store: Any, orders: Any, **more: Any) -> Any:
        if any(order.number == over for order in orders):
            raise problem
        return real(session, store, orders, **more)

    return take


def test_an_order_that_nobody_foresaw_is_set_aside(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """CH-5: the others of its page are taken in, reading goes on after it, and it is looked at again."""
    with monkeypatch.context() as patched:
        patched.setattr(storing, "take_orders", stumbling("C", KeyError("nobody foresaw it")))
        done = company.sync()
        assert (done.new, done.failed, company.numbers()) == (4, {}, ["A", "B", "D", "E"])
        [said] = done.left
        assert said.startswith("Shop: order C: unexpected: KeyError") and list(company.set_aside()) == ["C"]
        with company.db.read() as s:
            assert s.get_one(Reading, (company.store, "orders")).until == ORDERS["E"].updated_at
        assert len(company.sync().left) == 1, "said again as long as it is so"
    assert company.sync().new == 1
    assert (company.shop.asked, company.set_aside(), company.numbers()) == (["C", "C"], {}, list("ABCDE"))
    company.sync()
    assert company.shop.asked == ["C", "C"], "and then no more"


def test_one_that_its_store_no_longer_knows_is_forgotten(company: Company) -> None:
    """CH-5: nothing is left to look at."""
    company.shop.orders_now["C"] = replace(ORDERS["C"], lines=[replace(ORDERS["C"].lines[0], quantity=-1)])
    assert len(company.sync().left) == 1
    del company.shop.orders_now["C"]
    assert (company.sync().left, company.set_aside()) == ([], {})


def test_one_that_the_connector_does_not_understand(company: Company) -> None:
    """CH-5: by schedule and by webhook alike."""
    company.shop.unreadable["X"] = "ValueError: 1.5 is no whole number"
    done = company.handle("X", "A")
    assert (done.new, done.left) == (1, ["Shop: order X: ValueError: 1.5 is no whole number"])
    assert not inbox.anything_waiting(company.db)
    assert company.sync().new == 4
    assert company.set_aside() == {"X": "ValueError: 1.5 is no whole number"}
    company.shop.unreadable.clear()
    company.shop.orders_now["X"] = replace(ORDERS["A"], number="X")
    assert company.sync().new == 1
    assert company.set_aside() == {}


def test_a_database_that_fails_is_no_order_s_fault(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """CH-5: the page waits as a whole, and its mark with it."""
    with monkeypatch.context() as patched:
        patched.setattr(storing, "take_orders", stumbling("C", Busy("the database is busy")))
        assert company.sync().failed == {"Shop": "the database is busy"}
        assert company.set_aside() == {}
    assert company.sync().new == 5


def test_a_hint_with_a_name_that_can_not_be_kept(company: Company) -> None:
    """CH-5: it is no reason to refuse the delivery; the schedule reads the order."""
    assert company.handle("x" * 500, "nul\x00").failed == {}
    assert not inbox.anything_waiting(company.db)


def test_an_order_from_the_future_passes_over_no_other(company: Company) -> None:
    """CH-5: the mark of how far was read is never ahead of us."""
    far = datetime(2999, 1, 1, tzinfo=AT.tzinfo)
    company.shop.orders_now["Z"] = replace(ORDERS["A"], number="Z", updated_at=far)
    assert company.sync().new == 6
    company.shop.orders_now["F"] = replace(ORDERS["A"], number="F", updated_at=datetime(2998, 1, 1, tzinfo=AT.tzinfo))
    assert company.sync().new == 1
