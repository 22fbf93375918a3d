"""How store SKUs find their merchant SKUs, and what that does to orders and shops (sandbox marketplace)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.db.session import Database
from tests.support.company import Company, in_process


@pytest.fixture
def bare(db: Database, tmp_path: Path) -> Iterator[Company]:
    """Nothing but the default warehouse."""
    with in_process(db, tmp_path) as made:
        yield made


@pytest.fixture
def company(bare: Company) -> Company:
    """10 of RED and 10 of BLUE; North and South sell both. Orders A, B and C of 2 RED each at North, C in process."""
    bare.sku("RED", "BLUE")
    for store in ("North", "South"):
        bare.store(store, RED=0, BLUE=0)
    bare.read_listings()
    bare.rule("All", ["North", "South"])
    bare.apply("stock_in", {"sku": "RED", "quantity": 10}, {"sku": "BLUE", "quantity": 10})
    for _ in range(3):
        bare.buy("North", 2)
    bare.act("North", "S0000003", "pack")
    return bare


def sells(c: Company) -> list[str | None]:
    """What the orders sell, oldest first."""
    return [c.order("North", f"S000000{number}")["lines"][0]["sku"] for number in (1, 2, 3)]


def mapping(c: Company, store: str, store_sku: str) -> dict[str, Any]:
    [found] = c.get("/mappings", store=store, store_sku=store_sku)["items"]
    return dict(found)


def shows(c: Company) -> dict[str, dict[str, int]]:
    return {store: c.market.shown(store.lower()) for store in ("North", "South")}


def test_this_order_only(company: Company) -> None:
    """CAT-9: its line is another SKU; the mapping stays, and so do the other orders."""
    company.act("North", "S0000001", "change-mapping", store_sku="RED", sku="BLUE", scope="this order only")
    assert sells(company) == ["BLUE", "RED", "RED"]
    assert mapping(company, "North", "RED")["sku"] == "RED"
    assert (company.figures("RED"), company.figures("BLUE")) == ((10, 4, 0, 0), (10, 2, 0, 0))
    assert shows(company) == {"North": {"RED": 6, "BLUE": 8}, "South": {"RED": 6, "BLUE": 8}}


@pytest.mark.parametrize("scope", [{}, {"scope": "future orders"}])
def test_future_orders(company: Company, scope: dict[str, str]) -> None:
    """CAT-9: the default; orders that are there keep what they took, the next one takes the new SKU."""
    company.ask("PATCH", f"/mappings/{mapping(company, 'North', 'RED')['id']}", {"sku": "BLUE", **scope})
    assert sells(company) == ["RED", "RED", "RED"]
    company.buy("North", 1)
    assert (company.figures("RED"), company.figures("BLUE")) == ((10, 6, 0, 0), (10, 1, 0, 0))
    assert shows(company) == {"North": {"RED": 9, "BLUE": 9}, "South": {"RED": 4, "BLUE": 9}}


def test_all_new_orders(company: Company) -> None:
    """CAT-9: those to pack too, also one with a mapping of its own; not the one in process."""
    company.sku("GREEN")
    company.stock_in(2, "GREEN")
    company.act("North", "S0000001", "change-mapping", store_sku="RED", sku="GREEN", scope="this order only")
    row = {"store": "North", "store_sku": "RED", "sku": "BLUE", "scope": "all new orders"}
    company.apply("mapping", row)
    assert sells(company) == ["BLUE", "BLUE", "RED"]
    assert (company.figures("RED"), company.figures("BLUE")) == ((10, 2, 0, 0), (10, 4, 0, 0))
    assert company.figures("GREEN") == (2, 0, 0, 0)
    assert shows(company) == {"North": {"RED": 6, "BLUE": 6}, "South": {"RED": 8, "BLUE": 6}}


def test_all_new_orders_become_out_of_stock_where_there_is_too_little(company: Company) -> None:
    """CAT-9: in the same transaction: they hold nothing, of the old SKU neither."""
    company.stock_out(9, "BLUE")
    body = {"sku": "BLUE", "scope": "all new orders"}
    company.ask("PATCH", f"/mappings/{mapping(company, 'North', 'RED')['id']}", body)
    states = [company.state("North", f"S000000{number}") for number in (1, 2, 3)]
    assert states == ["out_of_stock", "out_of_stock", "in_process"]
    assert (company.figures("RED"), company.figures("BLUE")) == ((10, 2, 0, 0), (1, 0, 0, 0))
    assert shows(company) == {"North": {"RED": 1, "BLUE": 1}, "South": {"RED": 8, "BLUE": 1}}


def test_mapping_a_listing_tries_the_orders_that_waited(company: Company) -> None:
    """CAT-9: whatever the choice."""
    company.market.list("north", SKY=9)
    number = company.buy("North", 3, "SKY")
    assert company.state("North", number) == "unmapped"
    company.ask("POST", "/mappings", {"store": "North", "store_sku": "SKY", "sku": "BLUE"})
    assert (company.state("North", number), company.figures("BLUE")) == ("to_pack", (10, 3, 0, 0))
    assert shows(company)["North"] == {"RED": 4, "BLUE": 7, "SKY": 7}


@pytest.mark.parametrize(
    ("match_by", "mapped", "said"),
    [
        ("code", {"M-1": "M-1"}, ""),
        ("gtin", {"by-gtin": "M-2"}, ""),
        ("name", {"by-name": "M-3"}, "'two-names' fits M-4, M-5; map it by hand"),
        ("none", {}, ""),
    ],
)
def test_product_sync_matches(bare: Company, match_by: str, mapped: dict[str, str], said: str) -> None:
    """CAT-10: by code, by GTIN, by name, or not at all, as the store is set; what is ambiguous is left and said."""
    for number, (title, more) in enumerate(
        [("One", {}), ("Two", {"gtins": ["9780201379624"]}), ("Blue mug", {}), ("Twin", {}), ("twin", {})], 1
    ):
        bare.write("POST", "/skus", {"sku": f"M-{number}", "title": title, **more})
    items = [
        {"store_sku": "M-1", "name": "x", "quantity": 1},
        {"store_sku": "by-gtin", "name": "y", "quantity": 1, "gtin": "9780201379624"},
        {"store_sku": "by-name", "name": "BLUE MUG ", "quantity": 1},
        {"store_sku": "two-names", "name": "Twin", "quantity": 1},
    ]
    bare.market.calls.post("/shops/north/listings", json={"items": items}).raise_for_status()
    bare.store("North", settings={} if match_by == "code" else {"match_by": match_by})
    run = bare.read_listings()
    found = {one["store_sku"]: one["sku"] for one in bare.get("/mappings", store="North")["items"]}
    assert found == {item["store_sku"]: mapped.get(item["store_sku"]) for item in items}
    assert said in run["progress"].get("text", "") and bool(run["counts"].get("ambiguous")) is bool(said)


def test_a_sku_is_made_of_an_order(company: Company) -> None:
    """CAT-11: the SKU and the mapping, with the order; the next stock-in is shown in the shop."""
    company.market.list("north", NEW=2)
    unknown = company.buy("North", 1, "NEW")
    assert company.state("North", unknown) == "unmapped"
    company.switch(create_sku_automatically=True)
    number = company.buy("North", 1, "NEW")
    assert {company.state("North", one) for one in (unknown, number)} == {"out_of_stock"}
    [made] = company.get("/skus", sku="NEW")["items"]
    assert (made["sku"], mapping(company, "North", "NEW")["sku"]) == ("NEW", "NEW")
    company.stock_in(5, "NEW")
    assert company.ask("POST", "/orders/move-to-pack")["to_pack"] == 2
    assert (company.figures("NEW"), company.shown("North", "NEW")) == ((5, 2, 0, 0), 3)


def test_the_first_store_brings_its_stock_and_later_ones_are_told(bare: Company) -> None:
    """CH-2: 10 at Amazon first, 15 at eBay later: 10 stays, eBay gets 10. Each import is previewed."""
    amazon = bare.store("Amazon", RED=10)
    preview = bare.get(f"/stores/{amazon}/import")
    assert (preview["first"], preview["warehouse"], preview["counts"]["units"]) == (True, "Main", 10)
    assert bare.get("/stock")["items"] == []
    bare.run(f"/stores/{amazon}/import")
    assert bare.figures() == (10, 0, 0, 0)
    bare.rule("All", ["Amazon"])
    ebay = bare.store("eBay", RED=15)
    [rule] = bare.get("/push-rules")["items"]
    bare.ask("PATCH", f"/push-rules/{rule['id']}", {"stores": ["Amazon", "eBay"]})
    preview = bare.get(f"/stores/{ebay}/import")
    assert (preview["first"], preview["counts"]["units"], preview["counts"]["map"]) == (False, 0, 1)
    assert bare.shown("eBay") == 15
    bare.run(f"/stores/{ebay}/import")
    assert bare.figures() == (10, 0, 0, 0)
    assert (bare.shown("Amazon"), bare.shown("eBay")) == (10, 10)


def test_which_listings_are_pushed_can_be_chosen(company: Company) -> None:
    """CH-4: one that is not keeps what its shop shows, until it is chosen again; its orders are taken in as ever."""
    path = f"/mappings/{mapping(company, 'North', 'RED')['id']}"
    company.ask("PATCH", path, {"synced": False})
    company.stock_in(10)
    company.ask("POST", "/push")
    assert (company.shown("North"), company.shown("South")) == (4, 14)
    assert company.evaluations("North")[0]["result"] == "not_synced"
    company.buy("North", 1)
    assert (company.figures(), company.shown("North"), company.shown("South")) == ((20, 7, 0, 0), 3, 13)
    company.ask("PATCH", path, {"synced": True})
    assert company.shown("North") == 13


def test_orders_from_before_the_start_are_ignored(company: Company) -> None:
    """ORD-12: and so are all later updates to them."""
    [north] = company.get("/stores", name="North")["items"]
    company.ask("PATCH", f"/stores/{north['id']}", {"orders_from": "2026-04-20T00:00:00Z"})
    old = company.buy("North", 1, created_at="2026-04-19T23:59:59Z")
    new = company.buy("North", 1, created_at="2026-04-20T00:00:00Z")
    company.at_market("North", old, "ship")
    company.edit("North", old, RED=2)
    numbers = [order["number"] for order in company.get("/orders", store="North")["items"]]
    assert new in numbers and old not in numbers
    assert company.figures() == (10, 7, 0, 0)
    assert company.shown("South") == 3
