"""Stores are asked to send their news here as soon as they are read, and again when anything about them changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.channels.errors import Refused, Unreachable
from server.channels.protocol import Features, News, OrderPage
from server.db.session import Database
from server.settings import Settings
from server.stores.credentials import keys_of, save_secrets
from server.stores.models import Store
from server.sync import flow
from server.sync.reading import Synced
from tests.factories import AT, make_store


class Shop:
    """A connector without orders that notes where it was asked to send its news, or fails as told."""

    features = Features(news=News.WEBHOOK)

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails: Exception | None = None

    def orders(self, *_: Any) -> OrderPage:
        return OrderPage([])

    def subscribe(self, url: str) -> None:
        if self.fails is not None:
            raise self.fails
        self.asked.append(url)


class Company:
    """A database with one store."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db, self.shop = db, Shop()
        self.settings = Settings(data_dir=folder, public_url="https://stock.test/")
        self.store = db.write(make_store)

    def sync(self, public_url: str = "https://stock.test/") -> Synced:
        settings = Settings(data_dir=self.settings.data_dir, public_url=public_url)
        return flow.sync_orders(self.db, settings, by="test", connect=lambda *_: self.shop)  # type: ignore[arg-type, return-value]


@pytest.fixture
def company(db: Database, tmp_path: Path) -> Company:
    return Company(db, tmp_path)


def test_the_first_order_sync_asks_for_webhooks(company: Company) -> None:
    """CH-5: not only the hourly product sync; asked once, as long as nothing changes."""
    company.sync()
    company.sync()
    assert company.shop.asked == [f"https://stock.test/api/v1/webhooks/{company.store}"]


def test_another_address_setting_or_secret_asks_again(company: Company) -> None:
    """CH-5: a store would go on sending to where we were, or sign with what it had."""
    company.sync()
    company.sync("https://elsewhere.test")
    company.db.write(lambda s: setattr(s.get_one(Store, company.store), "settings", {"shop": "another"}))
    company.sync("https://elsewhere.test")
    keys = keys_of(company.settings)
    company.db.write(lambda s: save_secrets(s, keys, company.store, {"secret": "new"}, at=AT))
    company.sync("https://elsewhere.test")
    company.sync("https://elsewhere.test")
    assert len(company.shop.asked) == 4
    assert company.sync("").failed == {}, "without an address of ours nothing is asked"


def test_a_store_that_says_no_is_read_all_the_same(company: Company) -> None:
    """CH-5: the schedule reads it; that it said no is said once. One that did not answer is asked again."""
    company.shop.fails = Unreachable("away")
    assert company.sync().failed == {"Shop": "away"}
    company.shop.fails = Refused("give it a secret first")
    said = company.sync()
    assert (said.failed, said.odd) == ({}, ["Shop: sends no news by itself: give it a secret first"])
    assert company.sync().odd == []
