"""The order of checks: required values, ranges, rows against each other; and that they stay quick."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pandas as pd

from validators.checking.normalising import Frame
from validators.checking.steps import check, row_keys
from validators.columns import choice, code, codes, quantity, yes_no
from validators.messages import CODES, Finding
from validators.reading import from_rows
from validators.registry import WORKBOOKS
from validators.workbooks import SameKey, Workbook

STOCK_IN = WORKBOOKS["stock_in"]
QUANTITIES = WORKBOOKS["quantity_update"]
RETURNS = WORKBOOKS["returns"]
TRANSFER = WORKBOOKS["transfer"]


def _checked(workbook: Workbook, *rows: dict[str, Any]) -> Frame:
    return check(from_rows(workbook, list(rows), first_row=4))


def _found(result: Frame) -> list[tuple[int | None, str | None, str]]:
    return [(finding.row, finding.column, finding.code) for finding in result.findings]


def test_required_values() -> None:
    """A required cell that is empty is named once; one that would not be read has its own error only."""
    result = _checked(
        STOCK_IN, {"sku": "A", "quantity": None}, {"sku": "", "quantity": 5}, {"sku": "B", "quantity": "x"}
    )
    assert _found(result) == [(4, "quantity", "missing"), (5, "sku", "missing"), (6, "quantity", "number-not-number")]


def test_ranges_carry_their_limits() -> None:
    """Pandera's findings become sentences with the value and the limit."""
    result = _checked(STOCK_IN, {"sku": "A" * 65, "quantity": 0, "unit_cost": "-1"})
    assert [finding.text for finding in result.findings] == [
        "65 characters long; at most 64 fit. Shorten it.",
        "0 is below 1. Write 1 or more.",
        "-1 is below 0. Write 0 or more.",
    ]


def test_one_bad_cell_hides_no_other() -> None:
    """A text in a number column does not keep the negative number beside it from being found."""
    result = _checked(
        STOCK_IN, {"sku": "A", "quantity": "many"}, {"sku": "B", "quantity": -3}, {"sku": "C", "quantity": 4}
    )
    assert _found(result) == [(4, "quantity", "number-not-number"), (5, "quantity", "number-too-small")]
    assert result.frame["quantity"].tolist() == [pd.NA, -3, 4]


def test_the_same_key_twice_is_an_error_on_both() -> None:
    """WB-14: where a value is set, the same key twice (case and outer blanks aside) is an error on both rows."""
    rows = [
        {"sku": "ab", "on_hand": 1},
        {"sku": "X", "on_hand": 1},
        {"sku": " AB ", "on_hand": 2},
        {"sku": "Ab", "on_hand": 2},
    ]
    result = _checked(QUANTITIES, *rows)
    assert [(f.row, f.column, f.code, f.facts["other"]) for f in result.findings] == [
        (4, "sku", "same-key", 6),
        (6, "sku", "same-key", 4),
        (7, "sku", "same-key", 4),
    ]


def test_the_whole_key_counts() -> None:
    """WB-14: another warehouse is another key; two blank warehouses are the same."""
    rows = [{"sku": "A", "warehouse": "W", "on_hand": 1}, {"sku": "A", "warehouse": None, "on_hand": 1}]
    assert _found(_checked(QUANTITIES, *rows)) == []
    assert len(_found(_checked(QUANTITIES, *rows, {"sku": "a", "warehouse": "", "on_hand": 3}))) == 2


def test_lines_add_up() -> None:
    """WB-14: in a stock-in, lines of one SKU add up; only two identical lines get a warning."""
    rows = [
        {"sku": "A", "quantity": 1, "note": "x"},
        {"sku": "A", "quantity": 2},
        {"sku": "a", "quantity": 1, "note": "X"},
    ]
    result = _checked(STOCK_IN, *rows)
    assert [(f.row, f.column, f.code, f.facts) for f in result.findings] == [(6, "sku", "same-line", {"other": 4})]
    assert result.findings[0].severity == "warning"


def test_a_blank_is_the_same_as_what_it_means() -> None:
    """WB-14: a return without a condition is a good one, a transfer that says nothing has not arrived."""
    back = {"tracking": "T1", "sku": "A", "quantity": 1}
    found = _checked(RETURNS, back, {**back, "condition": "Good"}, {**back, "condition": "defective"}).findings
    assert [(f.row, f.code, f.facts) for f in found] == [(5, "same-line", {"other": 4})]
    sent = {"sku": "A", "source": "MAIN", "destination": "EAST", "quantity": 1}
    found = _checked(TRANSFER, {**sent, "received": "no"}, sent, {**sent, "received": "yes"}).findings
    assert [(f.row, f.code, f.facts) for f in found] == [(5, "same-line", {"other": 4})]


def test_rows_without_a_key_are_not_compared() -> None:
    """Two rows without a SKU miss a value each; they are no duplicates."""
    result = _checked(QUANTITIES, {"on_hand": 1, "sku": ""}, {"on_hand": 1, "sku": None})
    assert _found(result) == [(4, "sku", "missing"), (5, "sku", "missing")]
    assert row_keys(result) == [None, None]


def test_every_column_is_there_and_typed() -> None:
    """Columns the file lacks are there, empty; types are those of their kind."""
    workbook = Workbook(
        "t", "T", "T", 1, "",
        (code("a", "A", "", required=True), quantity("n", "N", ""), yes_no("y", "Y", ""),
         codes("c", "C", "", clearable=True), choice("w", "W", "", ("up", "down"))),
        key=("a",), same_key=SameKey.ADDS_UP,
    )  # fmt: skip
    result = _checked(workbook, {"a": "x", "y": "yes", "c": "p;q"}, {"a": "z", "c": "#CLEAR", "w": "UP"})
    assert [str(dtype) for dtype in result.frame.dtypes] == ["object", "Int64", "boolean", "object", "object"]
    assert result.frame.index.tolist() == [4, 5] and result.frame["n"].isna().all()
    assert result.frame["c"].tolist() == [("p", "q"), None] and result.frame["w"].tolist() == [None, "up"]
    assert result.cleared == {"c": {5}} and result.findings == []


def test_own_rules_come_last_and_findings_are_in_order() -> None:
    """A workbook's row rules see the typed frame; findings come by row, then by column."""

    def rule(frame: pd.DataFrame) -> list[Finding]:
        return [Finding("refused", int(row), "note", {"reason": "rule"}) for row in frame.index]

    workbook = dataclasses.replace(STOCK_IN, row_rules=(rule,))
    result = _checked(workbook, {"sku": "A", "quantity": 0}, {"sku": "", "quantity": 1})
    assert _found(result) == [
        (4, "quantity", "number-too-small"),
        (4, "note", "refused"),
        (5, "sku", "missing"),
        (5, "note", "refused"),
    ]


def test_fifty_thousand_rows() -> None:
    """50,000 clean rows of six columns take the fast way, and come out right. How fast is the bench's to say."""
    rows = [
        {"sku": f"NK-{n:06d}", "warehouse": "MAIN", "quantity": n % 500 + 1.0, "shelf": f"A-{n % 99}",
         "unit_cost": round(1 + n * 0.01, 2), "note": f"Delivery {n % 1000}"}
        for n in range(50_000)
    ]  # fmt: skip
    raw = from_rows(STOCK_IN, rows)
    result = check(raw)
    assert result.findings == [] and len(result.frame) == 50_000
    assert result.frame["unit_cost"].iloc[1] == Decimal("1.01")


def test_an_odd_column_is_read_cell_by_cell() -> None:
    """The fast way and the slow way agree: one odd cell changes nothing for the clean ones beside it."""
    clean = [{"sku": f"S{n}", "quantity": float(n), "unit_cost": n / 4, "note": f"N {n}"} for n in range(1, 200)]
    odd = {"sku": " Ａ ", "quantity": "7", "unit_cost": "0.5", "note": "a\u00a0b"}
    fast, slow = _checked(STOCK_IN, *clean), _checked(STOCK_IN, *clean, odd)
    pd.testing.assert_frame_equal(fast.frame, slow.frame.iloc[:-1])
    assert slow.frame.iloc[-1].tolist()[:5] == ["A", None, 7, None, Decimal("0.5")]


def test_wording() -> None:
    """Messages name the reason in users' words: the golden ones."""
    texts: dict[str, tuple[dict[str, Any], str]] = {
        "number-too-large": (
            {"value": 10**18, "limit": 10_000_000},
            ("1,000,000,000,000,000,000 is above 10,000,000. Write 10,000,000 or less."),
        ),
        "file-hidden-rows": ({"count": 1}, "1 hidden or filtered row was read too."),
        "same-line": (
            {"other": 12345},
            ("the same line as row 12345; the quantities add up. Delete one if it slipped in twice."),
        ),
        "missing": ({}, "a value is required here. Fill it in."),
        "number-not-whole": ({"value": "2.9"}, "2.9 is not a whole number. Write whole units, like 12."),
        "percent-fraction": ({"value": "0.5"}, "0.5 would be less than one per cent. Write 50 for 50 %."),
        "cell-error": ({"value": "#N/A"}, "the cell holds the error #N/A. Correct the formula or type the value."),
        "same-key": ({"other": 7}, "also on row 7. Keep one of the rows."),
        "code-too-many-digits": (
            {},
            (
                "too long for a number: Excel keeps 15 digits and loses the rest. "
                "Format the column as Text and type it again."
            ),
        ),
        "file-web-page": (
            {},
            "this is a web page saved under the name of a workbook. Open it in Excel and save it as .xlsx.",
        ),
        "file-far-cell": (
            {"cell": "XFD1048576", "limit": "256 columns"},
            "the used area reaches XFD1048576, beyond 256 columns. "
            "Delete the empty rows and columns around the data and save again.",
        ),
    }
    assert {name: Finding(name, facts=facts).text for name, (facts, _) in texts.items()} == {
        name: text for name, (_, text) in texts.items()
    }
    assert set(texts) <= set(CODES)
    assert Finding("file-hidden-rows", facts={"count": 12000}).text.startswith(
        "12,000 hidden or filtered rows were read"
    )
    assert Finding("number-too-large", facts={"value": 10**22, "limit": 1}).text.startswith("1.00000000000000E+22 is")
