"""Deleting a warehouse, and what follows in every room."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, select

from server.catalog.models import MerchantSku
from server.errors import NotFound, Refused
from server.ledger.models import Movement
from server.ledger.movements import Kind, Line
from server.ledger.posting import Figures, post
from server.operations.delete_warehouse import Freed, delete_warehouse, restore_warehouse
from server.operations.warehouse_uses import users
from server.orders.models import Order
from server.orders.states import Action
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed
from server.places.models import SafetyStock, Shelf, Warehouse
from server.places.queries import find_warehouse, warehouses
from server.push.models import PushRule, PushRuleStore, PushRuleWarehouse
from server.schema import METADATA
from server.stores.models import Store
from server.warehousing import transfers
from server.warehousing.completing import complete_list
from server.warehousing.models import StockList, StockListLine
from server.warehousing.service import ListLine, NewList, create_list
from server.warehousing.transfers import NewTransfer, Sent, create_transfers
from tests.factories import AT, entry, make_sku, make_warehouse
from tests.server.operations.shop import Shop
from tests.support.http import Api

BY: dict[str, Any] = {"by": "anna", "at": AT}

#: Tables that name a warehouse: those that deleting one works off, and those that keep it as history.
WORKED_OFF = {
    "order", "order_hold", "merchant_sku", "store",
    "push_rule_warehouse", "shelf", "safety_stock", "stock_list",
}  # fmt: skip
HISTORY = {"movement", "balance", "transfer", "stock_count", "order_return_line"}


@pytest.fixture
def east(shop: Shop) -> int:
    """A second warehouse, from which the store ships."""

    def work(s) -> int:
        east = make_warehouse(s, "EAST")
        s.get_one(Store, shop.store).warehouse_id = east
        return east

    return shop.db.write(work)


def remove(shop: Shop, warehouse_id: int) -> Freed:
    return shop.db.write(lambda s: delete_warehouse(s, warehouse_id, **BY))


def count(shop: Shop, warehouse_id: int, sku_id: int, change: int) -> None:
    """A stock count finds `change` more than the books, or less."""
    counted = entry(Line(warehouse_id, sku_id, on_hand=change), kind=Kind.STOCK_COUNT, needs_available=False)
    shop.db.write(lambda s: post(s, [counted]))


def test_stock_comes_first(shop: Shop, east: int) -> None:
    """WH-5: on hand and on the way; the SKUs that are there are listed, and nothing has happened."""
    shop.stock(shop.red, 4, east)
    shop.db.write(lambda s: post(s, [entry(Line(east, shop.blue, on_the_way=2), kind=Kind.TRANSFER_OUT)]))
    shop.news("A", ("red", 1))
    with pytest.raises(Refused, match="not empty") as refused:
        remove(shop, east)
    assert refused.value.errors == [
        {"sku": "BLUE", "on_hand": 0, "on_the_way": 2},
        {"sku": "RED", "on_hand": 4, "on_the_way": 0},
    ]
    assert shop.warehouses == {"A": east}


def test_the_default_stays(shop: Shop) -> None:
    """WH-6: it can't be deleted."""
    with pytest.raises(Refused, match="default warehouse can't be deleted"):
        remove(shop, shop.main)


def test_its_orders_go_to_the_default_warehouse(shop: Shop, east: int) -> None:
    """WH-6: re-allocated there, oldest first, or out of stock; in one transaction, for cause `warehouse_deleted`."""
    shop.stock(shop.red, 9, east)
    shop.news("WAITS", ("blue", 1), minutes=1)
    shop.news("LATE", ("red", 3), minutes=9)
    shop.news("EARLY", ("red", 3), minutes=2)
    shop.news("PACKED", ("red", 1), minutes=3)
    shop.act(Action.PACK, "PACKED")
    shop.news("VOID", ("red", 1))
    shop.act(Action.VOID, "VOID")
    count(shop, east, shop.red, -9)  # what was promised is not there: the orders are at risk
    shop.stock(shop.red, 5)
    shop.db.write(lambda s: s.execute(delete(Changed)))
    freed = remove(shop, east)
    assert shop.states == {
        "WAITS": "out_of_stock", "LATE": "out_of_stock", "EARLY": "to_pack", "PACKED": "to_pack", "VOID": "voided",
    }  # fmt: skip
    assert set(shop.warehouses.values()) == {shop.main}
    assert (shop.figures(shop.red, east), shop.figures(shop.red)) == (Figures(), Figures(5, 4))
    assert (len(freed.orders), freed.to_pack, freed.out_of_stock) == (5, 2, 2)
    with shop.db.read() as s:
        marked = {row.sku_id: unpack(row.causes) for row in s.scalars(select(Changed))}
    assert marked[shop.red] == [Cause.WAREHOUSE_DELETED]
    shop.act(Action.REVERT, "VOID")
    assert (shop.states["VOID"], shop.warehouses["VOID"]) == ("to_pack", shop.main)


def test_orders_that_left_from_it_stay_its_own(shop: Shop, east: int) -> None:
    """WH-6: history is not rewritten; the ledger's movements stay."""
    shop.stock(shop.red, 1, east)
    shop.news("A", ("red", 1))
    shop.act(Action.PACK, "A")
    shop.act(Action.SHIP, "A")
    remove(shop, east)
    assert (shop.states, shop.warehouses) == ({"A": "to_pickup"}, {"A": east})
    with shop.db.read() as s:
        moved = s.scalars(select(Movement.on_hand).where(Movement.warehouse_id == east).order_by(Movement.id)).all()
    assert moved == [1, 0, -1]


def test_it_leaves_every_list_and_whoever_named_it(shop: Shop, east: int) -> None:
    """WH-6: shelves, safety stock and stock lists to do go; stores and SKUs fall back; rules no longer count it."""

    def use(s) -> None:
        s.get_one(MerchantSku, shop.red).default_warehouse_id = east
        s.add(Shelf(warehouse_id=east, code="E-1", key="e-1", sku_id=shop.red))
        s.add(SafetyStock(warehouse_id=east, sku_id=shop.red, quantity=3))
        create_list(s, NewList("in", east, [ListLine(shop.red, 5)]), **BY)
        rule = PushRule(name="All", key="all", percentage=Decimal(100), created_at=AT)
        s.add(rule)
        s.flush()
        s.add_all(PushRuleWarehouse(rule_id=rule.id, warehouse_id=place) for place in (shop.main, east))
        s.add(PushRuleStore(rule_id=rule.id, store_id=shop.store))

    shop.db.write(use)
    with shop.db.read() as s:
        said = "1 store, 1 SKU as its default, 1 push rule, 1 stock list to do, which is deleted with it (1)"
        assert users(s, [east]) == {east: said}
    assert remove(shop, east) == Freed(lists=[1], stores=[shop.store], skus=[shop.red], rules=[1])
    with shop.db.read() as s:
        assert users(s, [east]) == {}
        assert [row.code for row in s.scalars(warehouses())] == ["MAIN"]
        for table in (Shelf, SafetyStock, StockList, StockListLine):
            assert s.scalars(select(table)).all() == []
        assert s.scalars(select(PushRuleWarehouse.warehouse_id)).all() == [shop.main]
        with pytest.raises(NotFound):
            find_warehouse(s, east)
    shop.stock(shop.red, 1)
    shop.news("A", ("red", 1))
    assert (shop.states, shop.warehouses) == ({"A": "to_pack"}, {"A": shop.main})


def test_drafts_from_or_to_it_can_not_be_dispatched(shop: Shop, east: int) -> None:
    """WH-6: they stay to be looked at, and say why."""
    new = [NewTransfer(shop.main, east, [Sent(shop.red, 1)]), NewTransfer(east, shop.main, [Sent(shop.red, 1)])]
    ids = [row.id for row in shop.db.write(lambda s: create_transfers(s, new, **BY))]
    shop.stock(shop.red, 1)
    remove(shop, east)
    for transfer_id in ids:
        with pytest.raises(Refused, match="warehouse 'EAST' was deleted"):
            shop.db.write(lambda s, n=transfer_id: transfers.dispatch(s, [transfers.find_transfer(s, n)], **BY))


def test_nothing_is_booked_into_it_any_more(shop: Shop, east: int) -> None:
    """WH-6: a list that was made at the very moment of the deletion is refused."""
    remove(shop, east)
    row = shop.db.write(lambda s: create_list(s, NewList("in", east, [ListLine(shop.red, 5)]), **BY))
    with pytest.raises(Refused, match="warehouse 'EAST' was deleted"):
        shop.db.write(lambda s: complete_list(s, row.id, **BY))


def test_an_order_that_still_names_it_is_tried_elsewhere(shop: Shop, east: int) -> None:
    """WH-6: one taken in at the very moment of the deletion."""
    shop.news("A", ("red", 1))
    remove(shop, east)
    shop.db.write(lambda s: setattr(s.scalars(select(Order)).one(), "warehouse_id", east))
    shop.db.write(lambda s: setattr(s.get_one(Store, shop.store), "warehouse_id", east))
    shop.stock(shop.red, 1)
    shop.act_by_hand()
    assert (shop.states, shop.warehouses) == ({"A": "to_pack"}, {"A": shop.main})


def test_every_table_that_names_warehouses_is_thought_of() -> None:
    """WH-6: a room that comes to name warehouses has them leave it, or keeps them as history."""
    naming = {
        table.name
        for table in METADATA.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "warehouse"
    }
    assert naming == WORKED_OFF | HISTORY


def test_it_comes_back_to_those_that_named_it(shop: Shop, east: int) -> None:
    """WB-8: unless they name another by now."""
    shop.db.write(lambda s: setattr(s.get_one(MerchantSku, shop.red), "default_warehouse_id", east))
    freed = remove(shop, east)
    shop.db.write(lambda s: setattr(s.get_one(Store, shop.store), "warehouse_id", shop.main))
    with pytest.raises(Refused, match=f"store {shop.store} was given another warehouse since"):
        shop.db.write(lambda s: restore_warehouse(s, east, freed, **BY))
    shop.db.write(lambda s: setattr(s.get_one(Store, shop.store), "warehouse_id", None))
    shop.db.write(lambda s: restore_warehouse(s, east, freed, **BY))
    with shop.db.read() as s:
        assert s.get_one(Store, shop.store).warehouse_id == east
        assert s.get_one(MerchantSku, shop.red).default_warehouse_id == east
        assert s.get_one(Warehouse, east).deleted_at is None


def test_it_does_not_come_back_once_orders_went_elsewhere(shop: Shop, east: int) -> None:
    """WB-8: they may be on their way by now; the reason names them."""
    shop.news("A", ("red", 1))
    shop.db.write(lambda s: create_list(s, NewList("in", east, [ListLine(shop.red, 5)]), **BY))
    freed = remove(shop, east)
    with pytest.raises(Refused) as refused:
        shop.db.write(lambda s: restore_warehouse(s, east, freed, **BY))
    assert refused.value.text.endswith(
        "orders A went to the default warehouse; stock lists 1 that were to do went with it"
    )


def test_over_http_it_says_what_followed(api: Api) -> None:
    """WH-6, SEC-1: managers only."""
    shop = Shop(api.db)

    def work(s) -> int:
        east = make_warehouse(s, "EAST")
        s.get_one(Store, shop.store).warehouse_id = east
        make_sku(s, "GREEN", default_warehouse_id=east)
        return east

    east = api.db.write(work)
    shop.stock(shop.red, 1)
    shop.news("A", ("red", 1))
    shop.news("B", ("red", 1), minutes=1)
    manager = api.roles["manager"]
    gone = manager.delete(f"/warehouses/{east}")
    assert (gone.status_code, gone.json["code"]) == (200, "EAST")
    assert {name: gone.json[name] for name in ("orders_to_pack", "orders_out_of_stock", "orders_moved")} == {
        "orders_to_pack": 1, "orders_out_of_stock": 1, "orders_moved": 2,
    }  # fmt: skip
    assert [order["warehouse"] for order in manager.get("/orders").json["items"]] == ["MAIN", "MAIN"]
    assert manager.get("/stores").json["items"][0]["warehouse"] == "MAIN"
    assert manager.delete(f"/warehouses/{east}").status_code == 404
