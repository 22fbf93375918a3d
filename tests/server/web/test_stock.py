"""The stock page and a SKU's own page."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from sqlalchemy import update

from server.ledger.models import Balance
from tests.support.filling import applied
from tests.support.http import Api
from tests.support.pages import Person, person, text_of


@pytest.fixture
def viewer(shop: Api) -> Person:
    return person(shop, "viewer")


def _skus(page: str) -> list[str]:
    return re.findall(r'<a class="code" href="/stock/\d+">([^<]+)</a>', page)


def test_figures_and_filters(shop: Api, viewer: Person) -> None:
    """WEB-1: the inventory list, several SKUs at once, a part of a name, a warehouse."""
    page = viewer.get("/stock").text
    assert _skus(page) == ["BOX", "MUG", "SET"] and "&lt;b&gt;Mug" in page and "<b>Mug" not in page
    assert _skus(viewer.get("/stock?q=gift").text) == ["BOX"]
    assert "Mug in a box · combination" in page
    assert _skus(viewer.get("/stock?sku=mug;+box").text) == ["BOX", "MUG"]
    some = viewer.get("/stock?sku=mug&sku=nothing")
    assert _skus(some.text) == ["MUG"] and "Not known here: nothing." in some.text
    assert "Not known" not in page
    assert _skus(viewer.get("/stock?warehouse=main").text) == ["BOX", "MUG", "SET"]
    none = viewer.get("/stock?q=nothing")
    assert "No figure fits this filter" in none.text and 'value="nothing"' in none.text
    wrong = viewer.get("/stock?warehouse=NOWHERE&q=mug")
    assert wrong.status_code == 404 and "no warehouse" in wrong.text and 'value="mug"' in wrong.text


def test_what_is_low(shop: Api, viewer: Person) -> None:
    """WH-4"""
    applied(shop.admin, "safety_stock", [{"sku": "MUG", "warehouse": "MAIN", "safety_stock": 10}])
    page = viewer.get("/stock?low=yes").text
    assert _skus(page) == ["MUG"] and '<span class="badge warning">low</span>' in page and "checked" in page


def test_what_is_at_risk(shop: Api, viewer: Person) -> None:
    """STK-5: a count found fewer than orders hold."""
    none = viewer.get("/stock?at_risk=yes")
    assert none.status_code == 200 and _skus(none.text) == []
    shop.db.write(lambda s: s.execute(update(Balance).where(Balance.sku_id == 1).values(allocated=10)))
    assert _skus(viewer.get("/stock?at_risk=yes").text) == ["MUG"]


def test_it_comes_in_pages(viewer: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.web.stock.LINES", 1)
    page = viewer.get("/stock").text
    [following] = re.findall(r'href="(/stock\?after=[^"]+)"', page)
    assert _skus(page) == ["BOX"]
    page = viewer.get(following).text
    [following] = re.findall(r'href="(/stock\?after=[^"]+)"', page)
    assert _skus(page) == ["MUG"] and _skus(viewer.get(following).text) == ["SET"]


@pytest.mark.parametrize("after", ["x", "[]", "WyJhIiwgImIiXQ==", "[" * 5000])
def test_a_place_that_is_none_is_the_beginning(viewer: Person, after: str) -> None:
    assert _skus(viewer.get(f"/stock?after={quote(after)}").text) == ["BOX", "MUG", "SET"]


def test_an_empty_company_is_told_what_to_do(plain: Api) -> None:
    assert "take the first delivery in" in person(plain, "viewer").get("/stock").text


def test_one_sku(shop: Api, viewer: Person) -> None:
    """STK-10: every movement with what it did and who did it."""
    numbers = {item["sku"]: item["id"] for item in shop.admin.get("/skus").get_json()["items"]}
    mug = text_of(viewer.get(f"/stock/{numbers['MUG']}"))
    assert "Part of SET" in mug and "+9" in mug and "admin-user" in mug and "In no store" in mug
    of_set = text_of(viewer.get(f"/stock/{numbers['SET']}"))
    assert "2 × MUG" in of_set and "MAIN 4 0 0" in " ".join(of_set.split())
    assert viewer.get("/stock/987").status_code == 404


def test_movements_come_in_pages(shop: Api, viewer: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    applied(shop.admin, "stock_in", [{"sku": "MUG", "quantity": 3}])
    monkeypatch.setattr("server.web.stock.MOVEMENTS", 1)
    number = shop.admin.get("/skus?sku=MUG").get_json()["items"][0]["id"]
    page = viewer.get(f"/stock/{number}").text
    [older] = re.findall(r'href="(/stock/\d+\?before=\d+)"', page)
    assert ">+3<" in page and ">+9<" not in page and ">+9<" in viewer.get(older).text
