"""A marketplace: its shops, their secrets and webhooks, what they sold."""

from __future__ import annotations

import hmac
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from server.sandbox.database import Database
from server.sandbox.errors import WrongSecret
from server.sandbox.faults import FaultBox, RateLimiter
from server.sandbox.listings import Listings, ensure_shop
from server.sandbox.orders import Orders
from server.sandbox.webhooks import Courier


class Marketplace:
    """Everything the sandbox knows, kept in one SQLite file. Shops come into being on first use."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.database = Database(path, clock)
        self.faults = FaultBox(self.database)
        self.limiter = RateLimiter()
        self.listings = Listings(self.database)
        self.orders = Orders(self.database, self.listings)
        self.courier = Courier(self.database, self.faults, transport=transport, chance=chance)
        self.chance = chance

    def close(self) -> None:
        """Stop delivering and let go of the file."""
        self.courier.stop()
        self.database.close()

    def register(self, shop: str, secret: str) -> None:
        """Give a shop the secret that its seller's calls must carry from now on."""
        with self.database.write() as connection:
            ensure_shop(connection, shop)
            connection.execute("UPDATE shop SET secret = ? WHERE name = ?", (secret, shop))

    def check_secret(self, shop: str, given: str) -> None:
        """Raise `WrongSecret` unless it is the shop's. A shop without a registered secret takes any."""
        with self.database.read() as connection:
            row = connection.execute("SELECT secret FROM shop WHERE name = ?", (shop,)).fetchone()
        if row is None or row["secret"] is None:
            return
        if not hmac.compare_digest(str(row["secret"]).encode(), given.encode()):
            raise WrongSecret(f"this is not the secret of shop {shop}")

    def subscribe(self, shop: str, url: str, secret: str) -> None:
        """Tell this address of every change of the shop's orders; the last one asked for is the only one."""
        with self.database.write() as connection:
            ensure_shop(connection, shop)
            connection.execute(
                "UPDATE shop SET webhook_url = ?, webhook_secret = ? WHERE name = ?", (url, secret, shop)
            )

    def unsubscribe(self, shop: str) -> None:
        """Tell nobody any more; what waits to be delivered is dropped."""
        with self.database.write() as connection:
            connection.execute("UPDATE shop SET webhook_url = NULL, webhook_secret = NULL WHERE name = ?", (shop,))
            connection.execute("DELETE FROM delivery WHERE shop = ?", (shop,))

    def subscription(self, shop: str) -> str | None:
        """Where the shop's webhooks go."""
        with self.database.read() as connection:
            row = connection.execute("SELECT webhook_url FROM shop WHERE name = ?", (shop,)).fetchone()
        return None if row is None else row["webhook_url"]

    def stats(self) -> dict[str, Any]:
        """Per shop and store SKU: units in orders that count, that wait for payment, that were cancelled."""
        self.listings.settle()
        with self.database.read() as connection:
            shops = connection.execute("SELECT name AS shop, orders, pushes FROM shop ORDER BY name").fetchall()
            items = connection.execute(
                "SELECT listing.shop, listing.store_sku, listing.quantity, listing.times_set,"
                " coalesce(sum(line.quantity) FILTER (WHERE status NOT IN ('unpaid', 'cancelled')), 0)"
                " AS units_sold,"
                " coalesce(sum(line.quantity) FILTER (WHERE status = 'unpaid'), 0) AS units_unpaid,"
                " coalesce(sum(line.quantity) FILTER (WHERE status = 'cancelled'), 0) AS units_cancelled"
                " FROM listing LEFT JOIN order_line AS line USING (shop, store_sku)"
                " LEFT JOIN market_order USING (shop, number)"
                " GROUP BY listing.shop, listing.store_sku ORDER BY listing.shop, listing.store_sku"
            ).fetchall()
        return {
            "items": [dict(row) for row in items],
            "shops": [dict(row) for row in shops],
        }
