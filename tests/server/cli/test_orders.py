from __future__ import annotations

from pathlib import Path

import pytest

from server.orders.models import Order
from server.orders.taking import take_in
from server.places.queries import default_warehouse
from server.stores.models import Store
from tests.factories import AT, make_sku, make_store, make_store_sku, make_warehouse, put_stock
from tests.server.cli.conftest import Terminal, prepared
from tests.server.orders.test_taking import news


@pytest.fixture
def company(terminal: Terminal) -> Terminal:
    """Orders A (1 of 3 units) and B (5: out of stock) of the store Shop."""

    def fill(s):
        store, red = make_store(s), make_sku(s, "RED")
        make_store_sku(s, store, "red", red)
        put_stock(s, default_warehouse(s).id, red, 3)
        orders = [news("A", ("red", 1)), news("B", ("red", 5))]
        take_in(s, s.get_one(Store, store), orders, by="sync", at=AT)

    with prepared(terminal) as db:
        db.write(fill)
    return terminal


def states(company: Terminal) -> dict[str, str]:
    return {row["number"]: row["state"] for row in company.json("order", "list")}


def test_orders_are_listed_and_shown(company: Terminal) -> None:
    assert states(company) == {"A": "to_pack", "B": "out_of_stock"}
    for chosen, number in ((("--state", "out_of_stock", "--store", "shop"), "B"), (("--number", "A"), "A")):
        assert [row["number"] for row in company.json("order", "list", *chosen)] == [number]
    assert company.json("order", "list", "--at-risk") == []
    assert company.json("order", "show", "1")["lines"][0] == {
        "store_sku": "red", "sku": "RED", "quantity": 1, "held": 1, "deducted": 0, "returned": 0, "name": "",
    }  # fmt: skip
    assert "red\tRED\t1" in company.run("order", "show", "1")
    assert "there is no order 9" in company.run("order", "show", "9", code=1)
    company.run("order", "list", "--state", "lost", code=2)


def test_an_order_goes_its_way(company: Terminal) -> None:
    """ORD-4: packed it stays allocated, shipped it is deducted; available stays."""
    assert "order A is in process" in company.run("order", "pack", "1")
    [before] = company.json("stock")
    assert (before["on_hand"], before["available"]) == (3, 2)
    assert "order A is to pickup" in company.run("order", "ship", "1")
    [after] = company.json("stock")
    assert (after["on_hand"], after["allocated"], after["available"]) == (2, 0, 2)
    assert "order A is cancelled" in company.run("order", "cancel", "1", "--no-return")
    assert "order A is cancelled" in company.run("order", "ship", "1")
    assert "filed away already" in company.run("order", "ship", "1", code=1)


def test_several_at_once_are_all_or_none(company: Terminal) -> None:
    """ORD-4: what can't be done is named with what can."""
    said = company.run("order", "pack", "1", "2", code=1)
    assert "order B is out of stock: pack is not possible; possible: " in said
    assert states(company)["A"] == "to_pack"
    company.run("order", "void", "1", "2")
    company.run("order", "revert", "1", "2")
    assert states(company) == {"A": "to_pack", "B": "out_of_stock"}


def test_out_of_stock_orders_are_tried_again(company: Terminal) -> None:
    """ORD-7: by hand; all of them unless named."""
    company.run("order", "cancel", "1")
    assert company.json("order", "move-to-pack") == {"tried": 1, "to_pack": 0, "out_of_stock": 1, "unmapped": 0}
    with prepared(company, make=False) as db:
        db.write(lambda s: put_stock(s, default_warehouse(s).id, 1, 2))
    assert "to pack       1" in company.run("order", "move-to-pack", "2")
    assert states(company)["B"] == "to_pack"


def test_what_waits_is_counted_and_exported(company: Terminal, tmp_path: Path) -> None:
    """ORD-14: by state and by list; no text of an export becomes a formula."""
    counts = company.json("order", "counts")
    assert (counts["out_of_stock"], counts["to_pack"], counts["at_risk"]) == (1, 1, 0)
    assert company.json("order", "list", "--waits", "at_risk") == []
    assert "there are at_risk, on_hold" in company.run("order", "list", "--waits", "nothing", code=2)
    with prepared(company, make=False) as db:
        db.write(lambda s: setattr(s.get_one(Order, 2), "number", "=1+1"))
    file = tmp_path / "orders.csv"
    assert "1 rows in" in company.run("order", "export", str(file), "--state", "out_of_stock")
    text = file.read_text(encoding="utf-8-sig").splitlines()
    assert text[0].startswith("store,order,state,at_risk") and text[1].startswith("Shop,'=1+1,out_of_stock,False")


def test_orders_are_changed_by_hand(company: Terminal) -> None:
    """ORD-6, CAT-9: another warehouse, another merchant SKU for one order, a mapping for all new ones."""

    def fill(s):
        put_stock(s, make_warehouse(s, "EAST"), 1, 1)
        put_stock(s, default_warehouse(s).id, make_sku(s, "BLUE"), 9)

    with prepared(company, make=False) as db:
        db.write(fill)
    assert "order A is to pack" in company.run("order", "change-warehouse", "1", "--to", "EAST")
    assert company.json("order", "show", "1")["warehouse"] == "EAST"
    assert "order B is to pack" in company.run("order", "change-mapping", "2", "red", "BLUE")
    assert [line["sku"] for line in company.json("order", "show", "2")["lines"]] == ["BLUE"]
    company.run("mapping", "set", "Shop", "red", "RED", "--scope", "all new orders")
    assert [line["sku"] for line in company.json("order", "show", "2")["lines"]] == ["RED"]
    company.run("mapping", "set", "Shop", "red", "RED", "--scope", "none", code=2)


def test_returns_by_scan_and_by_list(company: Terminal) -> None:
    """ORD-11: scanned before the buyer signed, listed after."""
    for action in ("pack", "ship"):
        company.run("order", action, "1")
    [scanned] = company.json("return", "scan", "A", "--defective", "RED=1")
    assert (scanned["state"], scanned["condition"]) == ("completed", "defective")
    assert "has come back already" in company.run("return", "scan", "A", code=1)
    with prepared(company, make=False) as db:
        db.write(lambda s: put_stock(s, default_warehouse(s).id, 1, 9))
    company.run("order", "move-to-pack")
    for action in ("pack", "ship", "deliver", "mark-processed"):
        company.run("order", action, "2")
    [listed] = company.json("return", "make", "2", "--item", "RED=2")
    assert listed["state"] == "todo"
    [done] = company.json("return", "complete", str(listed["id"]))
    assert (done["state"], done["quantity"]) == ("completed", 2)
    [again] = company.json("return", "make", "2")
    assert again["quantity"] == 3
    company.run("return", "remove", str(again["id"]))
    assert [row["state"] for row in company.json("return", "list")] == ["undone", "completed", "completed"]
