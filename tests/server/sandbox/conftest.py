"""The marketplace without a network: a Flask test client, a clock and a die that tests set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.sandbox.http import create_app, market_of

BASE = "/sandbox/v1"
SELLER = {"Authorization": "Bearer s3cret"}


@dataclass
class Desk:
    """A test client with the clock (seconds), the die and the naps of the marketplace behind it."""

    path: Path
    now: float = 1_800_000_000.0
    dice: float = 0.5
    naps: list[float] = field(default_factory=list)
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        self.app = create_app(
            self.path, clock=lambda: self.now, chance=lambda: self.dice, sleep=self.naps.append, deliver=False
        )
        self.client = self.app.test_client()

    def restart(self) -> None:
        market_of(self.app).close()
        self.open()

    def post(self, path: str, body: Any = None, **kwargs: Any) -> TestResponse:
        return self.client.post(BASE + path, json=body, **kwargs)

    def put(self, path: str, body: Any = None, **kwargs: Any) -> TestResponse:
        return self.client.put(BASE + path, json=body, **kwargs)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.client.get(BASE + path, **kwargs)

    def list(self, shop: str, **quantities: int) -> None:
        items = [{"store_sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]
        assert self.post(f"/shops/{shop}/listings", {"items": items}).status_code == 201

    def order(self, shop: str, payment: str = "prepaid", paid: bool = True, **units: int) -> TestResponse:
        lines = [{"store_sku": sku, "quantity": quantity} for sku, quantity in units.items()]
        return self.post(f"/shops/{shop}/orders", {"lines": lines, "payment": payment, "paid": paid})

    def stock(self, shop: str, **quantities: int) -> TestResponse:
        lines = [{"store_sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]
        return self.post(f"/shops/{shop}/stock", {"lines": lines}, headers=SELLER)

    def shown(self, shop: str) -> dict[str, int]:
        return {item["store_sku"]: item["quantity"] for item in self.get(f"/shops/{shop}/listings").json["items"]}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "sandbox.db")
    yield desk
    market_of(desk.app).close()
