"""The result workbook: the user's own file with the outcome in it, or a new one where that would not be safe."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from python_calamine import CalamineWorkbook

from tests.support.workbooks import formulas, needs_office, opened, parts, through_office
from validators.registry import WORKBOOKS
from validators.results.marking import mark
from validators.results.patching.notes import AUTHOR, MOST_NOTES
from validators.results.patching.package import patch
from validators.results.patching.refusing import NotPatchable
from validators.results.rebuilding import SheetRows, rebuild
from validators.templates.building import build
from validators.writing.outcome_cells import Cell, Style
from validators.writing.styling import PAINTS

TEMPLATE = WORKBOOKS["stock_in"]
SHEET = TEMPLATE.sheet
ROWS: list[dict[str, Any]] = [
    {"sku": "NK-SP-TS-RED-M", "warehouse": "MAIN", "quantity": 12, "note": "=1+1"},
    {"sku": "00123", "quantity": 0, "note": "@home"},
    {"sku": "MUG-WHT-350", "quantity": 3},
]
OUTCOME = [
    Cell(SHEET, "G4", "OK", Style.OK),
    Cell(SHEET, "H4", "On hand: 4 → 16.", Style.OK),
    Cell(SHEET, "G5", "Error", Style.ERROR),
    Cell(SHEET, "H5", "=cmd|' /C calc'!A0 & <b>", Style.ERROR),
    Cell(SHEET, "C5", None, Style.ERROR, "0 is below 1. Write 1 or more."),
    Cell(SHEET, "G6", "Conflict", Style.CONFLICT),
]


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "upload.xlsx"
    path.write_bytes(build(TEMPLATE, rows=ROWS))
    return path


def fill(cell: Any) -> str | None:
    return cell.fill.fgColor.rgb[2:] if cell.fill.patternType else None


def made(path: Path, write: Callable[[openpyxl.Workbook], None]) -> Path:
    """A user's own workbook, by another program than ours."""
    book = openpyxl.Workbook()
    book.active.title = SHEET
    book.active.append(["SKU", "Quantity"])
    book.active.append(["A", 1])
    write(book)
    book.save(path)
    return path


def repacked(path: Path, changes: dict[str, bytes]) -> Path:
    """The package with parts added or exchanged."""
    there = parts(path.read_bytes()) | changes
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in there.items():
            archive.writestr(name, data)
    return path


def no_rows() -> Iterable[SheetRows]:
    raise AssertionError("the rows are not needed")


# -- patched --------------------------------------------------------------------------------------------------------


def test_the_same_workbook_with_the_outcome(upload: Path) -> None:
    """WB-6: status, message, colours and notes come back in the user's own workbook."""
    data = mark(upload, OUTCOME, sheets=no_rows)
    sheet = opened(data)[SHEET]
    assert [cell.value for cell in sheet[4]] == [
        "NK-SP-TS-RED-M",
        "MAIN",
        12,
        None,
        None,
        "=1+1",
        "OK",
        "On hand: 4 → 16.",
    ]
    assert sheet["H5"].value == "=cmd|' /C calc'!A0 & <b>"
    assert (sheet["C5"].value, fill(sheet["C5"])) == (0, PAINTS[Style.ERROR].fill)
    assert (sheet["C5"].comment.text, sheet["C5"].comment.author) == ("0 is below 1. Write 1 or more.", AUTHOR)
    assert fill(sheet["G6"]) == PAINTS[Style.CONFLICT].fill
    assert fill(sheet["A5"]) is None


def test_texts_can_not_become_formulas(upload: Path) -> None:
    """WB-9: whatever a text starts with, no sheet of the result holds a formula."""
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "_x003D_1", "]]>", "<f>1</f>", "\x00=1", "&#61;1"]
    cells = [Cell(SHEET, f"H{row}", text, Style.ERROR, text) for row, text in enumerate(texts, 4)]
    data = patch(upload, cells)
    sheet = opened(data)[SHEET]
    assert formulas(data) == []
    assert {sheet[cell.address].data_type for cell in cells} == {"s"}
    assert sheet["H10"].value in ("_x003D_1", "_x005F_x003D_1")  # openpyxl leaves Excel's escape as it is
    read = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name(SHEET).to_python()
    assert read[3][7] == "=1+1"


def test_everything_else_stays_byte_for_byte(upload: Path) -> None:
    """WB-6: other sheets, names, properties and the table are the user's own."""
    before, after = parts(upload.read_bytes()), parts(patch(upload, OUTCOME))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {
        "[Content_Types].xml", "xl/styles.xml", "xl/worksheets/sheet2.xml", "xl/worksheets/_rels/sheet2.xml.rels",
    }  # fmt: skip
    assert set(before) < set(after)


def test_patching_twice_replaces_the_first_outcome(upload: Path) -> None:
    """WB-13: a result handed in again comes back with the new outcome only."""
    upload.write_bytes(patch(upload, OUTCOME))
    cells = [
        Cell(SHEET, "G5", "OK", Style.OK),
        Cell(SHEET, "H5", "", Style.CLEAR),
        Cell(SHEET, "C5", None, Style.CLEAR),
        Cell(SHEET, "A6", None, Style.WARNING, "Look again."),
    ]
    sheet = opened(patch(upload, cells))[SHEET]
    assert (sheet["G5"].value, fill(sheet["G5"])) == ("OK", PAINTS[Style.OK].fill)
    assert (sheet["H5"].value, fill(sheet["H5"]), fill(sheet["C5"])) == (None, None, None)
    assert sheet["C5"].comment is None and sheet["A6"].comment.text == "Look again."


def test_a_users_own_file_keeps_its_looks(tmp_path: Path) -> None:
    """WB-6: fonts, fills, formulas, widths, other sheets and the user's own notes survive the colours."""

    def write(book: openpyxl.Workbook) -> None:
        sheet = book.active
        sheet["A2"].font = Font(name="Arial", bold=True, color="FF00FF00")
        sheet["A2"].fill = PatternFill("solid", fgColor="FFABCDEF")
        sheet["B2"].fill = PatternFill("solid", fgColor="FFABCDEF")
        sheet["B2"].number_format = "0.00"
        sheet["B2"].comment = Comment("mine", "Ann")
        sheet.column_dimensions["A"].width = 33
        other = book.create_sheet("Sums & more")
        other["A1"] = "=SUM(1,2)"
        other.merge_cells("B1:C1")

    path = made(tmp_path / "own.xlsx", write)
    cells = [
        Cell(SHEET, "C1", "Status", Style.CLEAR),
        Cell(SHEET, "D1", "Message", Style.CLEAR),
        Cell(SHEET, "C2", "Error", Style.ERROR),
        Cell(SHEET, "D2", "SKU: no merchant SKU 'A'. Correct it, or create the SKU first.", Style.ERROR),
        Cell(SHEET, "A2", None, Style.ERROR, "no merchant SKU 'A'"),
        Cell(SHEET, "B2", None, Style.CLEAR),
        Cell(SHEET, "D9", "below all rows", Style.WARNING),
    ]
    data = patch(path, cells)
    book = opened(data)
    sheet = book[SHEET]
    assert (sheet["A2"].font.name, sheet["A2"].font.b, fill(sheet["A2"])) == ("Arial", True, PAINTS[Style.ERROR].fill)
    assert (fill(sheet["B2"]), sheet["B2"].number_format) == ("ABCDEF", "0.00")
    assert sheet["B2"].comment.text == "mine" and sheet["A2"].comment is None
    assert sheet.column_dimensions["A"].width == 33 and sheet.column_dimensions["D"].width == 64
    assert sheet["D9"].value == "below all rows" and sheet.dimensions == "A1:D9"
    assert book["Sums & more"]["A1"].value == "=SUM(1,2)"
    assert formulas(data) == ["xl/worksheets/sheet2.xml"]


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (1.5, "0", "General"),
        (-0.25, "#,##0.0", "General"),
        (1234567, "0,", "General"),
        (2.5, '0.0 "pieces"', '0.0 "pieces"'),
        (0.3, "0.00", "0.00"),
        (12, "0", "0"),
        (1.5, "General", "General"),
        (1.5, "0.0##", "0.0##"),
        (0.125, "0%", "0%"),
        (datetime(2023, 3, 15, 12), "yyyy-mm-dd", "yyyy-mm-dd"),
        ("1.5", "0", "0"),
    ],
)
def test_a_marked_number_is_shown_as_it_is(tmp_path: Path, value: Any, code: str, shown: str) -> None:
    """WB-6: beside "1.5 is not a whole number" stands 1.5, not the 2 that a format makes of it."""

    def write(book: openpyxl.Workbook) -> None:
        for address in ("B2", "B3"):
            book.active[address] = value
            book.active[address].number_format = code

    path = made(tmp_path / "rounded.xlsx", write)
    sheet = opened(patch(path, [Cell(SHEET, "B2", None, Style.ERROR), Cell(SHEET, "B3", None, Style.CLEAR)]))[SHEET]
    assert (sheet["B2"].value, sheet["B2"].number_format, sheet["B3"].number_format) == (value, shown, code)


def test_rows_and_cells_that_were_missing(tmp_path: Path) -> None:
    """WB-6: an outcome may be about cells that the file does not have yet."""

    def write(book: openpyxl.Workbook) -> None:
        book.active["E7"] = "far"

    path = made(tmp_path / "gaps.xlsx", write)
    places = ("C2", "A4", "C4", "A7", "F7", "D7", "A8")
    sheet = opened(patch(path, [Cell(SHEET, place, place, Style.OK) for place in places]))[SHEET]
    assert {place: sheet[place].value for place in places} == {place: place for place in places}
    assert (sheet["A2"].value, sheet["E7"].value) == ("A", "far")


def test_an_empty_sheet(tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    book = openpyxl.Workbook()
    book.active.title = SHEET
    book.save(path)
    assert opened(patch(path, [Cell(SHEET, "B2", 7, Style.OK)]))[SHEET]["B2"].value == 7


def test_new_cells_take_their_columns_format(upload: Path) -> None:
    """A cell below the table keeps its column's text format under the colour."""
    sheet = opened(patch(upload, [Cell(SHEET, "A900", "00123", Style.ERROR)]))[SHEET]
    assert (sheet["A900"].number_format, fill(sheet["A900"])) == ("@", PAINTS[Style.ERROR].fill)


def test_at_most_two_hundred_notes(upload: Path) -> None:
    """WB-6: notes are bounded; every message is in its column all the same."""
    cells = [Cell(SHEET, f"A{row}", None, Style.ERROR, "x") for row in range(4, 4 + MOST_NOTES + 50)]
    sheet = opened(patch(upload, cells))[SHEET]
    assert sum(1 for row in sheet.iter_rows() for cell in row if cell.comment) == MOST_NOTES


def test_sheets_larger_than_one_read(tmp_path: Path) -> None:
    """Rows are found wherever the sheet is cut while reading."""
    path = tmp_path / "large.xlsx"
    book = xlsxwriter.Workbook(path, {"in_memory": True})
    sheet = book.add_worksheet(SHEET)
    for row in range(6_000):
        sheet.write_row(row, 0, [f"row {row}", "x" * 300, row])
    book.close()
    wanted = {row: f"message {row}" for row in range(1, 6_001, 7)}
    data = patch(path, [Cell(SHEET, f"D{row}", text, Style.OK) for row, text in wanted.items()])
    read = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name(SHEET).to_python()
    assert len(read) == 6_000
    assert all(row[0] == f"row {index}" and row[2] == index for index, row in enumerate(read))
    assert {index + 1: row[3] for index, row in enumerate(read) if row[3]} == wanted


# -- not patched ----------------------------------------------------------------------------------------------------

_LINKS = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>'
_KIND = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s"
_OUT = b'<Relationship Id="x" TargetMode="%s" Type="' + _KIND + b'" Target="file:///x"/>'


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("xl/vbaProject.bin", b"code"),
        ("xl/externalLinks/externalLink1.xml", b"<externalLink/>"),
        ("xl/embeddings/oleObject1.bin", b"object"),
        ("xl/activeX/activeX1.xml", b"<ax/>"),
        ("xl/connections.xml", b"<connections/>"),
        ("xl/worksheets/_rels/sheet9.xml.rels", _LINKS % (_OUT % (b"External", b"image"))),
        ("xl/worksheets/_rels/sheet9.xml.rels", _LINKS % (_OUT % (b"&#69;xternal", b"image"))),
        ("xl/worksheets/_rels/sheet9.xml.rels", _LINKS % (_OUT % (b"Internal", b"vbaProject"))),
    ],
)
def test_what_must_not_be_handed_on_is_built_new(upload: Path, name: str, data: bytes) -> None:
    """SEC-3: packages with macros, links to other files or embedded objects are never handed on."""
    repacked(upload, {name: data})
    with pytest.raises(NotPatchable):
        patch(upload, OUTCOME)
    rows = SheetRows(SHEET, 3, [(3, ["SKU"]), (4, ["A"])])
    assert name not in parts(mark(upload, OUTCOME, sheets=lambda: [rows]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'<row r="', b'<row x="1" r="'),
        (b'<c r="', b'<c x="1" r="'),
        (b"<sheetData>", b"<sheetData><!-- -->"),
        (b'encoding="UTF-8"', b'encoding="latin-1"'),
        (b"</sheetData>", b""),
    ],
)
def test_unusual_xml_is_not_edited(upload: Path, old: bytes, new: bytes) -> None:
    path = "xl/worksheets/sheet2.xml"
    xml = parts(upload.read_bytes())[path]
    assert old in xml
    repacked(upload, {path: xml.replace(old, new)})
    with pytest.raises(NotPatchable):
        patch(upload, OUTCOME)


def test_a_formula_is_never_overwritten(tmp_path: Path) -> None:
    """A shared formula that lost its first cell would break the others."""
    path = made(tmp_path / "formula.xlsx", lambda book: book.active.append(["=A2", 1]))
    with pytest.raises(NotPatchable):
        patch(path, [Cell(SHEET, "A3", "OK", Style.OK)])
    assert opened(patch(path, [Cell(SHEET, "A3", None, Style.ERROR)]))[SHEET]["A3"].value == "=A2"


def test_no_workbook_at_all(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("SKU;Quantity\nA;1\n")
    with pytest.raises(NotPatchable):
        patch(path, [])


# -- built new ------------------------------------------------------------------------------------------------------


def test_built_new_from_rows() -> None:
    """WB-10: an upload of another format gets an .xlsx back, recognised when handed in again."""
    rows = [
        (2, ["SKU", "Quantity"]),
        (3, ["=1+1", 4.0]),
        (5, ["00123", True, datetime(2026, 4, 20)]),
        (6, ["<r>&</r>"]),
    ]
    cells = [
        Cell("a/b", "C2", "Status", Style.CLEAR),
        Cell("a/b", "C3", "=cmd", Style.ERROR, "=note"),
        Cell("a/b", "A5", None, Style.WARNING),
        Cell("a/b", "C9", "beyond", Style.OK),
    ]
    data = rebuild([SheetRows("a/b", 2, rows)], cells, TEMPLATE)
    book = opened(data)
    sheet = book["a-b"]
    assert [sheet[place].value for place in ("A2", "C2", "A3", "B3", "C3", "A5", "A6", "C9")] == [
        "SKU", "Status", "=1+1", 4, "=cmd", "00123", "<r>&</r>", "beyond",
    ]  # fmt: skip
    assert sheet["C3"].comment.text == "=note" and sheet["C5"].value == datetime(2026, 4, 20)
    assert (fill(sheet["C3"]), fill(sheet["A5"])) == (PAINTS[Style.ERROR].fill, PAINTS[Style.WARNING].fill)
    assert {prop.name: prop.value for prop in book.custom_doc_props.props}["template_id"] == TEMPLATE.id
    assert formulas(data) == []


@pytest.mark.office
@needs_office
def test_libreoffice_opens_the_result(upload: Path, tmp_path: Path) -> None:
    """WB-6: another program sees the same statuses, notes, table and template."""
    saved = through_office(patch(upload, OUTCOME), tmp_path)
    sheet = saved[SHEET]
    assert [sheet[cell.address].value for cell in OUTCOME if cell.value] == [
        cell.value for cell in OUTCOME if cell.value
    ]
    assert "below 1" in sheet["C5"].comment.text
    assert fill(sheet["C5"]) == PAINTS[Style.ERROR].fill
    assert list(sheet.tables) == [TEMPLATE.table]
