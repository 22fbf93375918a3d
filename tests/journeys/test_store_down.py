"""The stores are down, stock comes in, the server is killed, everything comes back: the right quantity, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sandbox import market
from tests.support.server import StockbookServer, wait_for
from tests.support.shops import connect, wait_until_shown

pytestmark = pytest.mark.slow
STORES = ("North", "South")


def test_stock_that_came_in_while_stores_were_down_arrives_once(db_url: str, tmp_path: Path) -> None:
    """PSH-8, PSH-10, PSH-11: nothing is lost on the way, nothing is sent twice, and explain tells the story."""
    with (
        market(tmp_path / "market.db") as sandbox,
        StockbookServer(tmp_path / "var", database_url=db_url) as server,
    ):
        connect(server, sandbox, STORES, {"RED": 3, "BLUE": 5})
        before = {store: sandbox.times_set(store.lower()) for store in STORES}
        sandbox.faults(down=True)
        server.apply("stock_in", {"sku": "RED", "quantity": 4})
        waiting = wait_for(lambda: _waiting(server, tried=True), what="a push that found the stores down")
        assert {(push["store"], push["quantity"]) for push in waiting} == {("North", 7), ("South", 7)}
        server.apply("stock_in", {"sku": "RED", "quantity": 2})  # the store learns of both at once
        server.kill()
        assert {store: sandbox.shown(store.lower()) for store in STORES} == {
            store: {"RED": 3, "BLUE": 5} for store in STORES
        }
        server.start()
        sandbox.faults()
        for store in STORES:
            wait_until_shown(sandbox, store, {"RED": 9, "BLUE": 5})
        wait_for(lambda: not _waiting(server), what="nothing to wait any longer")
        for store in STORES:
            after = sandbox.times_set(store.lower())
            assert {sku: after[sku] - before[store][sku] for sku in after} == {"RED": 1, "BLUE": 0}
            _check_the_story(server.get("/push/explain", store=store, store_sku="RED"))


def _waiting(server: StockbookServer, *, tried: bool = False) -> list[dict[str, object]]:
    """What waits; with `tried` only once each store was asked in vain."""
    found: list[dict[str, object]] = server.get("/push")["items"]
    return found if not tried or (len(found) == len(STORES) and all(push["paused_until"] for push in found)) else []


def _check_the_story(told: dict[str, object]) -> None:
    assert (told["target"], told["rule"], told["waits"]) == (9, "Everything", None)
    last = told["told"]
    assert isinstance(last, dict)
    assert (last["quantity"], last["known"]) == (9, True)
    evaluations = told["evaluations"]
    assert isinstance(evaluations, list)
    assert [one["target"] for one in evaluations][:2] == [9, 7]
    assert any("9" in str(step) for step in told["steps"])  # type: ignore[attr-defined]
