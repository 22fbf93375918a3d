"""From where a store's orders are read (ORD-12)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.channels.protocol import Features, News, OrderPage
from server.db.session import Database
from server.settings import Settings
from server.stores.models import Store
from server.sync import flow
from tests.factories import make_store

APRIL, JUNE = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


class Shop:
    """A connector that notes from when on it was asked, and was seen until June."""

    features = Features(news=News.NONE)

    def __init__(self) -> None:
        self.since: list[datetime] = []

    def orders(self, since: datetime, *_: Any) -> OrderPage:
        self.since.append(since)
        return OrderPage([], seen_until=JUNE)


@pytest.mark.parametrize("earlier", [APRIL - timedelta(days=9), None])
def test_a_start_date_moved_earlier_is_read_from(db: Database, tmp_path: Path, earlier: datetime | None) -> None:
    """ORD-12: the orders between come in too; once. A later date goes on where the reading stopped."""
    shop, settings = Shop(), Settings(data_dir=tmp_path)
    store = db.write(make_store)

    def sync(start: datetime | None) -> datetime:
        db.write(lambda s: setattr(s.get_one(Store, store), "orders_from", start))
        flow.sync_orders(db, settings, by="test", connect=lambda *_: shop)  # type: ignore[arg-type, return-value]
        return shop.since[-1]

    overlap = timedelta(seconds=settings.sync_overlap_seconds)
    assert sync(APRIL) == APRIL
    assert sync(APRIL) == JUNE - overlap
    assert sync(APRIL + timedelta(days=9)) == JUNE - overlap
    assert sync(earlier) == (earlier or datetime(2000, 1, 1, tzinfo=UTC))
    assert sync(earlier) == JUNE - overlap
