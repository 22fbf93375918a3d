"""Which rows of a sheet take current data, and which stay: as values, without a sheet."""

from __future__ import annotations

from typing import Any

from addin.client.http import CurrentData, Template
from addin.client.merging import merge, typed_rows
from addin.client.outcome import Message, Row
from addin.client.sheet import Table

COLUMNS = [
    {"name": "sku", "title": "SKU", "key": True, "read_only": False, "reference": "merchant_sku", "type": "code"},
    {"name": "warehouse", "title": "Warehouse", "key": True, "read_only": False, "reference": "warehouse"},
    {"name": "on_hand", "title": "On hand", "key": False, "read_only": False, "reference": None},
    {"name": "allocated", "title": "Allocated", "key": False, "read_only": True, "reference": None},
]
TEMPLATE = Template("quantity_update", "Quantity update", 1, "", True, COLUMNS)
HEADERS = ["SKU*", "Mine", "Warehouse", "On hand*", "Allocated", "_version", "Status", "Message"]
DATA = CurrentData(
    1,
    ["sku", "warehouse", "on_hand", "allocated", "_version"],
    [["A", "MAIN", 1, 0, "a-1"], ["A", "EAST", 2, 1, "b-1"], ["B", "MAIN", 3, 0, "c-1"]],
)


def table(*rows: list[Any]) -> Table:
    return Table("quantity_update", 1, "b", "S", 3, HEADERS, rows)


def verdict(number: int, status: str, *codes: str) -> Row:
    return Row(number, status, tuple(Message("SKU", code, "", "conflict") for code in codes), 0)


def test_the_server_says_what_was_typed() -> None:
    """Unchanged, applied before, and conflicts that nobody typed are replaced; everything else is kept."""
    rows = [
        verdict(4, "unchanged"),
        verdict(5, "skipped"),
        verdict(6, "conflict", "conflict-untouched"),
        verdict(7, "conflict", "conflict-untouched", "conflict"),
        verdict(8, "conflict", "conflict-gone"),
        verdict(9, "ok"),
        verdict(10, "error"),
        verdict(11, "warning"),
    ]
    assert typed_rows(rows) == {7, 8, 9, 10, 11}


def test_rows_stay_where_they_are() -> None:
    """Records come to their rows, new ones below; a row whose record is gone is emptied, one that was typed is not."""
    found = merge(
        table(
            ["B", "x", "MAIN", 9, 9, "c-0", None, None],
            ["gone", None, "MAIN", 1, 0, "z-0", "OK", None],
            ["A", None, None, 77, 5, None, "OK", "m"],
            ["typed", None, "MAIN", 4, None, None, None, None],
        ),
        {6, 7},
        DATA,
        TEMPLATE,
        default_warehouse="main",
    )
    assert found.rows[0] == {"sku": "B", "warehouse": "MAIN", "on_hand": 3, "allocated": 0, "_version": "c-1"}
    assert found.rows[1] == {}
    assert found.rows[2] == {"sku": "A", "on_hand": 77, "allocated": 0, "Status": "OK", "Message": "m"}
    assert found.rows[3] is None
    assert [row and (row["sku"], row["warehouse"]) for row in found.rows[4:]] == [("A", "EAST")]
    assert (found.loaded, found.kept) == (3, 2)


def test_two_rows_of_one_record() -> None:
    """The typed one has the record; an untouched copy of it goes."""
    copy = ["B", None, "MAIN", 3, 0, "c-1", None, None]
    found = merge(table(copy, ["B", None, "MAIN", 8, 0, "c-1", None, None]), {5}, DATA, TEMPLATE)
    assert found.rows[0] == {} and found.rows[1] is not None and found.rows[1]["on_hand"] == 8
    assert len([row for row in found.rows if row and row.get("sku") == "B"]) == 1


def test_codes_that_excel_made_numbers_find_their_record() -> None:
    """12.0 is the SKU 12."""
    data = CurrentData(1, DATA.columns, [["12", "MAIN", 1, 0, "n-1"]])
    found = merge(table([12.0, None, " main ", 5, 0, None, None, None]), {4}, data, TEMPLATE)
    assert len(found.rows) == 1
