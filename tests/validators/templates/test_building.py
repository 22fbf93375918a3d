"""Templates with rows: downloads with current data, and rows carried over."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tests.support.workbooks import formulas, needs_office, opened, parts, through_office
from validators.columns import CLEAR, Reference
from validators.registry import WORKBOOKS
from validators.templates.building import FIRST_ROW, HEADER_ROW, SPARE_ROWS, build
from validators.writing.texts import CELL_LIMIT, clean

QUANTITIES = WORKBOOKS["quantity_update"]
RULES = WORKBOOKS["push_rules"]
SKUS = WORKBOOKS["sku_update"]
AWKWARD = (
    "<r>bad & <b></r>",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "00123",
    "1e5",
    "http://example.com",
    "_x0041_",
    "NA",
    "ü € 中 😀",
)


def first_row(data: bytes, sheet: str) -> list[Any]:
    return [cell.value for cell in opened(data)[sheet][FIRST_ROW]]


def test_rows_carry_a_hidden_version() -> None:
    """WB-4: a download with data has each row's version in a hidden column beside Status and Message."""
    rows = [{"sku": "A", "warehouse": "MAIN", "on_hand": 4, "allocated": 1, "available": 3, "_version": "ab12"}]
    data = build(QUANTITIES, rows=rows, versioned=True)
    sheet = opened(data)[QUANTITIES.sheet]
    headers = [cell.value for cell in sheet[HEADER_ROW]]
    assert headers[-3:] == ["_version", "Status", "Message"]
    assert first_row(data, QUANTITIES.sheet)[:7] == ["A", "MAIN", 4, None, 1, 3, "ab12"]
    assert sheet.column_dimensions["G"].hidden


def test_rows_without_versions_have_no_version_column() -> None:
    """WB-4: an empty template, or rows carried over into a newer one, carries no versions."""
    data = build(QUANTITIES, rows=[{"sku": "A", "on_hand": 4}])
    assert "_version" not in [cell.value for cell in opened(data)[QUANTITIES.sheet][HEADER_ROW]]


def test_versions_need_rows() -> None:
    with pytest.raises(AssertionError):
        build(QUANTITIES, versioned=True)


@pytest.mark.parametrize("count", [1, SPARE_ROWS, SPARE_ROWS + 50])
def test_the_table_holds_all_rows(count: int) -> None:
    """WB-3: the table covers every row, and spare ones where there are few."""
    data = build(QUANTITIES, rows=({"sku": f"S{number}", "on_hand": number} for number in range(count)))
    table = opened(data)[QUANTITIES.sheet].tables[QUANTITIES.table]
    assert table.ref == f"A{HEADER_ROW}:H{HEADER_ROW + max(count, SPARE_ROWS)}"


def test_values_of_every_kind() -> None:
    """A typed value comes out as the cell a person would have filled in."""
    row = {
        "name": "Web",
        "active": True,
        "warehouses": ("MAIN", "EAST"),
        "stores": ["Web shop", "Lazada MY=80"],
        "percentage": Decimal("33.3333"),
        "fixed": -2,
        "priority_store": CLEAR,
        "hold_back_safety_stock": False,
        "cap": CLEAR,
    }
    values = first_row(build(RULES, rows=[row]), RULES.sheet)
    assert values[:7] == ["Web", None, "yes", "MAIN; EAST", "Web shop; Lazada MY=80", 33.3333, -2]
    assert values[8] == CLEAR and values[11] == "no" and values[13] == CLEAR


def test_attributes_and_prices() -> None:
    row = {"sku": "A", "attributes": {"fit": "slim", "sleeve": "short"}, "price": Decimal("4.20")}
    values = first_row(build(SKUS, rows=[row]), SKUS.sheet)
    assert values[5] == "fit=slim; sleeve=short"
    assert values[16] == 4.2


def test_texts_come_out_as_they_went_in() -> None:
    """WB-9: a text can't become a formula, a link or a number, whatever it starts with."""
    data = build(QUANTITIES, lists={Reference.MERCHANT_SKU: AWKWARD}, rows=[{"sku": text} for text in AWKWARD])
    sheet = opened(data)[QUANTITIES.sheet]
    cells = [sheet.cell(FIRST_ROW + index, 1) for index in range(len(AWKWARD))]
    read = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name(QUANTITIES.sheet).to_python()
    assert [row[0] for row in read[FIRST_ROW - 1 :]][: len(AWKWARD)] == list(AWKWARD)
    assert {cell.data_type for cell in cells} == {"s"} and {cell.number_format for cell in cells} == {"@"}
    assert formulas(data) == []
    assert not [name for name in parts(data) if "hyperlink" in name]


def test_texts_that_no_cell_can_hold() -> None:
    assert clean("a\x00b\x0bc\ud800d\n") == "abcd\n"
    assert len(clean("x" * 40_000)) == CELL_LIMIT


def test_lists_may_be_missing() -> None:
    """A team without stores yet gets a template without that drop-down."""
    data = build(WORKBOOKS["mapping"], lists={Reference.STORE: []})
    assert "lst_store" not in opened(data).defined_names


@pytest.mark.office
@needs_office
def test_libreoffice_keeps_table_identity_and_text(tmp_path: Path) -> None:
    """WB-3: what makes a template recognisable survives LibreOffice."""
    lists = {Reference.WAREHOUSE: ["MAIN"], Reference.MERCHANT_SKU: ["00123"]}
    rows = [{"sku": "00123", "warehouse": "MAIN", "on_hand": 4, "_version": "ab"}]
    saved = through_office(build(QUANTITIES, lists=lists, rows=rows, versioned=True), tmp_path)
    sheet = saved[QUANTITIES.sheet]
    assert {prop.name: prop.value for prop in saved.custom_doc_props.props}["template_id"] == QUANTITIES.id
    assert saved.defined_names["_template_id"].attr_text == f'"{QUANTITIES.id}"'
    assert list(sheet.tables) == [QUANTITIES.table]
    assert [cell.value for cell in sheet[FIRST_ROW]][:3] == ["00123", "MAIN", 4]
    assert sheet.column_dimensions["G"].hidden
    assert "lst_warehouse" in {rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert len(sheet.conditional_formatting) >= 2
