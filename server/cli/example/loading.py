"""Load the example company: workbooks filled in and uploaded through the API, as a user would."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

import httpx

from server.cli.example import company
from server.cli.example.company import Shop
from server.cli.example.filling import completed, filled
from server.errors import Refused

TIMEOUT_SECONDS = 60.0
_LOOK_EVERY_SECONDS = 0.1
#: File names are how a second start knows what was handed in already.
MISTAKEN = "delivery 4713, too fast.xlsx"


def load(base_url: str, sandbox_url: str, token: str) -> None:
    """Make the example company on the server at `base_url`; its stores are shops of the sandbox at `sandbox_url`.

    Looks before each step, so it may run again after a start that was cut off. Raises `Refused` with the server's own
    words.
    """
    headers = {"Authorization": f"Bearer {token}"}
    with (
        httpx.Client(base_url=f"{base_url}/api/v1", headers=headers, timeout=TIMEOUT_SECONDS) as api,
        httpx.Client(base_url=f"{sandbox_url}/sandbox/v1", timeout=TIMEOUT_SECONDS) as market,
    ):
        Loading(api, market, sandbox_url).run()


class Loading:
    """One load, step by step."""

    def __init__(self, api: httpx.Client, market: httpx.Client, sandbox_url: str) -> None:
        self._api, self._market, self._sandbox_url = api, market, sandbox_url
        self._done: frozenset[str] = frozenset()

    def run(self) -> None:
        """Every step in the order in which they build on each other."""
        self._done = self._handed_in()
        self._upload("warehouses.xlsx", "warehouses", company.warehouses())
        self._upload("shelves.xlsx", "shelves", company.shelves())
        self._upload("new SKUs.xlsx", "sku_create", company.skus())
        self._upload("combinations.xlsx", "combinations", company.combinations())
        for shop in company.STORES:
            self._open(shop)
        self._sync_products()
        self._map_listings()
        self._upload("safety stock and shelves.xlsx", "safety_stock", company.safety_stock())
        self._upload("delivery 4711 main.xlsx", "stock_in", company.stock_in(company.MAIN))
        self._upload("delivery 4712 east.xlsx", "stock_in", company.stock_in(company.EAST))
        self._upload("push rules.xlsx", "push_rules", company.push_rules())
        self._upload(MISTAKEN, "stock_in", company.mistaken_delivery(), mode="validate")
        self._order_what_nobody_mapped()

    def _handed_in(self) -> frozenset[str]:
        uploads = _checked(self._api.get("/uploads", params={"limit": 100}))["items"]
        return frozenset(one["filename"] for one in uploads if one["status"] in ("applied", "validated"))

    def _upload(self, name: str, template: str, rows: list[Any], *, mode: str = "apply") -> None:
        if name not in self._done:
            self._hand_in(name, filled(self._template(template), template, rows), mode)

    def _map_listings(self) -> None:
        """The mapping workbook with current data: what the sync could not match is filled in by hand."""
        name, known = "mapping.xlsx", company.mappings()

        def fill_in(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
            sku = known.get((row["store"], row["store_sku"]))
            return None if sku is None or row["sku"] else {"sku": sku}

        if name not in self._done:
            self._hand_in(name, completed(self._template("mapping", with_data=True), "mapping", fill_in), "apply")

    def _template(self, template: str, *, with_data: bool = False) -> bytes:
        answer = self._api.get(f"/templates/{template}.xlsx", params={"with_data": "true"} if with_data else {})
        if answer.is_error:
            raise Refused(f"the template {template} was not given: {answer.text[:500]}")
        return answer.content

    def _hand_in(self, name: str, content: bytes, mode: str) -> None:
        outcome = _checked(self._api.post("/uploads", params={"mode": mode}, files={"file": (name, content)}))
        if outcome["status"] not in ("applied", "validated"):
            bad = [row for row in outcome.get("rows", []) if row["status"] in ("error", "conflict")]
            raise Refused(f"the example's {name} was {outcome['status']}: {outcome.get('messages')} {bad[:3]}")

    def _open(self, shop: Shop) -> None:
        """A shop at the sandbox with its listings, and the store that stands for it here."""
        there = {item["store_sku"] for item in _checked(self._market.get(f"/shops/{shop.shop}/listings"))["items"]}
        items = [
            {"store_sku": one.store_sku, "name": one.name, "quantity": one.quantity, "price": one.price}
            for one in company.listings(shop)
            if one.store_sku not in there
        ]
        if items:
            _checked(self._market.post(f"/shops/{shop.shop}/listings", json={"items": items}))
        if not _checked(self._api.get("/stores", params={"name": shop.store}))["items"]:
            settings = {"url": self._sandbox_url, "shop": shop.shop, "secret": secrets.token_urlsafe(24)}
            body = {"name": shop.store, "channel": "sandbox", "warehouse": shop.warehouse, "settings": settings}
            _checked(self._api.post("/stores", json=body))

    def _sync_products(self) -> None:
        run = _checked(self._api.post("/sync/products", json={}))
        until = time.monotonic() + TIMEOUT_SECONDS
        while run["status"] in ("waiting", "running"):
            if time.monotonic() > until:
                raise Refused("the stores' listings are not read; is the job process running?")
            time.sleep(_LOOK_EVERY_SECONDS)
            run = _checked(self._api.get(f"/runs/{run['id']}"))
        if run["status"] != "done" or run["counts"].get("failed"):
            raise Refused(f"the stores' listings could not be read: {run['error'] or run['counts']}")

    def _order_what_nobody_mapped(self) -> None:
        """One order for the listing without a mapping, so that the list of unmapped orders has something to show."""
        shop = company.LAZADA.shop
        sold = {one["shop"]: one["orders"] for one in _checked(self._market.get("/stats"))["shops"]}
        if not sold.get(shop):
            line = {"store_sku": company.UNMAPPED.store_sku, "quantity": 1}
            _checked(self._market.post(f"/shops/{shop}/orders", json={"lines": [line]}))


def _checked(answer: httpx.Response) -> Any:
    if answer.is_error:
        raise Refused(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:500]}")
    return answer.json()
