"""Columns that mean the same on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from server.db.session import Database
from server.stores.models import Store
from tests.factories import make_store

#: In their order; the third is what becomes of a year typed with one figure too few.
MOMENTS = [datetime(year, 3, 1, 12, 30, 0, 7, UTC) for year in (1, 26, 202, 1999, 2026, 9999)]


def test_moments_of_any_year_come_back_and_sort(db: Database) -> None:
    """Text of fixed width on SQLite: 202 is before 1999, and is read again."""
    stores = [db.write(lambda s, n=n: make_store(s, f"Shop {n}")) for n in range(len(MOMENTS))]

    def fill(s):
        for number, moment in zip(stores, MOMENTS, strict=True):
            s.get_one(Store, number).orders_from = moment

    db.write(fill)
    with db.read() as s:
        assert s.scalars(select(Store.orders_from).order_by(Store.orders_from)).all() == MOMENTS
        assert len(s.scalars(select(Store).where(Store.orders_from < MOMENTS[3])).all()) == 3
