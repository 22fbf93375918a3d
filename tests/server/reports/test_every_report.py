"""What every report keeps, whatever it tells of (REP-1, REP-2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from server.reports.catalogue import REPORTS
from server.reports.describing import Takes
from tests.server.reports.company import damage
from tests.server.reports.conftest import HEADER_ROW, Reports, rows_of
from tests.support.workbooks import formulas, opened, parts

#: What Excel would take for a formula, what XlsxWriter takes for markup of its own, and what XML can't carry.
HOSTILE = (
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2",
    "@SUM(A1)",
    "<r><t>x</t></r>",
    "_x0041_\x01 & <b>",
    "https://a.example/x",
)
#: Those that are their sheets one after the other; the control workbook has tests of its own (test_control.py).
LISTED = [name for name, report in REPORTS.items() if report.writer is None]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _tables(book: openpyxl.Workbook) -> Iterator[tuple[Worksheet, str, str]]:
    for sheet in book.worksheets:
        for table in sheet.tables.values():
            yield sheet, table.displayName, table.ref


def _check(book: openpyxl.Workbook, name: str) -> None:
    """Tables over exactly their rows, headers unique, panes, paper."""
    report = REPORTS[name]
    assert book.sheetnames[0] == "About" and ("Charts" in book.sheetnames) == report.charted
    assert [sheet for sheet in book.sheetnames if sheet not in ("About", "Charts")] == [s.name for s in report.sheets]
    names = [table.lower() for _, table, _ in _tables(book)]
    assert len(set(names)) == len(names) and all(_NAME.fullmatch(table) for table in names)
    for declared in report.sheets:
        sheet = book[declared.name]
        ((table, ref),) = [(t.displayName, t.ref) for t in sheet.tables.values()]
        assert ref == f"A{HEADER_ROW}:{sheet.cell(sheet.max_row, len(declared.columns)).coordinate}", table
        assert sheet.max_column == len(declared.columns)
        headers = [cell.value for cell in sheet[HEADER_ROW]]
        assert headers == [column.title for column in declared.columns]
        assert headers == [column.name for column in sheet.tables[table].tableColumns]
        assert len({header.lower() for header in headers}) == len(headers)
        assert sheet.tables[table].autoFilter.ref == ref
        assert sheet.freeze_panes == sheet.cell(HEADER_ROW + 1, declared.keys + 1).coordinate
    for sheet in book.worksheets:
        assert sheet.page_setup.orientation == ("portrait" if sheet.title in ("About", "Charts") else "landscape")
        assert sheet.sheet_properties.pageSetUpPr.fitToPage and sheet.page_setup.fitToHeight == 0
        assert "Page &P of &N" in (sheet.oddFooter.right.text or "") and sheet.oddFooter.center.text.startswith(
            "Made 2026"
        )
        assert sheet.title in ("About", "Charts") or sheet.print_title_rows == f"${HEADER_ROW}:${HEADER_ROW}"


@pytest.mark.parametrize("name", REPORTS)
def test_it_says_what_it_is(name: str) -> None:
    """One description for API, command line, docs and workbook: nothing in it is left out or said twice."""
    report = REPORTS[name]
    assert report.name == name and _NAME.fullmatch(name)
    assert report.what.endswith(".") and report.title[0].isupper()
    assert all(note.endswith(".") for note in report.notes)
    assert len({parameter.name for parameter in report.parameters}) == len(report.parameters)
    for parameter in report.parameters:
        assert parameter.help.endswith(".") and bool(parameter.choices) == (parameter.takes is Takes.CHOICE)
    assert len({sheet.name.lower() for sheet in report.sheets}) == len(report.sheets)
    for sheet in report.sheets:
        assert len(sheet.name) <= 26 and sheet.keys < len(sheet.columns)  # room for a part's number
        assert all(column.help.endswith((".", "…")) for column in sheet.columns), sheet.name


def test_without_data(empty: Reports) -> None:
    """REP-1: an empty report has its tables and says in one line why there is nothing in them."""
    for name in LISTED:
        _check_empty(empty, name)


def _check_empty(empty: Reports, name: str) -> None:
    data = empty.data(name)
    book = opened(data)
    _check(book, name)
    assert formulas(data) == []
    for declared in REPORTS[name].sheets:
        said = f"Nothing to show because {declared.nothing}."
        assert rows_of(book[declared.name]) == [{declared.columns[0].title: said}]
    about = [cell for row in book["About"].iter_rows(values_only=True) for cell in row]
    assert REPORTS[name].title in about and REPORTS[name].what in about and "anna" in about


def test_with_data(reports: Reports) -> None:
    """REP-1: every sheet of every report has rows in the small company; native charts where there is a tally."""
    for name in LISTED:
        _check_full(reports, name)


def _check_full(reports: Reports, name: str) -> None:
    data = reports.data(name)
    book = opened(data)
    _check(book, name)
    for declared in REPORTS[name].sheets:
        assert not str(book[declared.name].cell(HEADER_ROW + 1, 1).value).startswith("Nothing to show"), declared.name
    charts = [xml for part, xml in parts(data).items() if re.fullmatch(r"xl/charts/chart\d+\.xml", part)]
    assert bool(charts) == REPORTS[name].charted
    for chart in charts:
        assert b"<c:numCache>" in chart and b"<c:pt " in chart  # shown before anything is recalculated
    for part, xml in parts(data).items():
        if part.endswith((".xml", ".rels")):
            ElementTree.fromstring(xml)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_stays_text(text: str, plain_reports: Reports) -> None:
    """REP-2, WB-9: whatever a text looks like, in whatever field, it comes out as that text and as nothing else."""
    reports, desk = plain_reports, plain_reports.desk
    assert desk is not None
    reports.db.write(lambda session: damage(session, desk, text))
    shown = text.replace("\x01", "")
    for name in LISTED:
        data = reports.data(name)
        assert formulas(data) == [], name
        assert not any("hyperlink" in xml.decode("utf-8", "replace") for xml in parts(data).values()), name
        book = opened(data)
        _check(book, name)
        cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
        assert all(cell.data_type != "f" for cell in cells), name
        # openpyxl leaves Excel's escapes of odd characters as they are written
        assert any(shown in str(cell.value).replace("_x005F_", "_") for cell in cells), name


def test_the_reports_there_are() -> None:
    """REP-1, as far as the data exists."""
    assert set(REPORTS) == {
        "control", "inventory", "movements", "low_stock", "stock_value", "oversell", "push_log", "push_failures",
        "sku_health", "unmapped", "orders", "sales", "uploads",
    }  # fmt: skip
