"""What the reports say of a company whose figures are known."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from server.errors import NotFound, WrongUse
from tests.factories import AT
from tests.server.reports.conftest import Reports

WHEN = AT.replace(tzinfo=None)


def _picked(rows: list[dict[str, object]], *titles: str) -> list[tuple[object, ...]]:
    return [tuple(row.get(title) for title in titles) for row in rows]


def test_inventory(reports: Reports) -> None:
    """REP-1, STK-1: the figures per SKU and warehouse; available is below 0 after the count (STK-5). CAT-6: a
    combination is listed where its components are."""
    rows = reports.rows("inventory", "Inventory")
    assert _picked(rows, "SKU", "Warehouse", "Shelf", "On hand", "Allocated", "Available", "Safety stock") == [
        ("BLUE", "MAIN", None, 5, 1, 4, 4),
        ("RED", "EAST", None, 3, 0, 3, 3),
        ("RED", "MAIN", "A-01", 3, 5, -2, 12),
        ("SET", "EAST", None, 0, 0, 0, None),
        ("SET", "MAIN", None, 0, 0, 0, None),
    ]
    assert [row["Kind"] for row in rows] == ["single"] * 3 + ["combination"] * 2
    assert rows[2]["Title"] == "Red cap" and rows[2]["Category"] == "Caps" and "Category" not in rows[0]


def test_inventory_of_the_past(reports: Reports) -> None:
    """STK-10: from movements alone; a day means its end."""
    assert reports.rows("inventory", "Inventory", as_of="2026-04-19")[0]["SKU"].startswith("Nothing to show because")
    rows = reports.rows("inventory", "Inventory", as_of="2026-04-20", warehouse="east")
    assert _picked(rows, "SKU", "Warehouse", "On hand") == [("RED", "EAST", 3)]


def test_movements(reports: Reports) -> None:
    """STK-3, STK-9: newest first, each with its document; the changes add up to the figures."""
    rows = reports.rows("movements", "Movements", sku="red", warehouse="MAIN")
    assert sum(row["On hand"] for row in rows) == 3 and sum(row["Allocated"] for row in rows) == 5
    assert _picked(rows, "Kind", "On hand", "Allocated", "Order")[:3] == [
        ("stock count", -3, 0, None),
        ("deduct", -4, -4, "A1"),
        ("allocate", 0, 5, "A2"),
    ]
    assert rows[0]["When"] == WHEN and rows[1]["Document"] == "order" and rows[1]["By"] == "anna"


def test_movements_by_date(reports: Reports) -> None:
    """STK-9: the last 730 days unless asked for; older ones by their dates."""
    reports.settings = type(reports.settings)(data_dir=reports.settings.data_dir, history_days=1)
    assert len(reports.rows("movements", "Movements")) == 8  # made a day after, to the second
    for gone in ({"until": "2026-04-19"}, {"since": "2026-04-21"}):
        assert list(reports.rows("movements", "Movements", **gone)[0].values()) == [
            "Nothing to show because nothing was posted in this time."
        ]


def test_low_stock(reports: Reports) -> None:
    """WH-4: below its safety stock, most missing first; 4 of RED were sold, at the safety stock is enough."""
    rows = reports.rows("low_stock", "Low stock")
    titles = ("SKU", "Warehouse", "Available", "Safety stock", "Missing", "Sold in 30 days", "Days left", "Replenish")
    assert _picked(rows, *titles) == [("RED", "MAIN", -2, 12, 14, 4, 0, 18)]


def test_stock_value(reports: Reports) -> None:
    """REP-1: exact money; what has no cost is told of, not counted as nothing."""
    rows = reports.rows("stock_value", "Stock value")
    assert _picked(rows, "SKU", "Warehouse", "On hand", "Unit cost", "Value at cost", "Value at price") == [
        ("BLUE", "MAIN", 5, None, None, 15),
        ("RED", "EAST", 3, 4.2, 12.6, 29.97),
        ("RED", "MAIN", 3, 4.2, 12.6, 29.97),
    ]
    book = reports.book("stock_value")
    said = [cell for row in book["About"].iter_rows(values_only=True) for cell in row if cell]
    assert "1 row has no cost: their value at cost is empty, and not in the charts." in said
    charts = [[cell for cell in row if cell is not None] for row in book["Charts"].iter_rows(values_only=True)]
    assert ["Caps", 25.2, 6] in charts and ["EAST", 12.6, 3] in charts and ["MAIN", 12.6, 3] in charts


def test_oversell_risk(reports: Reports) -> None:
    """STK-5, ORD-14: at risk, negative available, out of stock with what each line takes, pushes that are late."""
    at_risk = reports.rows("oversell", "Orders at risk")
    assert _picked(at_risk, "Order", "SKU", "Holds", "On hand", "Allocated") == [("A2", "RED", 5, 3, 5)]
    negative = reports.rows("oversell", "Negative available")
    assert _picked(negative, "SKU", "Warehouse", "Available") == [("RED", "MAIN", -2)]
    waiting = reports.rows("oversell", "Out of stock orders")
    assert _picked(waiting, "Order", "SKU", "Quantity", "Takes", "Units", "Available", "Missing") == [
        ("A4", "BLUE", 6, "BLUE", 6, 4, 2),
        ("A5", "SET", 1, "BLUE", 1, 4, 0),
        ("A5", "SET", 1, "RED", 2, -2, 2),
    ]
    late = reports.rows("oversell", "Push delay")
    assert _picked(late, "Store", "Store SKU", "State", "Last told", "To tell", "Too many", "Minutes") == [
        ("Annex", "cap", "waiting", 6, 1, 5, 1440),
        ("Shop", "red", "failed", 0, 0, 0, 1440),
    ]
    assert late[0]["Reason"] == "no answer" and late[1]["Reason"] == "too low"


def test_push_log(reports: Reports) -> None:
    """PSH-7: every evaluation with its causes and result; PSH-11: what was last told."""
    rows = reports.rows("push_log", "Evaluations", store="annex")
    assert _picked(rows, "Store SKU", "SKU", "Push rule", "Target", "Result", "Push Now", "Causes") == [
        ("cap", "RED", "All of it", 1, "nothing to send", "no", "16 push now"),
        ("cap", "RED", "All of it", 1, "send", "no", "8 sale, 10 void"),
    ]
    told = reports.rows("push_log", "Last told")
    assert ("Annex", "cap", 6, "yes") in _picked(told, "Store", "Store SKU", "Told", "Certain")
    assert ("Shop", "red", 0, "no") in _picked(told, "Store", "Store SKU", "Told", "Certain")


def test_push_failures(reports: Reports) -> None:
    """PSH-10: what was refused for good with the reason; a store that is left alone."""
    rows = reports.rows("push_failures", "Refused listings")
    assert _picked(rows, "Store", "Store SKU", "SKU", "Attempts", "Reason") == [("Shop", "red", "RED", 8, "too low")]
    paused = reports.rows("push_failures", "Paused stores")
    assert _picked(paused, "Store", "Failures", "Reason") == [("Annex", 3, "no answer")]


def test_sku_health(reports: Reports) -> None:
    """CAT-2: a row for each warning."""
    rows = reports.rows("sku_health", "SKU health")
    assert {row["SKU"] for row in rows} == {"0815"} and "0" in rows[0]["Why"]
    assert reports.rows("sku_health", "SKU health", sku="RED")[0]["SKU"].startswith("Nothing to show")


def test_unmapped(reports: Reports) -> None:
    """CAT-8: both ways; the order that waits for a mapping is counted."""
    listings = reports.rows("unmapped", "Listings without a SKU")
    assert _picked(listings, "Store", "Store SKU", "Listed", "Orders waiting") == [
        ("Annex", "stray", "yes", 0),
        ("Shop", "green", "no", 1),
    ]
    assert _picked(reports.rows("unmapped", "SKUs without a listing"), "SKU", "On hand") == [("0815", 0)]
    annex = reports.rows("unmapped", "SKUs without a listing", store="Annex")
    assert [row["SKU"] for row in annex] == ["0815", "BLUE", "SET"]


def test_orders(reports: Reports) -> None:
    """ORD-14: orders with their state, and their lines with what they hold; by state, list, SKU, store."""
    rows = reports.rows("orders", "Orders")
    assert _picked(rows, "Order", "State", "At risk", "Warehouse", "Units", "Total", "Currency") == [
        ("A5", "out of stock", "no", "MAIN", 1, 20, "USD"),
        ("A4", "out of stock", "no", "MAIN", 6, 18, "USD"),
        ("A3", "unmapped", "no", None, 1, 7, "USD"),
        ("A2", "to pack", "yes", "MAIN", 6, 50.5, "USD"),
        ("A1", "to pickup", "no", "MAIN", 4, 39.96, "USD"),
    ]
    assert rows[0]["Tracking"] == "T-A5" and rows[0]["Placed"] == WHEN
    lines = reports.rows("orders", "Lines")
    assert _picked(lines, "Order", "Store SKU", "SKU", "Quantity", "Holds", "Deducted", "Line total")[-3:] == [
        ("A2", "red", "RED", 5, 5, 0, 47.5),
        ("A2", "blue", "BLUE", 1, 1, 0, 3),
        ("A1", "red", "RED", 4, 0, 4, 39.96),
    ]
    asked = {
        "at_risk": ["A2"], "unmapped": ["A3"], "out_of_stock": ["A5", "A4"], "to_return": [],
    }  # fmt: skip
    for state, numbers in asked.items():
        found = [row["Order"] for row in reports.rows("orders", "Orders", state=state) if "Store" in row]
        assert found == numbers, state
    assert [row["Order"] for row in reports.rows("orders", "Orders", sku="blue")] == ["A4", "A2"]


def test_sales(reports: Reports) -> None:
    """REP-1: per SKU and store, exact money; what is unmapped is a sale as well."""
    rows = reports.rows("sales", "Sales")
    assert _picked(rows, "SKU", "Store", "Orders", "Units sold", "Turnover", "Average price") == [
        (None, "Shop", 1, 1, 7, 7),
        ("BLUE", "Shop", 2, 7, 21, 3),
        ("RED", "Shop", 2, 9, 87.46, 9.7178),
        ("SET", "Shop", 1, 1, 20, 20),
    ]
    charts = [
        [cell for cell in row if cell is not None]
        for row in reports.book("sales")["Charts"].iter_rows(values_only=True)
    ]
    assert ["Shop", 18] in charts
    first = charts.index(["RED", 9])
    assert charts[first : first + 4] == [["RED", 9], ["BLUE", 7], ["not mapped", 1], ["SET", 1]]


def test_uploads(reports: Reports) -> None:
    """WB-11: every upload, newest first."""
    rows = reports.rows("uploads", "Uploads")
    titles = ("File", "By", "Template", "Status", "Rows", "OK", "Errors", "Seconds")
    assert _picked(rows, *titles) == [
        ("two.xlsx", "anna", "Stock-in", "applied", 3, 2, 0, None),
        ("one.xlsx", "anna", "Stock-in", "refused", 3, 2, 1, 2.5),
    ]


@pytest.mark.parametrize(
    ("name", "given", "kind", "said"),
    [
        ("nope", {}, NotFound, "there is no report 'nope'"),
        ("inventory", {"since": "2026-01-01"}, WrongUse, "does not take 'since'; it takes as_of, warehouse, sku"),
        ("inventory", {"as_of": "soon"}, WrongUse, "neither a day"),
        ("inventory", {"warehouse": "WEST"}, NotFound, "there is no warehouse 'WEST'"),
        ("sales", {"store": "=1+1"}, NotFound, "there is no store"),
        ("orders", {"state": "lost"}, WrongUse, "'lost' is no state"),
        ("movements", {"since": "2026-04-02", "until": "2026-04-01"}, WrongUse, "is before"),
    ],
)
def test_what_cant_be_asked(
    reports: Reports, name: str, given: dict[str, str], kind: type[Exception], said: str
) -> None:
    """A report that was not understood is refused, never a report of something else."""
    with pytest.raises(kind, match=re.escape(said)):
        reports.data(name, **given)


def test_the_first_sheet_says_what_was_asked(reports: Reports) -> None:
    """A report that lies about when and for what it was made is worse than none."""
    sheet = reports.book("movements", since="2026-04-01", sku="Red")["About"]
    lines = list(sheet.iter_rows(values_only=True))
    said = {row[0]: row[1] for row in lines[: lines.index(("Words", None))] if row[0]}
    made = f"{AT + timedelta(days=1):%Y-%m-%d %H:%M} UTC"
    assert said["Movements"] == "6 rows"
    assert (said["Made at"], said["Made by"]) == (made, "anna")
    assert (said["From"], said["Until"], said["Warehouse"]) == ("2026-04-01 00:00 UTC", "now", "all")
    assert sheet["A1"].value == "Movements"
