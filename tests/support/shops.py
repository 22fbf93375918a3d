"""Stores on the sandbox marketplace, connected to a running server the way a user connects them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from server.sandbox import http as sandbox_http
from tests.support.ports import free_port
from tests.support.processes import PROCESSES
from tests.support.sandbox import Market
from tests.support.server import StockbookServer, wait_for

SECRET = "a-secret-of-the-shop"


@contextmanager
def market_process(path: Path) -> Iterator[Market]:
    """A sandbox marketplace as a process of its own: it does not share a processor's time with its buyers."""
    port = free_port()
    process = PROCESSES.Process(target=sandbox_http.serve, args=(path, "127.0.0.1", port), daemon=True)
    process.start()
    served = Market(f"http://127.0.0.1:{port}")
    try:
        wait_for(lambda: _answers(served), what="the sandbox marketplace")
        yield served
    finally:
        served.calls.close()
        process.terminate()
        process.join(30)


def _answers(market: Market) -> bool:
    try:
        return market.calls.get("/").is_success
    except httpx.HTTPError:
        return False


def connect(server: StockbookServer, market: Market, stores: Sequence[str], stock: Mapping[str, int]) -> None:
    """Each store sells every SKU of `stock` under its own code, mapped by it, at 100 % of what is available."""
    server.apply("sku_create", *({"sku": sku, "title": f"Thing {sku}"} for sku in stock))
    for store in stores:
        add_store(server, market, store, stock)
    server.run_job("/sync/products")
    (main,) = [found["code"] for found in server.get("/warehouses")["items"]]
    rule = {"name": "Everything", "warehouses": [main], "stores": list(stores)}
    made = server.post("/push-rules", rule)
    assert made.status_code == 201, made.text
    if any(stock.values()):
        server.apply("stock_in", *({"sku": sku, "quantity": units} for sku, units in stock.items() if units))
    for store in stores:
        wait_until_shown(market, store, stock)


def add_store(server: StockbookServer, market: Market, name: str, skus: Mapping[str, int]) -> int:
    """A store whose shop is called like it, with empty listings; gives its number."""
    market.list(shop_of(name), **dict.fromkeys(skus, 0))
    settings = {"url": market.url, "shop": shop_of(name), "secret": SECRET}
    made = server.post("/stores", {"name": name, "channel": "sandbox", "settings": settings})
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


def shop_of(store: str) -> str:
    """What the market calls a store's shop."""
    return store.lower()


def wait_until_shown(market: Market, store: str, wanted: Mapping[str, int], *, seconds: float = 60.0) -> None:
    """Until buyers see these quantities."""

    def right() -> bool:
        shown = market.shown(shop_of(store))
        return all(shown[sku] == units for sku, units in wanted.items())

    wait_for(right, what=f"{store} to show {dict(wanted)}", seconds=seconds)


def orders(server: StockbookServer, store: str) -> dict[str, dict[str, Any]]:
    """Every order of a store by number."""
    found: dict[str, dict[str, Any]] = {}
    after = None
    while True:
        page = server.get("/orders", store=store, limit=200, **({} if after is None else {"after": after}))
        found.update((order["number"], order) for order in page["items"])
        if (after := page["next"]) is None:
            return found
