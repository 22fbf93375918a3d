"""Stock arrives, and orders that waited for it are tried by themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import delete, select

from server.access.models import AuditLine
from server.catalog.models import Component
from server.ledger.posting import Figures
from server.operations.complete_list import complete_list
from server.operations.stock_arrived import stock_arrived
from server.operations.transfer_arrives import transfer_arrives
from server.orders.by_hand import Tried
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed
from server.switches import service as switches
from server.warehousing import transfers
from server.warehousing.service import ListLine, NewList, create_list
from server.warehousing.transfers import NewTransfer, Sent, create_transfers
from tests.factories import AT, make_sku, make_store_sku, make_warehouse, put_stock
from tests.server.operations.shop import Shop
from tests.support.filling import applied
from tests.support.http import Api

BY = {"by": "anna", "at": AT}


def by_itself(shop: Shop, on: bool = True) -> None:
    shop.db.write(lambda s: switches.turn(s, "allocate_on_stock_in", on, **BY))


def arrive(shop: Shop, *skus: int) -> Tried:
    return shop.db.write(lambda s: stock_arrived(s, skus, **BY))


def stock_in(shop: Shop, units: int) -> None:
    """A stock-in list of RED, completed."""

    def work(s) -> None:
        row = create_list(s, NewList("in", shop.main, [ListLine(shop.red, units)]), **BY)
        complete_list(s, row.id, **BY)

    shop.db.write(work)


def transfer_in(shop: Shop, units: int) -> None:
    """A transfer of RED from another warehouse, received."""

    def work(s) -> None:
        east = make_warehouse(s, "EAST")
        put_stock(s, east, shop.red, units)
        rows = create_transfers(s, [NewTransfer(east, shop.main, [Sent(shop.red, units)])], **BY)
        transfers.dispatch(s, rows, **BY)
        transfer_arrives(s, rows[0], **BY)

    shop.db.write(work)


@pytest.mark.parametrize("how", [stock_in, transfer_in])
def test_orders_are_tried_oldest_first_after_a_stock_in(shop: Shop, how: Callable[[Shop, int], None]) -> None:
    """ORD-7: by itself, in the same transaction, when the setting says so; for cause 14."""
    by_itself(shop)
    shop.news("LATE", ("red", 2), minutes=9)
    shop.news("EARLY", ("red", 2), minutes=1)
    shop.news("OTHER", ("blue", 1))
    shop.db.write(lambda s: s.execute(delete(Changed)))
    how(shop, 3)
    assert shop.states == {"EARLY": "to_pack", "LATE": "out_of_stock", "OTHER": "out_of_stock"}
    assert shop.figures(shop.red) == Figures(3, 2)
    with shop.db.read() as s:
        assert Cause.MOVE_TO_PACK in unpack(s.get_one(Changed, shop.red).causes)
        line = s.scalars(select(AuditLine).where(AuditLine.action == "order.move_to_pack")).one()
    assert (line.actor, line.detail["to_pack"]) == ("anna", 1)


@pytest.mark.parametrize("how", [stock_in, transfer_in])
def test_unless_told_so_they_wait(shop: Shop, how: Callable[[Shop, int], None]) -> None:
    """ORD-7: off by default."""
    shop.news("A", ("red", 2))
    how(shop, 3)
    assert shop.states == {"A": "out_of_stock"}


def test_a_list_completed_again_tries_nothing(shop: Shop) -> None:
    """ORD-7, STK-6: only what arrives has anything tried."""
    by_itself(shop)
    stock_in(shop, 1)
    shop.news("A", ("red", 2))
    shop.stock(shop.red, 9)
    shop.db.write(lambda s: complete_list(s, 1, **BY))
    assert shop.states == {"A": "out_of_stock"}


def test_a_combination_waits_for_its_components(shop: Shop) -> None:
    """ORD-7, CAT-6: what arrives may be a part of what was ordered."""

    def combine(s) -> None:
        combination = make_sku(s, "SET", kind="combination")
        s.add(Component(combination_id=combination, component_id=shop.red, quantity=2))
        make_store_sku(s, shop.store, "set", combination)

    shop.db.write(combine)
    by_itself(shop)
    shop.news("A", ("set", 1))
    stock_in(shop, 2)
    assert shop.states == {"A": "to_pack"}


def test_with_the_features_off_nothing_is_tried(shop: Shop) -> None:
    """PSH-13."""
    by_itself(shop)
    shop.news("A", ("red", 2))
    shop.stock(shop.red, 9)
    shop.db.write(lambda s: switches.turn(s, "inventory_features", False, **BY))
    assert arrive(shop, shop.red) == Tried()
    assert shop.states == {"A": "out_of_stock"}


def test_after_a_workbook_and_over_http(api: Api) -> None:
    """ORD-7, STK-12: stock-in and quantity update by workbook, a stock-in list over HTTP."""
    shop = Shop(api.db)
    client = api.roles["merchandiser"]
    by_itself(shop)
    shop.news("A", ("red", 1))
    shop.news("B", ("red", 1), ("blue", 2), minutes=1)
    shop.news("C", ("red", 1), minutes=2)
    applied(client, "stock_in", [{"sku": "RED", "quantity": 1}])
    assert shop.states == {"A": "to_pack", "B": "out_of_stock", "C": "out_of_stock"}
    shop.stock(shop.blue, 3)
    # B gets its RED but one BLUE too few is left: what comes in is shared out only after all of the sheet is booked
    applied(client, "quantity_update", [{"sku": "RED", "on_hand": 2}, {"sku": "BLUE", "on_hand": 1}])
    assert shop.states == {"A": "to_pack", "B": "out_of_stock", "C": "to_pack"}
    made = client.post("/stock-ins", json={"lines": [{"sku": "RED", "quantity": 1}, {"sku": "BLUE", "quantity": 1}]})
    assert client.post(f"/stock-ins/{made.json['id']}/complete").status_code == 200
    assert set(shop.states.values()) == {"to_pack"}
