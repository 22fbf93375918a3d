"""A running sandbox marketplace for tests: what buyers and the tester do, and a vault in memory."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from server.sandbox.http import running


class MemoryVault:
    """Credentials that live in a dictionary."""

    def __init__(self, **credentials: str) -> None:
        self.credentials: Mapping[str, str] = credentials

    def read(self) -> Mapping[str, str]:
        return self.credentials

    def renew(self, ask: Callable[[Mapping[str, str]], Mapping[str, str]]) -> Mapping[str, str]:
        self.credentials = ask(self.credentials)
        return self.credentials


class Market:
    """The side of the marketplace that needs no secret: buyers, and whoever turns the switches."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls = httpx.Client(base_url=f"{url}/sandbox/v1", trust_env=False)

    def list(self, shop: str, **quantities: int) -> None:
        """Put up listings by store SKU."""
        items = [{"store_sku": sku, "name": sku.title(), "quantity": quantity} for sku, quantity in quantities.items()]
        self.calls.post(f"/shops/{shop}/listings", json={"items": items}).raise_for_status()

    def shown(self, shop: str) -> dict[str, int]:
        """Store SKU -> quantity as buyers see it."""
        items = self.calls.get(f"/shops/{shop}/listings").raise_for_status().json()["items"]
        return {item["store_sku"]: item["quantity"] for item in items}

    def times_set(self, shop: str) -> dict[str, int]:
        """Store SKU -> how often it was set."""
        items = self.calls.get(f"/shops/{shop}/listings").raise_for_status().json()["items"]
        return {item["store_sku"]: item["times_set"] for item in items}

    def order(self, shop: str, payment: str = "prepaid", paid: bool = True, **units: int) -> str:
        """Buy; the order's number."""
        lines = [{"store_sku": sku, "quantity": quantity} for sku, quantity in units.items()]
        body = {"lines": lines, "payment": payment, "paid": paid}
        return str(self.calls.post(f"/shops/{shop}/orders", json=body).raise_for_status().json()["number"])

    def act(self, shop: str, number: str, action: str, **body: Any) -> dict[str, Any]:
        """Move an order on."""
        answer = self.calls.post(f"/shops/{shop}/orders/{number}/{action}", json=body or None)
        return dict(answer.raise_for_status().json())

    def faults(self, shop: str | None = None, **faults: Any) -> None:
        """Replace the faults of a shop, or of all."""
        params = {"shop": shop} if shop else {}
        self.calls.put("/faults", params=params, json=faults).raise_for_status()


@contextmanager
def market(path: Path) -> Iterator[Market]:
    """A sandbox served over loopback for the length of the block."""
    with running(path) as url:
        served = Market(url)
        try:
            yield served
        finally:
            served.calls.close()


class Subscriber:
    """A web server that keeps the webhooks it is sent and answers as told."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.arrived = threading.Condition()
        subscriber = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with subscriber.arrived:
                    status = subscriber.statuses.pop(0) if subscriber.statuses else 204
                    subscriber.received.append((dict(self.headers.items()), body))
                    subscriber.arrived.notify_all()
                self.send_response(status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/webhooks/1"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def wait(self, count: int, seconds: float = 30.0) -> list[tuple[dict[str, str], bytes]]:
        """What has come in once there are `count` of them, or when time is up."""
        with self.arrived:
            self.arrived.wait_for(lambda: len(self.received) >= count, timeout=seconds)
            return list(self.received)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
