"""Refresh, deleting a warehouse and the features switch, with orders and shops of the sandbox marketplace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from server.db.session import Database
from server.ledger.models import Balance
from tests.support.company import MAIN, Company, in_process


@pytest.fixture
def company(db: Database, tmp_path: Path) -> Iterator[Company]:
    """10 of RED in Main and 4 in EAST, North and South sell what both have; South ships from EAST."""
    with in_process(db, tmp_path) as made:
        made.warehouse("EAST")
        made.sku("RED", "BLUE")
        for store in ("North", "South"):
            made.store(store, RED=0)
        [south] = made.get("/stores", name="South")["items"]
        made.write("PATCH", f"/stores/{south['id']}", {"warehouse": "EAST"})
        made.doors.run("/sync/products")
        made.rule("All", ["North", "South"], [MAIN, "EAST"])
        made.apply(
            "stock_in", {"sku": "RED", "quantity": 10}, {"sku": "RED", "quantity": 4, "warehouse": "EAST"}
        )  # fmt: skip
        assert made.shown("South") == 14
        yield made


def test_refresh_sets_figures_right_tries_orders_and_evaluates(company: Company, db: Database) -> None:
    """STK-11: each difference is reported and audited; then waiting orders are tried and every target is evaluated."""
    number = company.buy("South", 6)
    assert company.state("South", number) == "out_of_stock"
    company.stock_in(3, warehouse="EAST")
    db.write(lambda s: s.execute(update(Balance).where(Balance.on_hand == 10).values(on_hand=90)))
    assert company.figures().on_hand == 90
    run = company.run("/inventory/refresh")
    assert run["counts"] == {"differences": 1, "orders_tried": 1, "to_pack": 1, "skus": 1}
    assert run["progress"]["text"] == "RED in Main: on hand was 90, is 10"
    assert (company.figures(), company.figures(warehouse="EAST")) == ((10, 0, 0, 0), (7, 6, 0, 0))
    assert company.state("South", number) == "to_pack"
    assert (company.shown("North"), company.shown("South")) == (11, 11)
    [line] = company.get("/audit", action="stock.correct")["items"]
    assert (line["detail"]["was"], line["detail"]["movements"]) == (90, 10)


def test_all_that_follows_from_deleting_a_warehouse(company: Company) -> None:
    """WH-5, WH-6: refused while anything is there; then orders, stores, rules, shelves, reports and drafts follow."""
    [east] = company.get("/warehouses", code="EAST")["items"]
    [main] = company.get("/warehouses", code=MAIN)["items"]
    fits, lacks = company.buy("South", 3), company.buy("South", 9)
    assert (company.state("South", fits), company.state("South", lacks)) == ("to_pack", "out_of_stock")
    company.write("POST", "/shelves", {"warehouse": "EAST", "code": "E-1"})
    company.write("PUT", "/safety-stock", {"items": [{"sku": "RED", "warehouse": "EAST", "safety_stock": 2}]})
    to_do = company.write("POST", "/stock-ins", {"warehouse": "EAST", "lines": [{"sku": "RED", "quantity": 1}]})
    drafts = [transfer(company, *ways) for ways in (("EAST", MAIN), (MAIN, "EAST"))]
    refused = company.refused("DELETE", f"/warehouses/{east['id']}")
    assert refused["errors"] == [{"sku": "RED", "on_hand": 4, "on_the_way": 0}]
    assert "default warehouse" in company.refused("DELETE", f"/warehouses/{main['id']}")["detail"]

    company.act("South", fits, "void")
    on_its_way = company.dispatch(4, "EAST", MAIN)
    company.act("South", fits, "revert")
    gone = company.ask("DELETE", f"/warehouses/{east['id']}")

    # its orders ship from the default: the one that fits is allocated there, the other one out of stock
    assert (gone["orders_moved"], gone["orders_to_pack"], gone["orders_out_of_stock"]) == (2, 1, 1)
    assert [company.order("South", number)["warehouse"] for number in (fits, lacks)] == [MAIN, MAIN]
    # It left every list, and who named it
    assert [one["code"] for one in company.get("/warehouses")["items"]] == [MAIN]
    assert {row["warehouse"] for row in company.get("/stock")["items"]} == {MAIN}
    assert company.get("/shelves")["items"] == company.get("/safety-stock")["items"] == []
    assert company.get("/stores", name="South")["items"][0]["warehouse"] == MAIN
    assert company.get("/push-rules")["items"][0]["warehouses"] == [MAIN]
    assert gone["stock_lists"] == [to_do["id"]] and company.get("/stock-ins", state="todo")["items"] == []
    # from or to it nothing can be dispatched; what left it before arrives
    for draft in drafts:
        assert "EAST" in company.refused("POST", f"/transfers/{draft}/dispatch")["detail"]
    assert company.receive(on_its_way, 4)["source"] == "EAST"
    # what it did stays written down
    assert {one["warehouse"] for one in company.get("/movements")["items"]} == {MAIN, "EAST"}
    assert (company.state("South", fits), company.figures()) == ("to_pack", (14, 3, 0, 0))
    assert (company.shown("North"), company.shown("South")) == (11, 11)
    assert company.ask("POST", "/orders/move-to-pack")["to_pack"] == 1
    assert (company.figures(), company.shown("South")) == ((14, 12, 0, 0), 2)


def test_the_features_are_turned_off_and_on(company: Company) -> None:
    """PSH-13: off, orders hold nothing and nothing is pushed, stock documents post; on, they are tried in turn."""
    first, second = company.buy("North", 6), company.buy("North", 3)
    assert (company.figures().allocated, company.shown("South")) == (9, 5)
    company.act("North", second, "pack")
    refused = company.refused("PATCH", "/settings", {"inventory_features": False})
    assert f"North {second}. Ship them, or void them now and revert them afterwards." in refused["detail"]
    company.act("North", second, "void")
    company.switch(inventory_features=False)
    assert (company.state("North", first), company.figures()) == ("to_pack", (10, 0, 0, 0))
    assert company.evaluations("South")[0]["result"] == "switch_off"
    company.stock_out(5)
    late = company.buy("North", 2)
    company.act("North", second, "revert")
    company.ask("POST", "/push")
    assert (company.figures(), company.shown("South")) == ((5, 0, 0, 0), 8)  # what was last told

    company.act("North", second, "pack")
    refused = company.refused("PATCH", "/settings", {"inventory_features": True})
    assert (refused["errors"][0]["number"], "turned on" in refused["detail"]) == (second, True)
    company.act("North", second, "ship")
    company.switch(inventory_features=True)
    # oldest first: 6 do not fit into 5, the 2 that came later do; what left meanwhile was never taken
    states = {number: company.state("North", number) for number in (first, second, late)}
    assert states == {first: "out_of_stock", second: "to_pickup", late: "to_pack"}
    assert company.figures() == (5, 2, 0, 0)
    assert (company.shown("North"), company.shown("South")) == (7, 7)


def transfer(c: Company, source: str, destination: str) -> int:
    """A draft."""
    lines = [{"sku": "RED", "quantity": 1}]
    return int(c.write("POST", "/transfers", {"source": source, "destination": destination, "lines": lines})["id"])
