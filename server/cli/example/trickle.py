"""Buyers of the example company: an order every few seconds, so that a newcomer sees figures move.

They order only the listings of `company.MOVING`; who tries something with any other SKU is not disturbed. A little
warehouse work goes with it, through the API as a user would do it: orders are packed and shipped, and a delivery comes
when a moving SKU runs low, so that it goes on for hours.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import httpx

from server.cli.example import company
from server.cli.example.company import Shop

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10.0
FIRST_SECONDS, SLOWEST_SECONDS = 3.0, 20.0
#: Lively at first, calmer later: so many seconds more between orders for each minute that passes.
SLOWER_A_MINUTE = 0.5
#: A delivery comes when fewer units than this are available in a warehouse.
LOW, DELIVERY = 9, 36
#: So many orders may wait at each station before somebody works on the oldest.
TO_PACK, IN_PROCESS = 6, 3
_CASH, _UNPAID, _CANCELLED = 0.2, 0.15, 0.06


class Trickle:
    """One round after another, until it is stopped."""

    def __init__(self, api: httpx.Client, market: httpx.Client, *, chance: random.Random | None = None) -> None:
        self._api, self._market = api, market
        self._chance = chance or random.Random()
        self._listings = {
            shop: [one for one in company.listings(shop) if one.sku in company.MOVING] for shop in company.STORES
        }
        self._unpaid: deque[tuple[Shop, str]] = deque()
        self._deliveries = 0

    def run(self, stopping: threading.Event) -> None:
        """Rounds until `stopping`; a round that fails is logged and the next one is tried."""
        began = time.monotonic()
        while not stopping.wait(self._pause((time.monotonic() - began) / 60)):
            try:
                self.round()
            except httpx.HTTPError as error:
                log.info("the example's buyers rest: %s", error)

    def _pause(self, minutes: float) -> float:
        return min(FIRST_SECONDS + SLOWER_A_MINUTE * minutes, SLOWEST_SECONDS) * self._chance.uniform(0.6, 1.4)

    def round(self) -> None:
        """One order, and whatever else is due."""
        self._order()
        self._pay()
        self._work()
        self._deliver()

    def _order(self) -> None:
        """One or two units at a random shop; sold out there is sold out, and some orders are taken back at once."""
        shop = self._chance.choice(company.STORES)
        line = {"store_sku": self._chance.choice(self._listings[shop]).store_sku, "quantity": self._units()}
        cash = self._chance.random() < _CASH
        waits = cash or self._chance.random() < _UNPAID
        body = {"lines": [line], "payment": "cod" if cash else "prepaid", "paid": not waits}
        placed = self._market.post(f"/shops/{shop.shop}/orders", json=body)
        if placed.status_code != 201:
            return
        number = placed.json()["number"]
        if waits:
            self._unpaid.append((shop, number))
        elif self._chance.random() < _CANCELLED:
            self._act(shop, number, "cancel")

    def _units(self) -> int:
        return 2 if self._chance.random() < 0.25 else 1

    def _pay(self) -> None:
        """The oldest unpaid order is paid, or confirmed where it is cash on delivery."""
        if len(self._unpaid) > 2:
            self._act(*self._unpaid.popleft(), "pay")

    def _act(self, shop: Shop, number: str, action: str) -> None:
        self._market.post(f"/shops/{shop.shop}/orders/{number}/{action}")

    def _work(self) -> None:
        """The oldest order in process is shipped and handed over, the oldest to pack is packed."""
        shops = {shop.store: shop for shop in company.STORES}
        for order in self._oldest("in_process", beyond=IN_PROCESS):
            if self._api.post(f"/orders/{order['id']}/ship").is_success:
                self._act(shops[order["store"]], order["number"], "ship")
                self._act(shops[order["store"]], order["number"], "deliver")
        for order in self._oldest("to_pack", beyond=TO_PACK):
            self._api.post(f"/orders/{order['id']}/pack")

    def _oldest(self, state: str, *, beyond: int) -> list[dict[str, Any]]:
        """The two oldest orders of a state, where more than `beyond` wait; none that has other SKUs in it."""
        found = self._api.get("/orders", params={"state": state, "limit": 100}).json().get("items", [])
        ours = [order for order in found if all(line["sku"] in company.MOVING for line in order["lines"])]
        return ours[beyond:][-2:]

    def _deliver(self) -> None:
        """A stock-in of every moving SKU that runs low; orders that waited for it are tried again."""
        rows = list(self._running_low())
        if not rows:
            return
        self._deliveries += 1
        note = f"Delivery {int(time.time()) % 1_000_000}-{self._deliveries}"
        body = {"template": "stock_in", "rows": [row | {"note": note} for row in rows]}
        self._api.post("/uploads", params={"mode": "apply"}, json=body)
        self._api.post("/orders/move-to-pack", json={})

    def _running_low(self) -> Iterator[dict[str, Any]]:
        for sku in company.MOVING:
            for item in self._api.get("/stock", params={"sku": sku}).json().get("items", []):
                if item["available"] < LOW:
                    yield {"sku": sku, "warehouse": item["warehouse"], "quantity": DELIVERY}


def buy(base_url: str, sandbox_url: str, token: str, stopping: threading.Event) -> None:
    """Have the example's buyers order until `stopping` is set."""
    headers = {"Authorization": f"Bearer {token}"}
    with (
        httpx.Client(base_url=f"{base_url}/api/v1", headers=headers, timeout=TIMEOUT_SECONDS) as api,
        httpx.Client(base_url=f"{sandbox_url}/sandbox/v1", timeout=TIMEOUT_SECONDS) as market,
    ):
        Trickle(api, market).run(stopping)
