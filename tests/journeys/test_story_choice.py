"""A store that is run by the marketplace (Choice), beside one that is not, in shops of the sandbox marketplace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.db.session import Database
from tests.support.company import Company, in_process
from tests.support.server import wait_for


@pytest.fixture
def company(db: Database, tmp_path: Path) -> Iterator[Company]:
    """30 of RED in EAST for the Choice store Prime, alone under its rule; 7 of BLUE in Main."""
    with in_process(db, tmp_path) as made:
        made.warehouse("EAST")
        made.sku("RED", "BLUE")
        made.store("Prime", choice=True, RED=0)
        made.store("North", RED=0, BLUE=0)
        made.read_listings()
        made.apply(
            "stock_in", {"sku": "RED", "warehouse": "EAST", "quantity": 30}, {"sku": "BLUE", "quantity": 7}
        )  # fmt: skip
        made.rule("Prime only", ["Prime"], ["EAST"])
        yield made


def test_it_is_told_only_when_there_is_more(company: Company) -> None:
    """PSH-9: the first push sends; 30 sent, falls to 20: nothing; rises to 25: 25 is sent; Push Now sends anyhow."""
    assert company.sent("Prime") == [30]
    company.stock_out(10, warehouse="EAST")
    assert (company.sent("Prime"), company.shown("Prime")) == ([30], 30)
    newest = company.evaluations("Prime")[0]
    assert (newest["target"], newest["result"]) == (20, "nothing_to_send")
    explained = company.get("/push/explain", store="Prime", store_sku="RED")["steps"]
    assert explained[-1] == "last told 30; a Choice store is only told when the target rises"
    company.stock_in(5, warehouse="EAST")
    assert (company.sent("Prime"), company.shown("Prime")) == ([30, 25], 25)
    company.stock_out(3, warehouse="EAST")
    assert company.sent("Prime") == [30, 25]
    company.ask("POST", "/push", {"stores": ["Prime"]})
    assert (company.sent("Prime"), company.shown("Prime")) == ([30, 25, 22], 22)
    assert company.evaluations("Prime")[0]["causes"] == ["16 push_now"]


def test_it_is_told_once_it_is_up_again(company: Company) -> None:
    """PSH-9, PSH-10: what waits is never more than there is."""
    company.market.faults("prime", down=True)
    company.stock_in(5, warehouse="EAST")
    company.stock_out(2, warehouse="EAST")
    [waits] = company.get("/push", store="Prime")["items"]
    assert waits["quantity"] == 33
    company.market.faults("prime")

    def told() -> bool:
        company.doors.push()
        return company.shown("Prime") == 33

    wait_for(told, what="the pause to be over", seconds=60)
    assert company.sent("Prime") == [30, 33]


def test_its_orders_are_recorded_and_take_nothing(company: Company) -> None:
    """ORD-13: with their status and their lines; nothing is allocated, done or tried; no SKU is made of them."""
    company.switch(create_sku_automatically=True)
    company.market.list("prime", NEW=5)
    number = company.buy("Prime", lines=[{"store_sku": "RED", "quantity": 2}, {"store_sku": "NEW", "quantity": 1}])
    order = company.order("Prime", number)
    assert (order["state"], order["market_status"]) == ("recorded", "ready_to_ship")
    assert [(line["quantity"], line["held"], line["deducted"]) for line in order["lines"]] == [(2, 0, 0), (1, 0, 0)]
    assert company.get("/skus", sku="NEW")["items"] == []
    for action in ("pack", "ship", "void", "cancel", "revert"):
        refused = company.refused("POST", f"/orders/{order['id']}/{action}")
        assert refused["code"] == "not-possible", refused
    assert company.ask("POST", "/orders/move-to-pack")["tried"] == 0
    company.edit("Prime", number, RED=3)
    company.at_market("Prime", number, "ship", "deliver")
    order = company.order("Prime", number)
    assert (order["state"], order["market_status"], order["lines"][0]["quantity"]) == ("recorded", "completed", 3)
    assert company.figures(warehouse="EAST") == (30, 0, 0, 0)
    assert company.sent("Prime") == [30]
    counts = company.get("/orders/counts")
    assert (counts["out_of_stock"], counts["unmapped"], counts["states"]["recorded"]) == (0, 0, 1)


def test_sharing_is_warned_of(company: Company) -> None:
    """PSH-9: a rule, or a warehouse; saved all the same. PSH-3: more than there is is refused."""
    alone = company.get("/push-rules", name="Prime only")["items"][0]["id"]
    assert company.ask("PATCH", f"/push-rules/{alone}", {"cap": 90})["warnings"] == []
    beside = company.rule("North too", ["North"], ["EAST", "Main"])
    assert beside["warnings"] == ["it shares a warehouse with a Choice store, by Prime only"]
    assert company.ask("PATCH", f"/push-rules/{alone}", {"cap": 80})["warnings"] == [
        "a Choice store shares a warehouse with other stores, by North too"
    ]
    company.ask("DELETE", f"/push-rules/{beside['id']}")
    shared = company.ask("PATCH", f"/push-rules/{alone}", {"stores": ["Prime", "North"]})
    assert shared["warnings"] == ["a Choice store shares this rule with other stores"]
    refused = company.refused("PATCH", f"/push-rules/{alone}", {"percentage": 110})
    assert "Prime is a Choice store" in refused["detail"]


def test_a_store_that_becomes_one(company: Company) -> None:
    """PSH-9: warned of what it shares; PSH-3: refused while its rule could show more than there is."""
    rule = company.rule("North too", ["North"], percentage=120)
    [north] = company.get("/stores", name="North")["items"]
    refused = company.refused("PATCH", f"/stores/{north['id']}", {"choice": True})
    assert "North too: North is a Choice store" in refused["detail"]
    assert company.get("/stores", name="North")["items"][0]["choice"] is False
    company.ask("PATCH", f"/push-rules/{rule['id']}", {"percentage": 100})
    company.store("South", BLUE=0)
    company.rule("South too", ["South"])
    warned = company.ask("PATCH", f"/stores/{north['id']}", {"choice": True})
    assert (warned["choice"], warned["warnings"]) == (
        True, ["North too: a Choice store shares a warehouse with other stores, by South too"],
    )  # fmt: skip
