from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server import clock
from server.access.models import AuditLine
from server.channels.protocol import MarketOrder, MarketStatus
from server.ledger.movements import Kind, Line
from server.ledger.posting import Figures, post
from server.ledger.verifying import verify
from server.orders import queries
from server.orders.lists import export_rows
from server.orders.taking import take_in
from server.stores.models import Store
from tests.factories import AT, entry, figures, make_sku, make_store, make_store_sku, make_warehouse, put_stock
from tests.server.orders.test_taking import news
from tests.support.http import Api, Client
from tests.support.statements import counted


@dataclass
class Shop:
    """The API over a store with RED and BLUE, 5 of RED on hand."""

    api: Api
    client: Client
    warehouse: int
    store: int
    red: int

    def take(self, *orders: MarketOrder) -> None:
        at = max([AT, *(order.placed_at for order in orders)])
        self.api.db.write(lambda s: take_in(s, s.get_one(Store, self.store), orders, by="sync", at=at))

    def stock(self, quantity: int) -> None:
        self.api.db.write(lambda s: put_stock(s, self.warehouse, self.red, quantity))

    def count(self, difference: int) -> None:
        """A stock count finds more or less than on hand (STK-5)."""
        counted = entry(
            Line(self.warehouse, self.red, on_hand=difference), kind=Kind.STOCK_COUNT, needs_available=False
        )
        self.api.db.write(lambda s: post(s, [counted]))

    def figures(self) -> Figures:
        with self.api.db.read() as s:
            assert verify(s) == []
            return figures(s, self.warehouse, self.red)

    def order(self, number: str) -> dict[str, Any]:
        [found] = self.client.get(f"/orders?number={number}").json["items"]
        return dict(found)

    def act(self, number: str, action: str, **sent: Any) -> Any:
        return self.client.post(f"/orders/{self.order(number)['id']}/{action}", **sent)


@pytest.fixture
def shop(api: Api) -> Shop:
    def work(s):
        warehouse, store = make_warehouse(s, default=True), make_store(s)
        red, blue = make_sku(s, "RED"), make_sku(s, "BLUE")
        make_store_sku(s, store, "red", red)
        make_store_sku(s, store, "blue", blue)
        return warehouse, store, red

    made = Shop(api, api.roles["merchandiser"], *api.db.write(work))
    made.stock(5)
    return made


def test_an_order_goes_its_way(shop: Shop) -> None:
    """ORD-4: packed it stays allocated; shipped on hand and allocated fall, available stays."""
    shop.take(news("A", ("red", 2)))
    assert shop.order("A") | {"id": 0, "total": 0, "currency": ""} == {
        "id": 0, "store": "Shop", "number": "A", "state": "to_pack", "at_risk": False, "warehouse": "MAIN",
        "market_status": "ready_to_ship", "cod": False, "hold": False, "cancel_pending": False,
        "placed_at": "2026-04-20T08:00:00Z", "counts_at": "2026-04-20T08:00:00Z", "total": 0, "currency": "",
        "tracking": [], "filed": False, "listed": False, "processed_at": None, "supplement_of": None, "warnings": [],
        "lines": [
            {"store_sku": "red", "sku": "RED", "quantity": 2, "held": 2, "deducted": 0, "returned": 0, "name": ""}
        ],
    }  # fmt: skip
    assert shop.act("A", "pack").json["state"] == "in_process"
    assert shop.figures() == Figures(5, 2)
    shipped = shop.act("A", "ship").json
    assert (shipped["state"], shipped["lines"][0]["held"], shipped["lines"][0]["deducted"]) == ("to_pickup", 0, 2)
    assert shop.figures() == Figures(3, 0)


def test_void_and_revert(shop: Shop) -> None:
    """ORD-5: void releases; revert allocates again, or out of stock."""
    shop.take(news("A", ("red", 4)))
    assert shop.act("A", "void").json["state"] == "voided"
    shop.take(news("B", ("red", 3)))
    assert shop.act("A", "revert").json["state"] == "out_of_stock"
    assert shop.act("A", "void").json["state"] == "voided"
    assert shop.act("B", "cancel").json["state"] == "cancelled"
    assert shop.act("A", "revert").json["state"] == "to_pack"
    assert shop.figures() == Figures(5, 4)


def test_what_is_not_possible_says_what_is(shop: Shop) -> None:
    """ORD-4: every refusal names what can be done."""
    shop.take(news("A", ("red", 1)))
    refused = shop.act("A", "ship")
    assert (refused.status_code, refused.json["code"]) == (409, "not-possible")
    assert refused.json["detail"].startswith("order A is to pack: ship is not possible; possible: pack")
    shop.act("A", "pack")
    shop.act("A", "ship")
    assert shop.act("A", "void").status_code == 409
    assert shop.client.post("/orders/999/pack").status_code == 404
    assert shop.client.get("/orders/999").status_code == 404


def test_who_may_act(shop: Shop) -> None:
    """SEC-1, SEC-2: a viewer reads; every action says who."""
    shop.take(news("A", ("red", 1)))
    viewer = shop.api.roles["viewer"]
    assert viewer.get("/orders").status_code == 200
    assert viewer.post("/orders/1/pack").status_code == 403
    assert shop.api.nobody.get("/orders").status_code == 401
    shop.act("A", "pack")
    with shop.api.db.read() as s:
        said = s.execute(select(AuditLine.actor, AuditLine.subject).where(AuditLine.action == "order.pack")).all()
    assert [tuple(line) for line in said] == [("merchandiser-user", "order A")]


def test_the_same_request_key_acts_once(shop: Shop) -> None:
    """WB-7 for actions: its stored answer comes back, where a second press alone would be refused."""
    shop.take(news("A", ("red", 2)))
    answers = [shop.act("A", "pack", headers={"Idempotency-Key": "press"}) for _ in range(2)]
    assert answers[0].data == answers[1].data and answers[1].status_code == 200
    assert shop.act("A", "pack").status_code == 409


def test_shipping_short_names_the_sku(shop: Shop) -> None:
    """STK-5: a count below allocated puts the newer order at risk; shipping is refused where on hand is short."""
    shop.take(news("OLD", ("red", 3)), news("NEW", ("red", 2), paid_at=AT + timedelta(minutes=1)))
    shop.count(-2)
    assert [shop.order(number)["at_risk"] for number in ("OLD", "NEW")] == [False, True]
    assert [order["number"] for order in shop.client.get("/orders?at_risk=true").json["items"]] == ["NEW"]
    for number in ("OLD", "NEW"):
        shop.act(number, "pack")
    assert shop.act("OLD", "ship").status_code == 200
    refused = shop.act("NEW", "ship")
    assert (refused.status_code, refused.json["code"]) == (409, "not-enough")
    assert refused.json["detail"] == "RED in MAIN: only 0 on hand, 2 wanted"
    assert refused.json["errors"][0]["sku"] == "RED"
    shop.count(+2)
    assert shop.act("NEW", "ship").status_code == 200
    assert shop.figures() == Figures(0, 0)


def test_shipped_at_the_market_but_short_here_holds_up_nothing(shop: Shop) -> None:
    """STK-5, ORD-9: the order waits at risk, the rest of the page goes on; it is deducted once there is stock."""
    shop.take(news("A", ("red", 4)))
    shop.act("A", "pack")
    shop.count(-5)
    gone = news("A", ("red", 4), status=MarketStatus.COMPLETED, minutes=5)
    shop.take(gone, news("B", ("red", 1)))
    assert (shop.order("A")["state"], shop.order("A")["at_risk"]) == ("in_process", True)
    assert (shop.order("A")["market_status"], shop.order("B")["state"]) == ("completed", "out_of_stock")
    shop.stock(4)
    assert shop.act("A", "ship").json["state"] == "to_pickup"
    assert shop.figures() == Figures(0, 0)


def test_stock_that_arrives_goes_to_the_oldest(shop: Shop) -> None:
    """ORD-7: out-of-stock orders are tried again oldest first, all of them unless named."""
    for number in ("C", "A", "B"):
        shop.take(news(number, ("red", 6), paid_at=AT + timedelta(minutes="ABC".index(number))))
    assert shop.client.post("/orders/move-to-pack").json == {"tried": 3, "to_pack": 0, "out_of_stock": 3, "unmapped": 0}
    shop.stock(7)
    named = {"ids": [shop.order("C")["id"]]}
    assert shop.client.post("/orders/move-to-pack", json={}).json["to_pack"] == 2
    assert [shop.order(number)["state"] for number in "ABC"] == ["to_pack", "to_pack", "out_of_stock"]
    assert shop.client.post("/orders/move-to-pack", json=named).json["out_of_stock"] == 1
    assert shop.client.post("/orders/move-to-pack", json={"ids": [shop.order("A")["id"]]}).status_code == 409
    assert shop.client.post("/orders/move-to-pack", json={"ids": []}).json["tried"] == 0
    assert shop.client.post("/orders/move-to-pack", json={"ids": [999]}).status_code == 404


@pytest.mark.parametrize("choose", [lambda ids: {}, lambda ids: {"ids": ids}])
def test_a_thousand_orders_are_moved_set_based(shop: Shop, choose: Callable[[list[int]], dict[str, Any]]) -> None:
    """ORD-7: the statements don't grow with the orders."""
    shop.take(*(news(f"N{n:04}", ("red", 1), ("blue", 1)) for n in range(1000)))
    ids = [order["id"] for order in shop.client.get("/orders?state=out_of_stock&limit=1000").json["items"]]

    def arrive(s):
        put_stock(s, shop.warehouse, shop.red, 595)
        put_stock(s, shop.warehouse, shop.red + 1, 1000)

    shop.api.db.write(arrive)
    with counted(shop.api.db) as statements:
        moved = shop.client.post("/orders/move-to-pack", json=choose(ids))
    assert moved.json == {"tried": 1000, "to_pack": 600, "out_of_stock": 400, "unmapped": 0}
    assert len(statements) < 60
    assert shop.figures() == Figures(600, 600)


def test_orders_are_listed_by_page_and_filter(shop: Shop) -> None:
    """ORD-14: out-of-stock and unmapped ones among them."""
    shop.take(news("A", ("red", 1)), news("B", ("red", 9)), news("C", ("green", 1)))
    first = shop.client.get("/orders?limit=2").json
    rest = shop.client.get(f"/orders?limit=2&after={first['next']}").json
    assert [order["number"] for order in first["items"] + rest["items"]] == ["C", "B", "A"]
    assert rest["next"] is None
    for state, number in (("unmapped", "C"), ("out_of_stock", "B"), ("to_pack", "A")):
        assert [order["number"] for order in shop.client.get(f"/orders?state={state}").json["items"]] == [number]
    assert len(shop.client.get("/orders?store=shop").json["items"]) == 3
    assert shop.client.get("/orders?store=other").status_code == 404
    assert shop.client.get("/orders?state=lost").status_code == 422


def test_cancelling_leaves_it_to_the_caller_where_the_store_says_so(shop: Shop) -> None:
    """ORD-8: the quantity is returned, or not, as the caller says; a ship click files the order away."""
    shop.api.db.write(lambda s: setattr(s.get_one(Store, shop.store), "settings", {"on_cancel": "return"}))
    shop.take(news("A", ("red", 2), placed_at=clock.now()), news("B", ("red", 1), placed_at=clock.now()))
    refused = shop.act("A", "cancel")
    assert (refused.status_code, "is returned, yes or no" in refused.json["detail"]) == (422, True)
    assert shop.act("A", "cancel", json={"return_quantity": False}).json["state"] == "cancelled"
    assert shop.figures() == Figures(3, 1)
    assert shop.act("B", "cancel", json={"return_quantity": True}).json["state"] == "cancelled"
    assert shop.figures() == Figures(3)
    assert shop.client.get("/orders/counts").json["to_file"] == 1
    assert shop.act("A", "ship").json["filed"] is True
    assert shop.client.get("/orders/counts").json["to_file"] == 0


def test_change_warehouse(shop: Shop) -> None:
    """ORD-6: moved whole, or refused with what is there."""
    east = shop.api.db.write(lambda s: make_warehouse(s, "EAST"))
    shop.take(news("A", ("red", 2)))
    refused = shop.act("A", "change-warehouse", json={"warehouse": "EAST"})
    assert (refused.status_code, refused.json["detail"]) == (409, "RED in EAST: only 0 available, 2 wanted")
    shop.api.db.write(lambda s: put_stock(s, east, shop.red, 2))
    assert shop.act("A", "change-warehouse", json={"warehouse": "east"}).json["warehouse"] == "EAST"
    assert shop.figures() == Figures(5)
    assert shop.act("A", "change-warehouse", json={"warehouse": "NONE"}).status_code == 404
    with shop.api.db.read() as s:
        line = s.scalars(select(AuditLine).where(AuditLine.action == "order.change_warehouse")).one()
        assert line.detail == {"order": 1, "before": shop.warehouse, "after": east}


def test_change_mapping_with_its_scope(shop: Shop) -> None:
    """CAT-9: this order only, future orders unless said, all new orders."""
    shop.api.db.write(lambda s: put_stock(s, shop.warehouse, shop.red + 1, 9))
    shop.take(*(news(number, ("red", 1)) for number in "ABC"))

    def skus() -> list[str]:
        return [shop.order(number)["lines"][0]["sku"] for number in "ABC"]

    wanted = {"store_sku": "red", "sku": "blue"}
    assert shop.act("A", "change-mapping", json=wanted | {"scope": "this order only"}).status_code == 200
    assert skus() == ["BLUE", "RED", "RED"]
    assert shop.act("A", "change-mapping", json=wanted).status_code == 200
    assert skus() == ["BLUE", "RED", "RED"]
    [mapping] = shop.client.get("/mappings?store_sku=red").json["items"]
    assert mapping["sku"] == "BLUE"
    path = f"/mappings/{mapping['id']}"
    assert shop.client.patch(path, json={"sku": "BLUE", "scope": "all new orders"}).json["sku"] == "BLUE"
    assert skus() == ["BLUE", "BLUE", "BLUE"]
    assert shop.figures() == Figures(5)
    assert shop.client.patch(path, json={"sku": "RED", "scope": "some orders"}).status_code == 422
    assert shop.act("A", "change-mapping", json={"store_sku": "blue", "sku": "RED"}).status_code == 404
    removed = shop.client.patch(path, json={"sku": None, "scope": "all new orders"})
    assert removed.json["sku"] is None
    assert {shop.order(number)["state"] for number in "ABC"} == {"unmapped"}
    again = {"store": "Shop", "store_sku": "red", "sku": "RED", "scope": "all new orders"}
    assert shop.client.post("/mappings", json=again).status_code == 201
    assert shop.figures() == Figures(5, 3)


def test_a_package_is_scanned_back_in(shop: Shop) -> None:
    """ORD-11: once; some of it defective; the same press under one key once."""
    shop.take(news("A", ("red", 3), tracking_numbers=("TRK 1",)))
    scan = {"tracking": "trk 1", "items": [{"sku": "RED", "quantity": 2}, {"sku": "RED", "condition": "defective"}]}
    refused = shop.client.post("/returns", json=scan)
    assert (refused.status_code, refused.json["code"]) == (409, "not-possible")
    for action in ("pack", "ship", "pick-up"):
        assert shop.act("A", action).status_code == 200
    answers = [shop.client.post("/returns", json=scan, headers={"Idempotency-Key": "beep"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201] and answers[0].data == answers[1].data
    [made] = answers[0].json["items"]
    assert (made["way"], made["state"], [(line["quantity"], line["condition"]) for line in made["lines"]]) == (
        "scan", "completed", [(2, "good"), (1, "defective")],
    )  # fmt: skip
    assert shop.figures() == Figures(4, 0, 0, 1)
    assert shop.client.post("/returns", json=scan).status_code == 409
    assert shop.client.post("/returns", json={"tracking": "no"}).status_code == 404
    assert shop.client.post("/returns", json={"tracking": "trk 1", "order": 1}).status_code == 422
    assert shop.order("A")["lines"][0]["returned"] == 3
    assert shop.api.roles["viewer"].post("/returns", json=scan).status_code == 403


def test_a_signed_order_is_returned_by_a_list(shop: Shop) -> None:
    """ORD-11: marked as processed, listed, completed; a list that is still to do can be taken back."""
    shop.take(news("A", ("red", 3)))
    for action in ("pack", "ship", "deliver"):
        assert shop.act("A", action).status_code == 200
    wanted = {"order": shop.order("A")["id"], "items": [{"sku": "RED", "quantity": 1}]}
    assert shop.client.post("/returns", json=wanted).status_code == 409
    assert shop.act("A", "mark-processed").json["processed_at"] is not None
    [first], [second] = (shop.client.post("/returns", json=wanted).json["items"] for _ in range(2))
    assert shop.client.delete(f"/returns/{first['id']}").json["state"] == "undone"
    assert shop.client.post(f"/returns/{first['id']}/complete").status_code == 409
    assert shop.client.post(f"/returns/{second['id']}/complete").json["completed_by"] == "merchandiser-user"
    assert shop.figures() == Figures(3)
    items = shop.client.get(f"/returns?order={wanted['order']}&state=completed").json["items"]
    assert [item["id"] for item in items] == [second["id"]]
    assert shop.client.get(f"/returns/{second['id']}").json["lines"][0]["sku"] == "RED"
    assert shop.client.get("/returns/99").status_code == 404


def test_orders_are_listed_and_counted_by_why_they_wait(shop: Shop) -> None:
    """ORD-14: out of stock, unmapped, at risk, on hold, asked to cancel, to return, not deducted."""
    deduct = {"shipped_outside": "deduct"}
    shop.api.db.write(lambda s: setattr(s.get_one(Store, shop.store), "settings", deduct))
    gone = news("GONE", ("red", 1), paid_at=AT - timedelta(days=1))
    shop.take(gone, news("OK", ("red", 3)), news("OUT", ("red", 9)), news("NEW", ("green", 1)))
    for action in ("pack", "ship"):
        shop.act("GONE", action)
    shop.take(replace(gone, status=MarketStatus.CANCELLED, updated_at=AT + timedelta(minutes=1)))
    shop.take(news("LOST", ("red", 9), status=MarketStatus.SHIPPED))
    shop.take(news("HOLD", ("blue", 9), hold=True, cancel_pending=True))
    shop.count(-2)
    counts = shop.client.get("/orders/counts").json
    lists = {
        "at_risk": ["OK"], "on_hold": ["HOLD"], "cancel_pending": ["HOLD"], "to_return": ["GONE"],
        "not_deducted": ["LOST"], "to_file": ["GONE"],
    }  # fmt: skip
    for name, numbers in lists.items():
        assert [order["number"] for order in shop.client.get(f"/orders?{name}=true").json["items"]] == numbers
        assert counts[name] == len(numbers)
    assert (counts["out_of_stock"], counts["unmapped"], counts["states"]["shipped"]) == (2, 1, 1)
    assert shop.client.get("/orders/counts?store=Shop").json == counts
    with shop.api.db.read() as s:
        rows = list(export_rows(s, queries.orders(state="out_of_stock")))
    assert [(row["order"], row["store_sku"], row["quantity"], row["on_hold"]) for row in rows] == [
        ("OUT", "red", 9, False), ("HOLD", "blue", 9, True),
    ]  # fmt: skip
