"""The inventory features, switched off and on."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import delete, select

from server.access.models import AuditLine
from server.errors import NotFound
from server.ledger.models import Entry
from server.ledger.posting import Figures
from server.operations.change_mapping import change_mapping
from server.operations.turn_switch import OrdersInProcess, turn
from server.orders import by_hand
from server.orders.states import Action
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed
from server.stores.models import StoreSku
from server.switches import service as switches
from tests.factories import AT
from tests.server.cli.conftest import Terminal, terminal  # noqa: F401
from tests.server.operations.shop import Shop
from tests.support.http import Api

FEATURES = "inventory_features"


def switch(shop: Shop, on: bool) -> None:
    shop.db.write(lambda s: turn(s, FEATURES, on, by="anna", at=AT))


def test_off_releases_what_orders_to_pack_hold(shop: Shop) -> None:
    """PSH-13: they stay to pack and hold nothing; every target is evaluated for cause `switch`."""
    shop.stock(shop.red, 5)
    shop.news("A", ("red", 2))
    shop.news("B", ("red", 9))
    shop.db.write(lambda s: s.execute(delete(Changed)))
    switch(shop, False)
    assert shop.states == {"A": "to_pack", "B": "out_of_stock"}
    assert shop.figures(shop.red) == Figures(5)
    with shop.db.read() as s:
        marks = {row.sku_id: unpack(row.causes) for row in s.scalars(select(Changed))}
    assert marks == {sku: [Cause.SWITCH] for sku in (shop.red, shop.blue)}


def test_off_releases_what_a_raised_order_went_on_holding(shop: Shop) -> None:
    """PSH-13, ORD-10: out of stock, it kept what it held; while the features are off no order holds anything."""
    shop.stock(shop.red, 5)
    shop.news("A", ("red", 2))
    shop.news("A", ("red", 9), minutes=5)
    assert (shop.states, shop.figures(shop.red)) == ({"A": "out_of_stock"}, Figures(5, 2))
    switch(shop, False)
    assert (shop.states, shop.figures(shop.red)) == ({"A": "out_of_stock"}, Figures(5))


def test_while_off_nothing_is_allocated_or_deducted(shop: Shop) -> None:
    """PSH-13: orders come in, are packed, shipped, voided and reverted; no figure moves but by stock documents."""
    switch(shop, False)
    shop.news("A", ("red", 2))
    shop.news("B", ("red", 1), ("green", 1))
    assert shop.states == {"A": "to_pack", "B": "unmapped"}
    for action in (Action.VOID, Action.REVERT, Action.PACK, Action.SHIP):
        shop.act(action, "A")
    assert shop.states["A"] == "to_pickup"
    shop.stock(shop.red, 5)
    assert shop.figures(shop.red) == Figures(5)
    with shop.db.read() as s:
        assert s.scalars(select(Entry.id).where(Entry.document == "order")).all() == []


def test_while_off_a_new_mapping_and_a_second_try_hold_nothing(shop: Shop) -> None:
    """PSH-13: what would allocate makes an order to pack, and no more."""
    shop.stock(shop.red, 1)
    shop.news("A", ("red", 9))
    shop.news("B", ("green", 1))
    switch(shop, False)
    with shop.db.read() as s:
        green = s.scalars(select(StoreSku.id).where(StoreSku.code == "green")).one()
    shop.db.write(lambda s: change_mapping(s, {green: shop.blue}, by="anna", at=AT))
    shop.db.write(lambda s: by_hand.move_to_pack(s, by="anna", at=AT))
    assert shop.states == {"A": "to_pack", "B": "to_pack"}
    assert (shop.figures(shop.red), shop.figures(shop.blue)) == (Figures(1), Figures())


def test_on_tries_orders_to_pack_oldest_first(shop: Shop) -> None:
    """PSH-13: with the stock there is; who finds too little is out of stock."""
    switch(shop, False)
    shop.stock(shop.red, 3)
    shop.news("LATE", ("red", 2), minutes=9)
    shop.news("EARLY", ("red", 2), minutes=1)
    shop.db.write(lambda s: s.execute(delete(Changed)))
    switch(shop, True)
    assert shop.states == {"EARLY": "to_pack", "LATE": "out_of_stock"}
    assert shop.figures(shop.red) == Figures(3, 2)
    with shop.db.read() as s:
        assert set(s.scalars(select(Changed.sku_id))) == {shop.red, shop.blue}


def test_off_and_on_again_ends_as_it_began(shop: Shop) -> None:
    """PSH-13: an order that was released is allocated again, also twice over."""
    shop.stock(shop.red, 5)
    shop.news("A", ("red", 2))
    for on in (False, True, False, True):
        switch(shop, on)
    assert (shop.states, shop.figures(shop.red)) == ({"A": "to_pack"}, Figures(5, 2))
    shop.act(Action.PACK, "A")
    shop.act(Action.SHIP, "A")
    assert shop.figures(shop.red) == Figures(3)


@pytest.mark.parametrize("before", [True, False])
def test_not_while_an_order_is_in_process(shop: Shop, before: bool) -> None:
    """PSH-13: either way; the refusal names the orders and the two ways out, and changes nothing."""
    switch(shop, before)
    shop.stock(shop.red, 5)
    shop.news("A", ("red", 1))
    shop.news("B", ("red", 1))
    shop.act(Action.PACK, "A", "B")
    figures = shop.figures(shop.red)
    with pytest.raises(OrdersInProcess) as refused:
        switch(shop, not before)
    assert "Shop A, Shop B. Ship them, or void them now and revert them afterwards." in refused.value.text
    assert [error["number"] for error in refused.value.errors] == ["A", "B"]
    assert shop.figures(shop.red) == figures
    shop.act(Action.SHIP, "A")
    shop.act(Action.VOID, "B")
    switch(shop, not before)
    shop.act(Action.REVERT, "B")
    assert shop.states == {"A": "to_pickup", "B": "to_pack"}


def test_turning_it_as_it_is_does_nothing(shop: Shop) -> None:
    """PSH-13: also while orders are in process."""
    shop.stock(shop.red, 5)
    shop.news("A", ("red", 1))
    shop.act(Action.PACK, "A")
    switch(shop, True)
    with shop.db.read() as s:
        assert s.scalars(select(AuditLine).where(AuditLine.action == "setting.turn")).all() == []
    with pytest.raises(NotFound):
        shop.db.write(lambda s: turn(s, "nothing", True, by="anna", at=AT))


def test_orders_that_come_in_while_it_is_turned_hold_nothing(shop: Shop) -> None:
    """PSH-13: whichever is first, once it is off no order holds anything."""
    shop.stock(shop.red, 1000)
    for _ in range(3):
        switch(shop, True)
        threads = [threading.Thread(target=shop.news, args=(f"N{_}-{n}", ("red", 1))) for n in range(6)]
        threads.insert(3, threading.Thread(target=switch, args=(shop, False)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert shop.figures(shop.red).allocated == 0
        assert set(shop.states.values()) == {"to_pack"}


def test_over_http(api: Api) -> None:
    """PSH-13, SEC-1: PATCH /settings, all of those named or none; managers only."""
    shop = Shop(api.db)
    shop.stock(shop.red, 5)
    shop.news("A", ("red", 1))
    shop.act(Action.PACK, "A")
    manager = api.roles["manager"]
    change = {"allocate_on_stock_in": True, FEATURES: False}
    answer = manager.patch("/settings", json=change)
    assert (answer.status_code, answer.json["code"]) == (409, "orders-in-process")
    assert answer.json["errors"] == [{"order": 1, "store": "Shop", "number": "A"}]
    assert manager.get("/settings").json["allocate_on_stock_in"] is False
    shop.act(Action.SHIP, "A")
    answer = manager.patch("/settings", json=change)
    assert (answer.json["allocate_on_stock_in"], answer.json[FEATURES]) == (True, False)
    assert api.roles["merchandiser"].patch("/settings", json={FEATURES: True}).status_code == 403
    with api.db.read() as s:
        assert switches.is_on(s, switches.INVENTORY_FEATURES) is False


def test_at_the_command_line(terminal: Terminal) -> None:  # noqa: F811
    """PSH-13: setting turn inventory_features off."""
    terminal.run("init")
    assert terminal.run("setting", "turn", FEATURES, "off") == "inventory_features is now off\n"
    assert terminal.run("setting", "turn", FEATURES, "off") == "inventory_features was off\n"
    assert {row["name"]: row["on"] for row in terminal.json("setting", "list")}[FEATURES] is False
    assert "there is no setting" in terminal.run("setting", "turn", "nothing", "on", code=1)
