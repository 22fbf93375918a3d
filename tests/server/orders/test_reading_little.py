"""The lists of orders that wait read what waits, not all that was ever sold; on SQLite, whose plans can be read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from server.db.session import Database
from server.orders.lists import why
from server.orders.models import Order
from tests.support.statements import counted_reads, plan_of


@pytest.fixture
def empty(sqlite_url: str) -> Iterator[Database]:
    """Nothing in it: the plan is the same."""
    db = Database(sqlite_url)
    yield db
    db.close()


@pytest.mark.parametrize("name", ["at_risk", "to_return", "to_file"])
def test_a_list_of_what_waits_does_not_read_what_every_order_took(empty: Database, name: str) -> None:
    """ORD-14, STK-5: console and add-in ask for it all day, and what was shipped piles up for years."""
    with counted_reads(empty) as seen, empty.read() as session:
        session.scalars(select(Order.id).where(why(name))).all()
    [asked] = [statement for statement in seen if "order_hold" in statement]
    assert "SCAN order_hold" not in plan_of(empty, asked)
