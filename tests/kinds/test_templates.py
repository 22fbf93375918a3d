"""What every template must keep: it builds, is sound, tells who it is, and its committed files are up to date."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl.utils import get_column_letter, range_boundaries

from tests.support.workbooks import formulas, opened, parts
from validators.checking.steps import check
from validators.columns import ACTIONS, CLEAR, Kind, Reference
from validators.generate import out_of_date
from validators.reading.door import read
from validators.registry import WORKBOOKS
from validators.templates.building import FIRST_ROW, HEADER_ROW, REACH_ROWS, SPARE_ROWS, build
from validators.workbooks import MESSAGE_TITLE, STATUS_TITLE, Workbook

LISTS = {
    Reference.MERCHANT_SKU: ["NK-SP-TS-RED-M", "00123", "=1+1"],
    Reference.WAREHOUSE: ["MAIN", "EAST"],
    Reference.SHELF: ["A-01"],
    Reference.STORE: ["Shopee VN", "Lazada MY", "Web shop"],
}
CODE = re.compile(r"[a-z][a-z0-9_]*")
LEGAL_NAME = re.compile(r"[A-Za-z_\\][A-Za-z0-9_.]*")
LIKE_AN_ADDRESS = re.compile(r"[A-Za-z]{1,3}[0-9]+|[Rr][0-9]*[Cc][0-9]*")
NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.PERCENT)


@pytest.fixture(scope="module", params=WORKBOOKS.values(), ids=WORKBOOKS.keys())
def workbook(request: pytest.FixtureRequest) -> Workbook:
    described: Workbook = request.param
    return described


@pytest.fixture(scope="module")
def built(workbook: Workbook) -> bytes:
    return build(workbook, lists=LISTS)


@pytest.fixture(scope="module")
def book(built: bytes) -> Any:
    return opened(built)


def test_description(workbook: Workbook) -> None:
    """WB-1: one description with legal names, a key that exists, and words for everything."""
    assert CODE.fullmatch(workbook.id) and all(CODE.fullmatch(column.name) for column in workbook.columns)
    titles = [column.title.casefold() for column in workbook.columns]
    assert len(set(titles)) == len(titles)
    assert not {STATUS_TITLE.casefold(), MESSAGE_TITLE.casefold()} & set(titles)
    assert {column.name for column in workbook.columns if column.key} == set(workbook.key)
    assert len(workbook.sheet) <= 31
    for column in workbook.columns:
        assert column.help.endswith((".", ";", "=80")) or len(column.help) > 20, column.name
        assert column.info or column.example, f"{column.name} has no example"
        assert not (column.info and (column.required or column.editable or column.key))
        assert not (column.clearable and (column.required or column.key))
        assert bool(column.choices) == (column.kind in (Kind.CHOICE, Kind.YES_NO))
        if column.name == "action" and not column.required:  # a required one has words of its own
            assert column.choices == ACTIONS and not column.editable


def test_examples_have_the_columns_shape(workbook: Workbook) -> None:
    """WB-3: example rows use known columns, fill what is required and fit their column."""
    assert 2 <= len(workbook.examples) <= 6
    assert workbook.instructions
    for example in workbook.examples:
        assert set(example) <= {column.name for column in workbook.inputs}
        removed = example.get("action") == "REMOVE"
        for column in workbook.columns:
            value = example.get(column.name)
            if value is None:
                assert not column.required or (removed and not column.key), column.name
            elif value == CLEAR:
                assert column.clearable, column.name
            elif column.kind in NUMBERS:
                assert column.minimum <= Decimal(value) <= column.maximum, column.name  # type: ignore[operator]
            elif column.choices:
                assert value in column.choices, column.name
            else:
                assert len(value) <= column.max_length, column.name


def test_examples_pass_the_checks(workbook: Workbook, tmp_path: Path) -> None:
    """WB-1: the example rows, filled into the very template and read back, have nothing wrong with them."""
    path = tmp_path / "filled.xlsx"
    path.write_bytes(build(workbook, rows=workbook.examples))
    raw = read(path, filename=path.name, workbooks=WORKBOOKS)
    checked = check(raw)
    assert (raw.sheet, raw.header_row, len(raw)) == (workbook.sheet, HEADER_ROW, len(workbook.examples))
    assert [*raw.findings, *checked.findings] == []


def test_the_data_sheet_is_a_real_table(workbook: Workbook, book: Any) -> None:
    """WB-3: a real Excel table, a star on required columns, Status and Message last, the key always in sight."""
    sheet = book[workbook.sheet]
    assert list(sheet.tables) == [workbook.table]
    table = sheet.tables[workbook.table]
    first_column, first_row, last_column, last_row = range_boundaries(table.ref)
    headers = [sheet.cell(HEADER_ROW, column).value for column in range(first_column, last_column + 1)]
    assert (first_row, last_row - first_row) == (HEADER_ROW, SPARE_ROWS)
    assert headers == [column.header for column in workbook.columns] + [STATUS_TITLE, MESSAGE_TITLE]
    assert headers == [column.name for column in table.tableColumns]
    assert len({header.casefold() for header in headers}) == len(headers)
    assert table.autoFilter.ref == table.ref
    assert not sheet.merged_cells.ranges
    assert sheet.freeze_panes.endswith(str(FIRST_ROW))
    assert sheet.freeze_panes != f"A{FIRST_ROW}"


def test_identity_three_times(workbook: Workbook, book: Any) -> None:
    """WB-3: id and version inside the file, as properties, as names, and in the table's name."""
    properties = {prop.name: prop.value for prop in book.custom_doc_props.props}
    assert properties == {"template_id": workbook.id, "template_version": str(workbook.version)}
    assert book.defined_names["_template_id"].attr_text == f'"{workbook.id}"'
    assert book.defined_names["_template_version"].attr_text == f'"{workbook.version}"'


def test_sheets_around_the_data(workbook: Workbook, book: Any) -> None:
    """WB-3: an instruction sheet, a valid-values sheet, and an example sheet without anything that reads as data."""
    assert book.sheetnames == ["Instructions", workbook.sheet, "Example", "Valid values"]
    assert book.active.title == workbook.sheet
    assert not book["Example"].tables
    assert book["Instructions"].protection.sheet and book["Valid values"].protection.sheet
    assert not book[workbook.sheet].protection.sheet
    said = {row[0].value for row in book["Instructions"].iter_rows()}
    assert {column.header for column in workbook.columns} <= said


def test_names_are_legal_and_lead_somewhere(book: Any) -> None:
    """WB-3: every drop-down's name exists, none looks like an address, none leads nowhere."""
    names = list(book.defined_names)
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert LEGAL_NAME.fullmatch(name) and not LIKE_AN_ADDRESS.fullmatch(name)
        assert "#REF!" not in book.defined_names[name].attr_text
    for sheet in book.worksheets:
        for rule in sheet.data_validations.dataValidation:
            if rule.type == "list":
                assert rule.formula1.lstrip("=") in names


def test_entry_rules_keep_excels_limits(workbook: Workbook, book: Any) -> None:
    """WB-3: every column has a prompt and a rule, within the lengths that Excel takes, far below the table."""
    rules = book[workbook.sheet].data_validations.dataValidation
    by_first = {str(rule.sqref).split(":")[0]: rule for rule in rules}
    for index, column in enumerate(workbook.columns, 1):
        rule = by_first[f"{get_column_letter(index)}{FIRST_ROW}"]
        assert str(rule.sqref).endswith(str(REACH_ROWS))
        assert 0 < len(rule.prompt) <= 255 and 0 < len(rule.promptTitle) <= 32
        assert len(rule.error or "") <= 225 and len(rule.errorTitle or "") <= 32
        assert all(len(str(formula)) <= 255 for formula in (rule.formula1, rule.formula2) if formula)
        assert rule.type in (None, "none") if column.info else rule.type not in (None, "none"), column.name
        assert rule.allowBlank


def test_drop_downs_are_the_teams_own(workbook: Workbook, book: Any) -> None:
    """WB-3: drop-downs offer the team's own values, and #CLEAR where it is allowed."""
    for index, column in enumerate(workbook.columns, 1):
        offered = _offered(book, workbook, f"{get_column_letter(index)}{FIRST_ROW}")
        if column.kind is Kind.CODE and column.reference and not column.info:
            assert [value for value in offered if value != CLEAR] == LISTS[column.reference]
            assert (CLEAR in offered) == column.clearable
        elif column.choices:
            assert [value for value in offered if value != CLEAR] == list(column.choices)
        else:
            assert offered == []


def _offered(book: Any, workbook: Workbook, first: str) -> list[str]:
    rules = book[workbook.sheet].data_validations.dataValidation
    rule = next(rule for rule in rules if str(rule.sqref).split(":")[0] == first)
    if rule.type != "list":
        return []
    sheet, _, area = book.defined_names[rule.formula1.lstrip("=")].attr_text.partition("!")
    found = book[sheet.strip("'")][area.replace("$", "")]
    return [row[0].value for row in found] if isinstance(found, tuple) else [found.value]


def test_text_stays_text(workbook: Workbook, book: Any) -> None:
    """WB-3: text format where leading zeros or long numbers matter, on the cells and on the whole column."""
    sheet = book[workbook.sheet]
    for index, column in enumerate(workbook.columns, 1):
        letter = get_column_letter(index)
        if column.is_text:
            assert sheet.column_dimensions[letter].number_format == "@"
            assert sheet[f"{letter}{FIRST_ROW}"].number_format == "@"
        else:
            assert sheet[f"{letter}{FIRST_ROW}"].number_format != "@" or column.choices


def test_prints_well(workbook: Workbook, book: Any) -> None:
    """Print set-up: landscape, one page wide, the header on every page, id and version in the footer."""
    sheet = book[workbook.sheet]
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == f"${HEADER_ROW}:${HEADER_ROW}"
    assert f"{workbook.id} v{workbook.version}" in sheet.oddFooter.left.text


def test_nothing_is_a_formula(built: bytes) -> None:
    """WB-9: a value that begins with = is a text on every sheet."""
    assert formulas(built) == []


def test_same_input_same_bytes(workbook: Workbook, built: bytes) -> None:
    """The committed files can be compared only if building is repeatable."""
    assert parts(build(workbook, lists=LISTS)) == parts(built)


def test_generated_files_are_up_to_date() -> None:
    """WB-1: templates_xlsx/ and docs/reference/ say what the code says. If not: `make templates`."""
    assert out_of_date() == []
