"""The example company: its data is sound, and its buyers do no harm."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx

from server.cli.example import company
from server.cli.example.trickle import DELIVERY, LOW, Trickle
from validators.values.hygiene import gtin_error, sku_error


def test_about_sixty_skus_each_sound() -> None:
    """CAT-1, CAT-4: unique codes and titles, GTINs with a right check digit."""
    rows = company.skus()
    assert 55 <= len(rows) <= 65
    for name in ("sku", "title", "gtins"):
        assert max(Counter(row[name] for row in rows).values()) == 1
    for row in rows:
        assert sku_error(row["sku"]) is None and gtin_error(row["gtins"]) is None
        digits = [int(digit) for digit in row["gtins"]]
        assert sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10 == 0


def test_listings_sell_what_there_is() -> None:
    known = {row["sku"] for row in company.skus()} | {row["combination"] for row in company.combinations()}
    unmapped = []
    for shop in company.STORES:
        codes = [listing.store_sku for listing in company.listings(shop)]
        assert len(codes) == len(set(codes))
        unmapped += [listing for listing in company.listings(shop) if listing.sku is None]
        assert {listing.sku for listing in company.listings(shop)} - {None} <= known
    assert unmapped == [company.UNMAPPED]


def test_the_moving_skus_are_sold_in_every_store() -> None:
    for shop in company.STORES:
        assert set(company.MOVING) <= {listing.sku for listing in company.listings(shop)}


class Recorded:
    """A server that answers as told and keeps what it was asked."""

    def __init__(self, answer: Callable[[httpx.Request], Any]) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self._answer = answer
        self.client = httpx.Client(base_url="http://there", transport=httpx.MockTransport(self._reply))

    def _reply(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, request.url.path, body))
        found = self._answer(request)
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)


def _stock(available: int) -> Callable[[httpx.Request], Any]:
    def answer(request: httpx.Request) -> Any:
        if request.url.path == "/stock":
            return {"items": [{"warehouse": company.MAIN, "available": available}]}
        return {"items": []}

    return answer


def _trickle(api: Recorded, market: Recorded) -> Trickle:
    return Trickle(api.client, market.client, chance=random.Random(7))


def test_buyers_order_the_moving_skus_only() -> None:
    codes = {
        (shop.shop, one.store_sku)
        for shop in company.STORES
        for one in company.listings(shop)
        if one.sku in company.MOVING
    }
    market = Recorded(lambda request: httpx.Response(201, json={"number": "S1"}))
    trickle = _trickle(Recorded(_stock(50)), market)
    for _ in range(200):
        trickle.round()
    placed = [(path.split("/")[2], body) for _, path, body in market.asked if path.endswith("/orders")]
    assert len(placed) == 200
    assert {(shop, line["store_sku"]) for shop, body in placed for line in body["lines"]} <= codes
    assert {body["payment"] for _, body in placed} == {"prepaid", "cod"}
    assert {path.split("/")[-1] for _, path, _ in market.asked} >= {"pay", "cancel"}


def test_sold_out_is_sold_out() -> None:
    """Nothing is forced: a refused order is let go, and nothing is paid or taken back."""
    market = Recorded(lambda request: httpx.Response(409, json={}))
    trickle = _trickle(Recorded(_stock(50)), market)
    for _ in range(20):
        trickle.round()
    assert {path.split("/")[-1] for _, path, _ in market.asked} == {"orders"}


def test_a_delivery_comes_when_a_moving_sku_runs_low() -> None:
    api = Recorded(_stock(LOW - 1))
    _trickle(api, Recorded(lambda request: httpx.Response(409, json={}))).round()
    [body] = [body for _, path, body in api.asked if path == "/uploads"]
    assert body["template"] == "stock_in"
    assert [(row["sku"], row["quantity"]) for row in body["rows"]] == [(sku, DELIVERY) for sku in company.MOVING]
    assert ("POST", "/orders/move-to-pack", {}) in api.asked


def test_only_orders_of_moving_skus_are_worked_on() -> None:
    """Who tries something by hand with another SKU finds the order as it was left."""

    def answer(request: httpx.Request) -> Any:
        if request.url.params.get("state") != "to_pack":
            return {"items": []}
        own = [{"id": 100 + number, "lines": [{"sku": company.MOVING[0]}]} for number in range(9)]
        return {"items": [*own, {"id": 1, "lines": [{"sku": "NB-A5-DOT"}]}]}

    api = Recorded(answer)
    _trickle(api, Recorded(lambda request: httpx.Response(409, json={}))).round()
    assert [path for method, path, _ in api.asked if path.endswith("/pack")] == ["/orders/107/pack", "/orders/108/pack"]
