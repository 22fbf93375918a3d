from __future__ import annotations

import pytest
from sqlalchemy import select

from server.channels.protocol import MarketLine, MarketOrder, MarketStatus
from server.db.session import Database
from server.operations.transfer_arrives import transfer_arrives
from server.orders.models import Order
from server.orders.taking import take_in
from server.stores.models import Store
from server.switches import service as switches
from server.warehousing import transfers
from server.warehousing.transfers import NewTransfer, Sent
from tests.factories import AT, make_sku, make_store, make_store_sku, make_warehouse, put_stock


@pytest.mark.parametrize(("turned", "state"), [(True, "to_pack"), (False, "out_of_stock")])
def test_orders_that_wait_are_tried_again(db: Database, turned: bool, state: str) -> None:
    """ORD-7: by itself after units came in, when the setting says so."""

    def work(s) -> str:
        main, east = make_warehouse(s, "MAIN", default=True), make_warehouse(s, "EAST")
        red, store = make_sku(s, "RED"), make_store(s, warehouse_id=east)
        make_store_sku(s, store, "red", red)
        news = MarketOrder(
            number="1", status=MarketStatus.READY_TO_SHIP, placed_at=AT, paid_at=AT, updated_at=AT,
            lines=[MarketLine("1", "red", 2)],
        )  # fmt: skip
        take_in(s, s.get_one(Store, store), [news], by="sync", at=AT)
        put_stock(s, main, red, 2)
        switches.turn(s, switches.ALLOCATE_ON_STOCK_IN.name, turned, by="anna", at=AT)
        rows = transfers.create_transfers(s, [NewTransfer(main, east, [Sent(red, 2)])], by="anna", at=AT)
        transfers.dispatch(s, rows, by="anna", at=AT)
        transfer_arrives(s, rows[0], by="anna", at=AT)
        return s.scalars(select(Order.state)).one()

    assert db.write(work) == state
