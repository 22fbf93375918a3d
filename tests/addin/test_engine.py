"""The test engine behaves like Excel where the commands could go wrong; and the formats of both sides agree."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest
import xlwings as xw

from addin.client.reading import kind_of_format
from tests.addin.engine import Excel
from tests.addin.engine.ranges import ExcelError
from validators.extracting.package import format_kind


@pytest.fixture
def paper(excel: Excel, tmp_path: Path) -> xw.Sheet:
    """An empty sheet in front."""
    openpyxl.Workbook().save(tmp_path / "empty.xlsx")
    return xw.Book(str(tmp_path / "empty.xlsx")).sheets[0]


def test_what_excel_makes_of_typing(paper: xw.Sheet) -> None:
    """Numbers are floats; a General cell guesses; a text cell keeps what it is given."""
    for value, kept in (
        ("00123", 123.0),
        (5, 5.0),
        ("TRUE", True),
        ("x", "x"),
        ("2026-01-02", dt.datetime(2026, 1, 2)),
    ):
        paper.range("A1").number_format = "General"
        paper.range("A1").value = value
        assert paper.range("A1").value == kept
    paper.range("B1").number_format = "@"
    for value, kept in (("00123", "00123"), (5, "5"), ("=1+1", "=1+1"), ("", None)):
        paper.range("B1").value = value
        assert paper.range("B1").value == kept


def test_what_excel_refuses(paper: xw.Sheet) -> None:
    """A second note, a locked cell of a protected sheet, selecting on a sheet that is not in front."""
    paper.range("A1").add_note("one")
    with pytest.raises(ExcelError):
        paper.range("A1").impl.add_note("two")
    paper.impl.paper.protection.sheet = True
    with pytest.raises(ExcelError):
        paper.range("A2").value = 1
    with pytest.raises(ExcelError):
        paper.impl.range("foo")


def test_mixed_ranges_say_so(paper: xw.Sheet) -> None:
    """Several formats are None, several colours black, some merged cells None; looking makes no cells."""
    paper.range("A1").number_format = "0%"
    assert paper.range("A1:A2").number_format is None and paper.range("A1").number_format == "0%"
    paper.range("A1").color = (1, 2, 3)
    assert paper.range("A1:A9").color == (0, 0, 0) and paper.range("A9").color is None
    paper.impl.paper.merge_cells("B1:B2")
    assert paper.range("B1:B3").merge_cells is None and paper.range("B1:B2").merge_cells is True
    assert paper.used_range.shape[0] == 2


def test_errors_are_none_unless_asked_for(paper: xw.Sheet) -> None:
    """As on Windows."""
    cell = paper.impl.paper.cell(1, 1, "#N/A")
    cell.data_type = "e"
    assert paper.range("A1").value is None
    assert paper.range("A1").options(err_to_str=True).value == "#N/A"


@pytest.mark.parametrize(
    "shown", ["0%", "00000", '0"%"', "0.00%;-0%", '"No. "000', "General", "000-000", "[Red]0%", "0.00"]
)
def test_add_in_and_server_judge_a_number_format_alike(shown: str) -> None:
    """The add-in may not import the reader of files, so it has the rule once more."""
    assert kind_of_format(shown) == (format_kind(shown) or "")
