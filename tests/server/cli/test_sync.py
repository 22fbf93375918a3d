from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.cli.opening import settings
from server.stores import service
from server.stores.credentials import keys_of
from tests.factories import AT, make_sku
from tests.server.cli.conftest import Terminal, prepared
from tests.support.sandbox import Market, market


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Market]:
    with market(tmp_path / "sandbox.db") as served:
        served.list("east", RED=5)
        served.list("west", RED=7)
        yield served


@pytest.fixture
def company(terminal: Terminal, sandbox: Market) -> Terminal:
    """The stores East and West, shops of the sandbox, and the SKU RED."""
    with prepared(terminal) as db:
        keys = keys_of(settings())

        def fill(s):
            make_sku(s, "RED")
            for shop in ("East", "West"):
                new = service.NewStore(shop, "sandbox", {"url": sandbox.url, "shop": shop.lower(), "secret": shop})
                service.add_store(s, new, keys=keys, role="admin", by="test", at=AT)

        db.write(fill)
    return terminal


def test_products_then_orders(company: Terminal, sandbox: Market) -> None:
    """CAT-10, JOB-4: listings are mapped by their code; orders come in and are counted."""
    assert company.json("sync", "products") == {
        "stores": 2, "new": 2, "changed": 0, "same": 0, "ignored": 0, "mapped": 2,
        "ambiguous": [], "odd": [], "left": [], "failed": {},
    }  # fmt: skip
    number = sandbox.order("east", RED=1)
    printed = company.run("sync", "orders", "--store", "east")
    assert "new      1" in printed and "stores   1" in printed
    assert [row["number"] for row in company.json("order", "list")] == [number]
    assert company.json("sync", "orders")["same"] == 1


def test_a_store_that_is_down_is_named_and_the_others_go_on(company: Terminal, sandbox: Market) -> None:
    """CH-5: exit code 1, with the reason."""
    sandbox.faults("west", down=True)
    sandbox.order("east", RED=1)
    assert "West: " in company.run("sync", "orders", code=1)
    assert len(company.json("order", "list")) == 1


def test_only_stores_that_there_are(company: Terminal) -> None:
    assert "there is no store" in company.run("sync", "orders", "--store", "north", code=1)
    company.run("store", "update", "west", "--no-active")
    assert "switched off" in company.run("sync", "orders", "--store", "west", code=1)
    assert company.json("sync", "products")["stores"] == 1
