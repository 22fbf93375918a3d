from __future__ import annotations

import pytest

from server.catalog.deleting import delete
from server.catalog.errors import TooManyNames
from server.catalog.records import NewSku
from server.catalog.searching import search, split_names
from server.catalog.service import create
from server.db.session import Database
from tests.factories import AT

CATALOGUE = {
    "NK-SP-TS-RED-M": "Sport T-shirt, red, M",
    "NK-SP-TS-RED-L": "Sport T-shirt, red, L",
    "NK-SP-TS-BLU-M": "Sport T-shirt, ocean blue, M",
    "MUG-WHT-350": "Mug, white, 350 ml",
    "GIFT-BOX-S": "Gift box, small",
    "CÀ-PHÊ": "Cà phê sữa đá",
}


@pytest.fixture
def shop(db: Database) -> Database:
    """A small catalogue."""
    skus = [NewSku(code=code, title=title) for code, title in CATALOGUE.items()]
    db.write(lambda s: create(s, skus, by="anna", at=AT))
    return db


def first(db: Database, *names: str) -> list[str | None]:
    with db.read() as session:
        return [found.hits[0].code if found.hits else None for found in search(session, names)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nk-sp-ts-red-l", "NK-SP-TS-RED-L"),
        ("mug", "MUG-WHT-350"),
        ("mug wihte 350", "MUG-WHT-350"),
        ("MUG-WTH-350", "MUG-WHT-350"),
        ("small box gift", "GIFT-BOX-S"),
        ("ocean", "NK-SP-TS-BLU-M"),
        ("ocaen", "NK-SP-TS-BLU-M"),
        ("shirrt", "NK-SP-TS-BLU-M"),
        ("cà phê", "CÀ-PHÊ"),
        ("tractor", None),
    ],
)
def test_names_are_found_as_people_remember_them(shop: Database, name: str, expected: str | None) -> None:
    """CAT-12: by code or title, with letters swapped, words in any order."""
    assert first(shop, name) == [expected]


def test_several_names_at_once_each_with_its_own_hits(shop: Database) -> None:
    """CAT-12: one answer per name, in order; what holds the name stands first."""
    assert first(shop, "gift-box", "mug", "nothing like it", "red") == [
        "GIFT-BOX-S", "MUG-WHT-350", None, "NK-SP-TS-RED-L",
    ]  # fmt: skip
    with shop.read() as session:
        (found,) = search(session, ["nk-sp"], limit=2)
    assert [hit.code for hit in found.hits] == ["NK-SP-TS-BLU-M", "NK-SP-TS-RED-L"]


def test_thirty_names_are_the_most(shop: Database) -> None:
    """CAT-12: 30 are searched, 31 are a clear error; the same name twice is one."""
    assert len(first(shop, *(f"name {n}" for n in range(30)), "NAME 1", "name 1 ")) == 30
    with pytest.raises(TooManyNames, match="31 names; at most 30"):
        first(shop, *(f"name {n}" for n in range(31)))
    assert first(shop, "", "  ") == []


def test_deleted_skus_are_not_found(shop: Database) -> None:
    """CAT-13: what was deleted has left every list."""
    with shop.read() as session:
        (found,) = search(session, ["mug-wht-350"])
    shop.write(lambda s: delete(s, [found.hits[0].sku_id], by="anna", at=AT))
    assert first(shop, "mug-wht-350") != ["MUG-WHT-350"]


def test_names_can_be_pasted_from_a_sheet() -> None:
    """CAT-12: a column, a row, or separated by ; but commas belong to titles."""
    assert split_names("A; B\nC\r\nMug, white\tE;;") == ["A", "B", "C", "Mug, white", "E"]
