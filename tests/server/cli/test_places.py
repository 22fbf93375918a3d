"""shelf list|add|assign|free|remove, safety-stock list|set|remove."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from server.places.queries import default_warehouse
from tests.factories import make_sku, make_warehouse, put_stock
from tests.server.cli.conftest import Terminal, prepared


@pytest.fixture
def company(terminal: Terminal) -> Terminal:
    """10 RED and no BLUE in Main; EAST is empty."""

    def fill(s: Session) -> None:
        put_stock(s, default_warehouse(s).id, make_sku(s, "RED"), 10)
        make_sku(s, "BLUE")
        make_warehouse(s, "EAST")

    with prepared(terminal) as db:
        db.write(fill)
    return terminal


def test_a_shelf_from_making_to_removing(company: Terminal) -> None:
    """WH-2, WH-3: in the default warehouse unless told otherwise; an occupied shelf is refused with its SKU."""
    assert company.json("shelf", "add", "A-01", "--sku", "red")["status"] == "occupied"
    company.run("shelf", "add", "A-02")
    company.run("shelf", "add", "A-01", "--warehouse", "east")
    assert company.json("shelf", "assign", "a-02", "blue")["status"] == "recyclable"
    assert "RED" in company.run("shelf", "assign", "A-01", "BLUE", code=1)
    assert "RED" in company.run("shelf", "remove", "A-01", code=1)
    assert [row["sku"] for row in company.json("shelf", "list", "--warehouse", "main")] == ["RED", "BLUE"]
    assert [row["code"] for row in company.json("shelf", "list", "--status", "recyclable")] == ["A-02"]
    assert [row["code"] for row in company.json("shelf", "list", "--sku", "red")] == ["A-01"]
    assert company.json("shelf", "free", "A-01")["status"] == "available"
    company.run("shelf", "remove", "A-01")
    assert "EAST\tA-01\tavailable" in company.run("shelf", "list")
    assert "warehouse 'Main' has no shelf 'A-01'" in company.run("shelf", "free", "A-01", code=1)
    company.run("shelf", "list", "--status", "full", code=2)
    assert {row["by"][:4] for row in company.json("audit", "--action", "shelf.create")} == {"cli:"}


def test_safety_stock_is_set_and_taken_away(company: Terminal) -> None:
    """WH-4: per warehouse and SKU; all of them or none."""
    assert "2 of 2 changed" in company.run("safety-stock", "set", "RED=12", "BLUE=3")
    assert "0 of 1 changed" in company.run("safety-stock", "set", "red=12")
    company.run("safety-stock", "set", "RED=5", "--warehouse", "east")
    rows = company.json("safety-stock", "list", "--sku", "RED")
    assert [(row["warehouse"], row["safety_stock"], row["on_hand"]) for row in rows] == [
        ("Main", 12, 10),
        ("EAST", 5, 0),
    ]
    company.run("safety-stock", "remove", "RED", "BLUE")
    assert "RED\tEAST\t5\t0" in company.run("safety-stock", "list")
    assert "NOTHING" in company.run("safety-stock", "set", "RED=1", "NOTHING=1", code=1)
    assert company.json("safety-stock", "list", "--warehouse", "main") == []


@pytest.mark.parametrize("word", ["RED", "RED=", "RED=-1", "RED=many", "=3", "RED=999999999"])
def test_safety_stock_of_no_number_is_wrong_use(company: Terminal, word: str) -> None:
    assert "is not SKU=UNITS" in company.run("safety-stock", "set", word, code=2)


def test_the_same_sku_twice_is_wrong_use(company: Terminal) -> None:
    assert "twice" in company.run("safety-stock", "set", "RED=1", "red=2", code=2)
