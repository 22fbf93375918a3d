"""From a file to a raw sheet: which template, which sheet, which columns, which rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.packages import (
    IDENTITY,
    cell_sheet,
    good_row,
    header,
    ods,
    ods_header,
    ods_number,
    ods_row,
    ods_text,
    parts,
    relationships,
    sheet,
    text_cell,
    workbook,
    xlsx,
    zipped,
)
from tests.support.biff import Cell, xls
from validators.checking.steps import check
from validators.extracting.refusing import Unreadable
from validators.reading import Limits, Mark, RawSheet, from_rows, read
from validators.registry import WORKBOOKS
from validators.templates.building import build
from validators.workbooks import Workbook

STOCK_IN = WORKBOOKS["stock_in"]
Reader = Callable[..., RawSheet]


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """Bytes -> raw sheet."""

    def hand_in(data: bytes, filename: str = "a.xlsx", **more: Any) -> RawSheet:
        path = tmp_path / "upload"
        path.write_bytes(data)
        return read(path, filename=filename, **{"workbooks": WORKBOOKS, **more})

    return hand_in


def _codes(raw: RawSheet) -> list[str]:
    return [finding.code for finding in raw.findings]


def _header(*titles: str) -> str:
    return '<row r="1">' + "".join(text_cell(f"{'ABCDEFGH'[at]}1", title) for at, title in enumerate(titles)) + "</row>"


def _nameless(sheet_xml: str, name: str = "Data") -> bytes:
    """A workbook that does not say which template it is."""
    return xlsx(sheet_xml, **{"xl/workbook.xml": workbook((name,), identity="")})


@pytest.mark.parametrize("template", WORKBOOKS.values(), ids=lambda template: template.id)
def test_a_template_reads_back(template: Workbook, reader: Reader) -> None:
    """WB-3: what was built is known again by its identity, and its example rows pass the checks."""
    raw = reader(build(template, rows=template.examples))
    assert (raw.workbook, raw.sheet, raw.header_row) == (template, template.sheet, 3)
    assert len(raw) == len(template.examples) and raw.row_numbers[0] == 4
    assert raw.status is not None and raw.message is not None
    errors = [finding.text for finding in check(raw).findings if finding.severity == "error"]
    assert (raw.findings, errors) == ([], [])


def test_headers_match_loosely(reader: Reader) -> None:
    """WB-10: order is free; case, blanks, width and stars don't matter; names do as well as titles."""
    titles = ("unit_cost", " QUANTITY * ", "ｓｋｕ", "Ware house")
    row = f'<row r="2"><c r="A2"><v>1.5</v></c><c r="B2"><v>5</v></c>{text_cell("C2", "A")}</row>'
    raw = reader(xlsx(sheet(_header(*titles) + row)))
    assert raw.letters == {"unit_cost": "A", "quantity": "B", "sku": "C", "warehouse": "D"}
    assert raw.columns["sku"].values == ["A"] and not raw.findings


def test_unknown_columns_are_named(reader: Reader) -> None:
    """WB-10: unknown columns are named in a warning; cells under no header are told by letter."""
    row = f'<row r="2">{text_cell("A2", "A")}<c r="B2"><v>5</v></c>{text_cell("C2", "x")}{text_cell("D2", "y")}</row>'
    raw = reader(xlsx(sheet(_header("SKU", "Quantity", "Colour") + row)))
    told = " ".join(finding.text for finding in raw.findings)
    assert set(_codes(raw)) == {"file-unknown-columns"}
    assert "Colour" in told and "column D" in told


def test_a_missing_column_stops_the_file(reader: Reader) -> None:
    """WB-10: a required column that is missing is a clear error, and rows are not looked into."""
    raw = reader(xlsx(sheet(_header("SKU", "Warehouse") + good_row().replace("C2", "B2"))))
    assert _codes(raw) == ["file-missing-column"] and raw.stopped
    assert "'Quantity' is missing" in raw.findings[0].text
    assert len(check(raw).frame) == 0


def test_a_doubled_column_stops_the_file(reader: Reader) -> None:
    """WB-10: the same column twice is a clear error with both places."""
    raw = reader(xlsx(sheet(_header("SKU", "Quantity", "quantity *") + good_row())))
    assert _codes(raw) == ["file-doubled-column"] and raw.stopped
    assert "(B, C)" in raw.findings[0].text


def test_blank_rows_are_skipped_and_numbers_stay(reader: Reader) -> None:
    """WB-10: rows are numbered as Excel shows them; a row with a status only is blank too."""
    head = _header("SKU", "Quantity", "Status", "Message")
    rows = good_row(3).replace("C3", "B3") + f'<row r="4">{text_cell("C4", "OK")}</row>'
    rows += f'<row r="6">{text_cell("A6", "  ")}</row>' + good_row(9, "NK-9").replace("C9", "B9")
    raw = reader(xlsx(sheet(head + rows)))
    assert raw.row_numbers == [3, 9] and raw.columns["sku"].values == ["NK-1", "NK-9"]
    assert raw.status is not None and (raw.status.letter, raw.status.values) == ("C", ["", ""])
    assert raw.message is not None and raw.message.letter == "D" and raw.version is None


def test_no_rows_is_an_error(reader: Reader) -> None:
    """Nothing read is never 'nothing changed'."""
    raw = reader(xlsx(sheet(header())))
    assert _codes(raw) == ["file-empty"] and raw.stopped


def test_hidden_rows_are_read_and_counted(reader: Reader) -> None:
    """Hidden and filtered rows count, and the answer says how many."""
    hidden = good_row(3, "NK-2").replace('r="3">', 'r="3" hidden="1">', 1)
    raw = reader(xlsx(sheet(header() + good_row() + hidden)))
    assert len(raw) == 2 and _codes(raw) == ["file-hidden-rows"]
    assert raw.findings[0].text.startswith("1 hidden")


def test_hidden_sheets_are_not_read(reader: Reader) -> None:
    """A hidden sheet holds no data, even where it comes first."""
    names = workbook(("Old", "Data"), identity="").replace('name="Old"', 'name="Old" state="hidden"')
    members = parts() | {
        "xl/workbook.xml": names,
        "xl/worksheets/sheet2.xml": sheet(header() + good_row(2, "VISIBLE")),
        "xl/_rels/workbook.xml.rels": relationships(
            ("worksheet", "worksheets/sheet1.xml"), ("worksheet", "worksheets/sheet2.xml")
        ),
    }
    raw = reader(zipped(members))
    assert (raw.sheet, raw.columns["sku"].values) == ("Data", ["VISIBLE"])


def test_known_by_its_headers(reader: Reader) -> None:
    """A file that lost its identity is known by headers that fit one template only."""
    raw = reader(_nameless(sheet()))
    assert raw.workbook is STOCK_IN


def test_an_ambiguous_file_is_not_guessed(reader: Reader) -> None:
    """Stock-in or stock-out? Headers that fit both are refused with the candidates; the caller or the sheet decides."""
    data = sheet(_header("SKU", "Quantity") + good_row().replace("C2", "B2"))
    with pytest.raises(Unreadable, match=r"Stock-in \(stock_in\), Stock-out \(stock_out\)") as refusal:
        reader(_nameless(data))
    assert refusal.value.code == "file-ambiguous-template"
    assert reader(_nameless(data), template="stock_out").workbook.id == "stock_out"
    assert reader(_nameless(data, "Stock-out")).workbook.id == "stock_out"


def test_another_template_than_asked_for(reader: Reader) -> None:
    """A file that says what it is beats a caller who says otherwise: refused, not read as something else."""
    with pytest.raises(Unreadable) as refusal:
        reader(xlsx(), template="stock_out")
    assert refusal.value.code == "file-other-template"


@pytest.mark.parametrize(("version", "code"), [(1, "file-old-template"), (3, "file-new-template")])
def test_another_version_is_refused(version: int, code: str, reader: Reader) -> None:
    """An older template is refused with what changed; one newer than ours too."""
    newer = dataclasses.replace(STOCK_IN, version=2)
    told = workbook(identity=IDENTITY.replace('"1"', f'"{version}"'))
    raw = reader(xlsx(sheet(_header("SKU", "Quantity", "Bin") + good_row()), **{"xl/workbook.xml": told}),
                 workbooks={"stock_in": newer})  # fmt: skip
    old = raw.findings[0]
    assert (old.code, old.facts["was"], old.facts["now"], raw.stopped) == (code, version, 2, True)
    assert "Warehouse" in old.text and "Bin" in old.text


def test_rows_without_addresses(reader: Reader) -> None:
    """Legal but odd: cells and rows whose places are implied, errors among them, keep their places."""
    rows = "<row>" + "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in ("SKU", "Quantity")) + "</row>"
    rows += '<row r="3"><c t="inlineStr"><is><t>A</t></is></c><c t="e"><v>#REF!</v></c></row>'
    raw = reader(xlsx(sheet(rows)))
    assert raw.row_numbers == [3] and raw.columns["quantity"].marks == {0: Mark("error", "#REF!")}


def test_single_quotes(reader: Reader) -> None:
    """Legal but odd: attributes in single quotes hide no error cell."""
    raw = reader(xlsx(cell_sheet('<c r="C2" t="e"><v>#N/A</v></c>').replace('"', "'")))
    assert raw.columns["quantity"].marks == {0: Mark("error", "#N/A")}


def test_made_up_results_are_no_results(reader: Reader) -> None:
    """WB-9: programs that never calculate write 0 for every formula; that is no saved result."""
    cell = cell_sheet('<c r="C2"><f>A1</f><v>{}</v></c>')
    fresh = {"xl/workbook.xml": workbook(more='<calcPr calcId="1" fullCalcOnLoad="1"/>')}
    assert reader(xlsx(cell.replace("{}", "0"), **fresh)).columns["quantity"].marks == {0: Mark("formula")}
    assert reader(xlsx(cell.replace("{}", "7"), **fresh)).columns["quantity"].values == [7]
    assert reader(xlsx(cell.replace("{}", "0"))).columns["quantity"].values == [0]


def test_merged_cells_are_errors(reader: Reader) -> None:
    """A merged range among the data: each of its cells is an error, for only the first holds a value."""
    merged = '<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>'
    rows = good_row() + '<row r="3"><c r="C3"><v>6</v></c></row>'
    found = check(reader(xlsx(sheet(header() + rows, after=merged)))).findings
    assert [(finding.row, finding.column, finding.code) for finding in found] == [
        (2, "sku", "cell-merged"),
        (3, "sku", "cell-merged"),
    ]


def test_the_totals_row_is_no_data(reader: Reader) -> None:
    """A table's totals row is left out, and said to be."""
    table = (
        '<table xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" id="1" name="tbl_stock_in" '
        'displayName="tbl_stock_in" ref="A1:F3" totalsRowCount="1"><tableColumns count="0"/></table>'
    )
    links = relationships(("table", "../tables/table1.xml"))
    more = {"xl/tables/table1.xml": table, "xl/worksheets/_rels/sheet1.xml.rels": links}
    raw = reader(xlsx(sheet(header() + good_row() + good_row(3, "Total", "5")), **more))
    assert (raw.row_numbers, _codes(raw)) == ([2], ["file-totals-row"])


def test_limits_are_named(reader: Reader) -> None:
    """WB-12: over a limit is refused with the limit."""
    with pytest.raises(Unreadable, match="at most 1 MB") as size:
        reader(b"x" * 1_100_000, "a.csv", limits=Limits(file=1024 * 1024))
    assert size.value.code == "file-too-large"
    raw = reader(xlsx(sheet(header() + good_row(2) + good_row(3))), limits=Limits(rows=1))
    assert _codes(raw) == ["file-too-many-rows"] and raw.stopped


def test_old_excel(reader: Reader) -> None:
    """WB-10: .xls with errors, formats, dates, merges and hidden rows."""
    rows = [
        ["SKU", "Warehouse", "Quantity", "Shelf", "Unit cost", "Note"],
        ["A", None, 5.0, None, 1.5, None],
        [7.0, None, "#N/A", Cell(12.0, "zeros"), Cell(0.5, "percent"), None],
        ["B", None, Cell(45000.0, "date"), None, None, True],
        ["C", None, 1.0, None, None, None],
    ]
    raw = reader(xls(rows, hidden=[3], merged=[(4, 4, 0, 1)]), "a.xls", template="stock_in")
    assert (raw.kind, raw.row_numbers, _codes(raw)) == ("xls", [2, 3, 4, 5], ["file-hidden-rows"])
    assert [(f.row, f.column, f.code) for f in check(raw).findings] == [
        (3, "sku", "code-from-number"),
        (3, "quantity", "cell-error"),
        (3, "shelf", "code-zero-format"),
        (3, "unit_cost", "number-is-percent"),
        (4, "quantity", "number-is-date"),
        (4, "note", "code-is-boolean"),
        (5, "sku", "cell-merged"),
        (5, "warehouse", "cell-merged"),
    ]


def test_open_document(reader: Reader) -> None:
    """WB-10: .ods with repeats, errors, formulas without a result, per cent, dates, merges and hidden rows."""
    date = '<table:table-cell office:value-type="date" office:date-value="2026-04-20"/>'
    shown = "<text:p>#DIV/0!</text:p></table:table-cell>"
    error = f'<table:table-cell table:formula="of:=1/0" calcext:value-type="error">{shown}'
    bare = '<table:table-cell table:formula="of:=1+1"/>'
    blank = "<table:table-cell/>"
    rows = [
        ods_header(),
        ods_row(ods_text("A"), blank, ods_number("5"), attributes='table:number-rows-repeated="2"'),
        ods_row(blank, attributes='table:number-rows-repeated="3"'),
        ods_row(ods_text("B"), blank, error),
        ods_row(ods_text("C"), blank, bare, attributes='table:visibility="collapse"'),
        ods_row(ods_text("D<text:s text:c='2'/>d"), blank, date, blank, ods_number("0.5", "percentage")),
        ods_row(ods_text("E", 'table:number-columns-spanned="2"'), "<table:covered-table-cell/>", ods_number("1")),
    ]
    raw = reader(ods("".join(rows)), "a.ods", template="stock_in")
    assert raw.row_numbers == [2, 3, 7, 8, 9, 10]
    assert [(f.row, f.column, f.code) for f in [*raw.findings, *check(raw).findings]] == [
        (None, None, "file-hidden-rows"),
        (3, "sku", "same-line"),
        (7, "quantity", "cell-error"),
        (8, "quantity", "cell-formula"),
        (9, "sku", "text-changed"),
        (9, "quantity", "number-is-date"),
        (9, "unit_cost", "number-is-percent"),
        (10, "sku", "cell-merged"),
        (10, "warehouse", "cell-merged"),
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_files(separator: str, encoding: str, reader: Reader) -> None:
    """WB-10: .csv in the encodings and with the separators that Excel writes; every cell is a text."""
    lines = [["SKU", "Quantity", "Unit cost", "Note"], ["00123", "5", "", '"two\nlines é"'], [], ["NA", "6", "", ""]]
    text = "\r\n".join(separator.join(line) for line in lines)
    raw = reader(text.encode(encoding), "a.csv", template="stock_in")
    assert raw.row_numbers == [2, 4] and raw.columns["sku"].values == ["00123", "NA"]
    assert raw.columns["note"].values == ["two\nlines é", ""]
    assert _codes(raw) == (["file-encoding"] if encoding == "cp1252" else [])


def test_decimal_commas(reader: Reader) -> None:
    """Excel writes semicolons where decimals have commas: there 4,20 is a number and 4.20 is none."""
    raw = reader(b"SKU;Quantity;Unit cost\nA;5;4,20\nB;5;4.20\n", "a.csv", template="stock_in")
    result = check(raw)
    assert str(result.frame.at[2, "unit_cost"]) == "4.2"
    assert [(f.row, f.code) for f in result.findings] == [(3, "number-decimal-comma")]


def test_told_separator(reader: Reader) -> None:
    """A first line `sep=;` is Excel's own, and counts as a row."""
    raw = reader(b"sep=;\nSKU;Quantity;Unit cost\nA;5;1\n", "a.csv", template="stock_in")
    assert (raw.header_row, raw.row_numbers) == (2, [3])


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ('A;5;"' + "x" * 140_000, "a cell has more than 131,072 characters"),
        ('A;5;"x', "a quotation mark is opened and never closed"),
        ('A;5;"x"y', "something follows a closing quotation mark"),
    ],
    ids=["long", "open", "after"],
)
def test_a_broken_text_is_said_in_words(reader: Reader, broken: str, said: str) -> None:
    """WB-10: with the line, and nothing of Python's own words."""
    with pytest.raises(Unreadable, match=f"line 2: {said}") as refusal:
        reader(f"SKU;Quantity;Unit cost\n{broken}\n".encode(), "a.csv", template="stock_in")
    assert refusal.value.code == "file-damaged"


def test_rows_of_json() -> None:
    """Rows sent as JSON: names or titles, the sheet's own numbers, blank rows out, unknown keys named."""
    rows = [{"sku": "A", "Quantity": 5}, {"sku": None, "Quantity": ""}, {"sku": "B", "quantity": "6", "colour": "red"}]
    raw = from_rows(STOCK_IN, rows, first_row=4)
    assert (_codes(raw), raw.columns["quantity"].values) == (["file-unknown-columns"], [5, "6"])
    raw = from_rows(STOCK_IN, [{"sku": row.get("sku"), "Quantity": row.get("Quantity")} for row in rows[:2]], 4, "S")
    assert (raw.row_numbers, raw.sheet, raw.letters) == ([4], "S", {"sku": "A", "quantity": "C"})
    assert _codes(from_rows(STOCK_IN, [])) == ["file-empty"]


def test_rows_of_a_sheet_as_json() -> None:
    """Rows that carry the tools' columns stand in their sheet's order, so letters are theirs."""
    raw = from_rows(STOCK_IN, [{"Quantity": 5, "SKU": "A", "Status": "Applied #3", "Message": None}], 7)
    assert raw.letters == {"quantity": "A", "sku": "B"}
    assert raw.status is not None and (raw.status.letter, raw.status.values) == ("C", ["Applied #3"])


def test_rows_may_name_a_column_by_key_or_by_title() -> None:
    """WB-10: either is taken, row by row; a row that gives both is refused."""
    raw = from_rows(WORKBOOKS["stock_in"], [{"sku": "A", "quantity": 1}, {"SKU": "B", "Quantity": 2}])
    assert (raw.columns["sku"].values, raw.columns["quantity"].values) == (["A", "B"], [1, 2])
    both = from_rows(WORKBOOKS["stock_in"], [{"sku": "A", "SKU": "B", "quantity": 1}])
    assert [finding.code for finding in both.findings] == ["file-doubled-column"]
