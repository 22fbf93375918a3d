"""Buyers order at two shops of a real marketplace; what is left shows in all of them (over HTTP, server and jobs)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox import Market, market
from tests.support.server import StockbookServer, wait_for

pytestmark = pytest.mark.slow
SHOPS = ("east", "west")


@dataclass
class Company:
    """A running server with the stores East and West under one rule, and the marketplace they are shops of."""

    server: StockbookServer
    market: Market

    def order(self, shop: str, number: str) -> dict[str, Any]:
        """The order once it has come in; two shops may use the same number."""
        look = {"store": shop, "number": number}
        return dict(wait_for(lambda: self.server.get("/orders", **look)["items"], what=f"order {number}")[0])

    def becomes(self, shop: str, number: str, state: str) -> dict[str, Any]:
        """The order once it is in that state."""
        return dict(
            wait_for(lambda: (o := self.order(shop, number))["state"] == state and o, what=f"{number} to be {state}")
        )

    def show(self, quantity: int, sku: str = "RED", shops: tuple[str, ...] = SHOPS) -> None:
        """Every shop comes to show that quantity."""
        want = dict.fromkeys(shops, quantity)
        wait_for(lambda: {shop: self.market.shown(shop)[sku] for shop in shops} == want, what=f"{sku} at {want}")

    def figures(self, sku: str = "RED") -> tuple[int, int]:
        """On hand and allocated."""
        [row] = self.server.get("/stock", sku=sku)["items"]
        return row["on_hand"], row["allocated"]

    def stock(self, way: str, quantity: int) -> None:
        """A list of RED, made and completed."""
        made = self.server.post(f"/stock-{way}s", {"lines": [{"sku": "RED", "quantity": quantity}]})
        done = self.server.post(f"/stock-{way}s/{made.json()['id']}/complete")
        assert done.status_code == 200, done.text


@pytest.fixture
def company(db_url: str, tmp_path: Path) -> Iterator[Company]:
    """10 of RED on hand, shown in both shops; a listing in East that is not mapped."""
    with market(tmp_path / "market.db") as sold, StockbookServer(tmp_path / "var", database_url=db_url) as server:
        server.apply("sku_create", {"sku": "RED", "title": "Red shirt"}, {"sku": "BLUE", "title": "Blue shirt"})
        for shop in SHOPS:
            sold.list(shop, RED=0)
            settings = {"url": sold.url, "shop": shop, "secret": f"secret of {shop}"}
            body = {"name": shop.title(), "channel": "sandbox", "settings": settings}
            assert server.post("/stores", body).status_code == 201
        sold.list("east", SKY=3)
        rule = {"name": "All", "stores": ["East", "West"], "warehouses": ["Main"]}
        assert server.post("/push-rules", rule).status_code == 201
        made = Company(server, sold)
        assert server.run_job("/sync/products")["status"] == "done"
        assert len(server.get("/mappings", mapped="true")["items"]) == 2
        made.stock("in", 10)
        made.show(10)
        yield made


def test_what_one_shop_sells_falls_in_all(company: Company) -> None:
    """ORD-1, ORD-2, ORD-3, ORD-4, CH-5, JOB-4: by webhook and by schedule; unpaid, oversold, cancelled, shipped."""
    market, server = company.market, company.server

    # by webhook: allocated at once, and the other shop falls
    first = market.order("east", RED=2)
    assert company.becomes("east", first, "to_pack")["lines"][0]["held"] == 2
    company.show(8)
    assert company.figures() == (10, 2)

    # ORD-1: unpaid takes no stock; paying does, and cash on delivery counts once it is confirmed
    slow = market.order("west", paid=False, RED=1)
    assert company.becomes("west", slow, "unpaid")["lines"][0]["held"] == 0
    cod = market.order("west", "cod", False, RED=1)
    assert (company.becomes("west", cod, "unpaid")["cod"], company.figures()) == (True, (10, 2))
    for number in (slow, cod):
        market.act("west", number, "pay")
        company.becomes("west", number, "to_pack")
    company.show(6)

    # CH-5, JOB-4: a webhook that never came is caught by asking
    market.faults("east", drop_webhooks=True)
    missed = market.order("east", RED=1)
    assert server.run_job("/sync/orders")["status"] == "done"
    assert company.order("east", missed)["state"] == "to_pack"
    market.faults("east")
    company.show(5)

    # ORD-2: sold there before the push could reach it, so nothing is allocated that is not there
    market.faults("east", down=True)
    company.stock("out", 4)
    company.show(1, shops=("west",))
    assert market.shown("east")["RED"] == 5
    late = market.order("east", RED=3)
    market.faults("east")
    assert company.becomes("east", late, "out_of_stock")["lines"][0]["held"] == 0
    assert company.figures() == (6, 5)
    assert server.post("/push", {"stores": ["East"]}).status_code in (200, 202)
    company.show(1)

    # ORD-8: cancelled at the market; what it held goes back to all shops
    market.act("east", first, "cancel")
    company.becomes("east", first, "cancelled")
    company.show(3)

    # ORD-7: it fits now
    assert server.post("/orders/move-to-pack").json()["to_pack"] == 1
    company.show(0)
    assert company.order("east", late)["state"] == "to_pack"

    # ORD-4: packed and shipped here, picked up and delivered there
    number = company.order("east", late)["id"]
    for action in ("pack", "ship"):
        assert server.post(f"/orders/{number}/{action}").status_code == 200
    for action in ("ship", "deliver"):
        market.act("east", late, action)
    assert company.becomes("east", late, "completed")["lines"][0]["deducted"] == 3
    assert company.figures() == (3, 3)


def test_a_mapping_tries_the_orders_that_waited_for_it(company: Company) -> None:
    """ORD-2, CAT-9: unmapped until someone says what it is; then it takes its stock, and both listings fall."""
    waiting = company.market.order("east", SKY=1, RED=1)
    assert company.becomes("east", waiting, "unmapped")["lines"][0]["held"] == 0
    assert company.figures() == (10, 0)
    mapped = company.server.post("/mappings", {"store": "East", "store_sku": "SKY", "sku": "RED"})
    assert mapped.status_code == 201, mapped.text
    order = company.order("east", waiting)
    assert (order["state"], [line["held"] for line in order["lines"]]) == ("to_pack", [1, 1])
    company.show(8)
    company.show(8, sku="SKY", shops=("east",))


def test_the_last_unit_is_sold_once(company: Company) -> None:
    """ORD-2: two shops sell the same unit in the same moment; exactly one order gets it."""
    company.stock("out", 9)
    company.show(1)
    for shop in SHOPS:
        company.market.faults(shop, down=True)
    sold = {shop: company.market.order(shop, RED=1) for shop in SHOPS}
    for shop in SHOPS:
        company.market.faults(shop)
    company.server.run_job("/sync/orders")
    assert sorted(company.order(*one)["state"] for one in sold.items()) == ["out_of_stock", "to_pack"]
    assert company.figures() == (1, 1)
