"""push-rule list|show|add|change|remove|preview, and the preview of an upload."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from server.places.queries import default_warehouse
from tests.factories import make_sku, make_store, make_store_sku, put_stock
from tests.server.cli.conftest import Terminal, prepared


@pytest.fixture
def company(terminal: Terminal) -> Terminal:
    """100 MUGs in Main, sold by Web and by Lazada."""

    def fill(s: Session) -> None:
        mug = make_sku(s, "MUG")
        for name in ("Web", "Lazada"):
            make_store_sku(s, make_store(s, name), f"{name}-MUG", mug)
        put_stock(s, default_warehouse(s).id, mug, 100)

    with prepared(terminal) as db:
        db.write(fill)
    return terminal


def add(company: Terminal) -> None:
    company.run("push-rule", "add", "All", "--store", "web", "--store", "Lazada=80", "--warehouse", "main")


def test_a_rule_from_making_to_removing(company: Terminal) -> None:
    """PSH-2: every part of a rule at the command line; stores may have their own percentage."""
    add(company)
    words = ("--set", "cap=20", "--set", "rounding=up", "--set", "priority_store=web", "--set", "fixed=-3", "--off")
    company.run("push-rule", "change", "all", *words, "--sku", "mug", "--name", "Both")
    shown = company.json("push-rule", "show", "both")
    assert shown["store_percentages"] == {"Lazada": 80} and shown["stores"] == ["Lazada", "Web"]
    assert (shown["cap"], shown["rounding"], shown["priority_store"], shown["fixed"]) == (20, "up", "Web", -3)
    assert (shown["active"], shown["skus"], shown["percentage"]) == (False, ["MUG"], 100)
    cleared = company.json("push-rule", "change", "Both", "--clear", "cap", "--clear", "skus", "--on")
    assert (cleared["cap"], cleared["skus"], cleared["active"]) == (None, [], True)
    assert "Lazada=80, Web" in company.run("push-rule", "list")
    assert [row["action"] for row in company.json("audit", "--action", "push_rule.create")] == ["push_rule.create"]
    company.run("push-rule", "remove", "both")
    assert company.json("push-rule", "list") == []


def test_two_rules_of_one_store_are_refused(company: Terminal) -> None:
    """PSH-6: when saved and when switched on."""
    add(company)
    second = ("Second", "--store", "web", "--warehouse", "main")
    assert "rule 'All' already governs Web" in company.run("push-rule", "add", *second, code=1)
    company.run("push-rule", "add", *second, "--off")
    assert "already governs" in company.run("push-rule", "change", "second", "--on", code=1)


def test_before_and_after(company: Terminal) -> None:
    """PSH-12: of a new rule and of a change of one; writes nothing."""
    new = company.json("push-rule", "preview", "All", "--store", "web", "--warehouse", "main", "--set", "percentage=50")
    assert [(one["store_sku"], one["before"], one["after"]) for one in new["items"]] == [("Web-MUG", None, 50)]
    assert company.json("push-rule", "list") == []
    add(company)
    shown = company.run("push-rule", "preview", "all", "--set", "cap=90").splitlines()
    assert [line.split("\t")[1:] for line in shown[1:]] == [["Web-MUG", "MUG", "", "100", "90"]]
    assert company.json("push-rule", "preview", "All", "--off")["counts"] == {"listings": 2, "changing": 2}
    assert company.json("push-rule", "show", "All")["cap"] is None
    clash = company.json("push-rule", "preview", "Other", "--store", "web", "--warehouse", "main")
    assert clash["problems"] == ["rule 'All' already governs Web"]


def test_before_and_after_of_an_upload(company: Terminal) -> None:
    """PSH-12: an upload that is not applied yet."""
    add(company)
    Path("in.csv").write_text("SKU,Warehouse,Quantity\nMUG,Main,10\n")
    number = str(company.json("upload", "in.csv", "--template", "stock_in")["id"])
    items = company.json("preview", number)["items"]
    assert {(one["store_sku"], one["before"], one["after"]) for one in items} == {
        ("Web-MUG", 100, 110),
        ("Lazada-MUG", 80, 88),
    }
    assert "there is no upload 99" in company.run("preview", "99", code=1)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "Nothing"), 1, "there is no push rule 'Nothing'"),
        (("add", "New", "--store", "Web"), 2, "needs --store and --warehouse"),
        (("add", "New", "--store", "Nowhere", "--warehouse", "main"), 1, "Nowhere"),
        (("add", "New", "--store", "Web=0.5", "--warehouse", "main"), 2, "write NAME=50 for 50 %"),
        (("change", "All", "--set", "percentage=0.5"), 2, "write 50 for 50 %"),
        (("change", "All", "--set", "percentage=half"), 2, "'half' is not a percentage"),
        (("change", "All", "--set", "percentage=99999"), 2, "a percentage is 0 to 10000"),
        (("change", "All", "--set", "percentage=nan"), 2, "percentage"),
        (("change", "All", "--set", "cap=many"), 2, "--set cap: 'many' is not a whole number"),
        (("change", "All", "--set", "rounding=odd"), 2, "one of down, up, nearest"),
        (("change", "All", "--set", "hold_back_safety_stock=maybe"), 2, "yes or no"),
        (("change", "All", "--set", "colour=red"), 2, "with a name out of percentage"),
        (("change", "All", "--clear", "fixed"), 2, "minimum, cap, priority_store, skus can"),
        (("change", "All", "--sku", "NOTHING"), 1, "NOTHING"),
        (("preview", "New"), 2, "a new rule needs a name, warehouses and stores"),
    ],
)
def test_what_can_not_be_is_a_sentence(company: Terminal, words: tuple[str, ...], code: int, said: str) -> None:
    add(company)
    assert said in company.run("push-rule", *words, code=code)
