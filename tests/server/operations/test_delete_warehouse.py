from __future__ import annotations

from decimal import Decimal

import pytest

from server.db.session import Database
from server.errors import NotFound, Refused
from server.operations.delete_warehouse import delete_warehouse
from server.orders.models import Order
from server.places.queries import find_warehouse
from server.push.models import PushRule, PushRuleWarehouse
from server.warehousing.models import StockList
from tests.factories import AT, make_sku, make_store, make_warehouse, put_stock

BY = {"by": "anna", "at": AT}


@pytest.fixture
def east(db: Database) -> int:
    """A warehouse that is not the default."""
    return db.write(lambda s: (make_warehouse(s, default=True), make_warehouse(s, "EAST"))[1])


def make_order(session, store: int, warehouse: int, state: str) -> None:
    session.add(
        Order(
            store_id=store, number=state, state=state, market_status="", warehouse_id=warehouse, placed_at=AT,
            seen_at=AT, content="", created_at=AT, updated_at=AT,
        )
    )  # fmt: skip


def test_what_still_uses_it_is_named(db: Database, east: int) -> None:
    """WH-5: refused with what stands in the way."""

    def use(session):
        store = make_store(session, warehouse_id=east)
        make_sku(session, "A", default_warehouse_id=east)
        for state in ("to_pack", "completed"):
            make_order(session, store, east, state)
        session.add(StockList(direction="in", state="todo", warehouse_id=east, created_at=AT, created_by="anna"))
        session.add(PushRule(id=1, name="All", key="all", percentage=Decimal(100), created_at=AT))
        session.flush()
        session.add(PushRuleWarehouse(rule_id=1, warehouse_id=east))

    db.write(use)
    with pytest.raises(Refused) as refused:
        db.write(lambda s: delete_warehouse(s, east, **BY))
    assert refused.value.text == (
        "warehouse 'EAST' is still used by 1 stores, 1 SKUs as their default, 1 open orders, 1 stock lists to do, "
        "1 push rules; give them another one first"
    )


def test_stock_comes_first(db: Database, east: int) -> None:
    """WH-5: the SKUs that are there are listed."""
    db.write(lambda s: put_stock(s, east, make_sku(s, "A"), 4))
    with pytest.raises(Refused, match="not empty") as refused:
        db.write(lambda s: delete_warehouse(s, east, **BY))
    assert refused.value.errors == [{"sku": "A", "on_hand": 4, "on_the_way": 0}]


def test_what_is_over_does_not_hinder(db: Database, east: int) -> None:
    """WH-5: completed orders and stock lists stay behind."""

    def use(session):
        make_order(session, make_store(session), east, "completed")
        session.add(
            StockList(
                direction="in", state="completed", warehouse_id=east, created_at=AT, created_by="a", completed_at=AT
            )
        )

    db.write(use)
    db.write(lambda s: delete_warehouse(s, east, **BY))
    with db.read() as session, pytest.raises(NotFound):
        find_warehouse(session, east)
