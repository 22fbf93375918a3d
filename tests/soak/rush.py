"""P2 from the buyers' side: eight of them want one hot SKU in three stores while pushes run."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx

from server.db.session import Database
from server.ledger.verifying import verify
from tests.soak.trial import Figures, Place, Trial
from tests.support.sandbox import Market
from tests.support.server import StockbookServer, wait_for
from tests.support.shops import connect, market_process, orders, shop_of, wait_until_shown

BUYERS = 8
STORES = ("North", "South", "West")
HOT = "HOT"
#: How long a buyer thinks between two looks, at most; and how often the delay of a push is measured.
THINKING_SECONDS = 0.5
MEASURED = 5
QUIET_SECONDS = 1.5


@dataclass
class Crowd:
    """Buyers in threads of their own. They buy a unit wherever one is shown, until told to stop."""

    market: Market
    seed: int
    bought: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._threads = [threading.Thread(target=self._buy, args=(number,)) for number in range(BUYERS)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """They go home."""
        self.stop.set()
        for thread in self._threads:
            thread.join()

    def _buy(self, number: int) -> None:
        chance = random.Random(self.seed * 1000 + number)
        body = {"lines": [{"store_sku": HOT, "quantity": 1}], "payment": "prepaid", "paid": True}
        with httpx.Client(base_url=f"{self.market.url}/sandbox/v1", trust_env=False, timeout=30) as calls:
            while not self.stop.wait(chance.uniform(0, THINKING_SECONDS)):
                store = chance.choice(STORES)
                answer = calls.post(f"/shops/{shop_of(store)}/orders", json=body)
                if answer.status_code == 201:
                    self.bought[store] += 1
                else:
                    self.refused += 1


def run(place: Place, units: int) -> Figures:
    """`units` of one SKU, shown in full in each of three stores, bought by eight buyers till nothing is shown."""
    with (
        market_process(place.folder / "market.db") as sandbox,
        StockbookServer(place.folder / "var", database_url=place.url) as server,
    ):
        connect(server, sandbox, STORES, {HOT: units - MEASURED})
        delays = [_delay(server, sandbox, units - MEASURED + number) for number in range(1, MEASURED + 1)]
        crowd = Crowd(sandbox, place.seed)
        try:
            wait_for(lambda: _sold_out(server, sandbox, units), what="everything to be sold", seconds=300, every=0.2)
        finally:
            crowd.end()
        server.run_job("/sync/orders")
        figures = _count(server, units, sum(crowd.bought.values()))
    db = Database(place.url)
    with db.read() as session:
        figures["differences"] = len(verify(session))
    db.close()
    figures |= {"push_delay_s": round(statistics.median(delays), 2), "push_delay_max_s": round(max(delays), 2)}
    return figures | {"buyers_told_sold_out": crowd.refused}


def _delay(server: StockbookServer, sandbox: Market, wanted: int) -> float:
    """Seconds from the answer that a unit was booked in until all stores show it."""
    server.apply("stock_in", {"sku": HOT, "quantity": 1, "note": f"up to {wanted}"})
    begun = time.perf_counter()
    for store in STORES:
        wait_until_shown(sandbox, store, {HOT: wanted})
    return time.perf_counter() - begun


def _sold_out(server: StockbookServer, sandbox: Market, units: int) -> bool:
    """All units promised, nothing shown anywhere, and that for a while."""
    until = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < until:
        (stock,) = server.get("/stock", sku=HOT)["items"]
        if stock["allocated"] < units or any(sandbox.shown(shop_of(store))[HOT] for store in STORES):
            return False
        time.sleep(0.1)
    return True


def _count(server: StockbookServer, units: int, bought: int) -> Figures:
    known = [order for store in STORES for order in orders(server, store).values()]
    states = Counter(order["state"] for order in known)
    (stock,) = server.get("/stock", sku=HOT)["items"]
    return {
        "units": units,
        "stores": len(STORES),
        "buyers": BUYERS,
        "bought": bought,
        "sold_beyond_stock": bought - units,
        "allocated": stock["allocated"],
        "out_of_stock": states["out_of_stock"],
        "allocated_beyond_stock": max(0, stock["allocated"] - units, states["to_pack"] - units),
        "orders_lost": bought - len(known),
        "orders_in_another_state": len(known) - states["to_pack"] - states["out_of_stock"],
        "units_not_promised": units - states["to_pack"],
    }


TRIAL = Trial(
    "P2: whatever the shops sell in the moments before a push, no unit is promised twice",
    run,
    full=300,
    kept=(
        "allocated_beyond_stock",
        "orders_lost",
        "orders_in_another_state",
        "units_not_promised",
        "differences",
    ),
)
