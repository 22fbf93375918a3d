"""A second sheet of the same columns: people mean it to be read, so it is named."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from tests.hostile.packages import ods, ods_header, ods_number, ods_row, ods_text
from validators.reading import RawSheet, read
from validators.registry import WORKBOOKS
from validators.templates.building import build

STOCK_IN = WORKBOOKS["stock_in"]
SAID = (
    "only the sheet 'Stock-in' was read; rows under the same columns on 'May' were not. "
    "Hand in each sheet as a file of its own."
)


def _read(folder: Path, data: bytes, name: str = "a.xlsx") -> RawSheet:
    path = folder / name
    path.write_bytes(data)
    return read(path, filename=name, workbooks=WORKBOOKS, template="stock_in")


def _changed(change: Callable[[openpyxl.Workbook], None]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(build(STOCK_IN, rows=STOCK_IN.examples)))
    change(book)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _copy(book: openpyxl.Workbook) -> None:
    """As people do it: the sheet copied within the file."""
    book.copy_worksheet(book["Stock-in"]).title = "May"


def _empty(book: openpyxl.Workbook) -> None:
    copy = book.copy_worksheet(book["Stock-in"])
    copy.title = "May"
    copy.delete_rows(4, 400)


def _hidden(book: openpyxl.Workbook) -> None:
    _copy(book)
    book["May"].sheet_state = "hidden"


def _notes(book: openpyxl.Workbook) -> None:
    sheet = book.create_sheet("Scribbles")
    sheet.append(["SKU", "what to ask"])
    sheet.append(["A", "how many?"])


def test_a_copied_sheet_is_named(tmp_path: Path) -> None:
    """WB-10: nothing that looks like rows is passed over in silence."""
    raw = _read(tmp_path, _changed(_copy))
    assert raw.sheet == "Stock-in" and not raw.stopped
    assert [finding.text for finding in raw.findings] == [SAID]


@pytest.mark.parametrize("change", [_empty, _hidden, _notes], ids=lambda change: change.__name__)
def test_other_sheets_are_nobodys_business(tmp_path: Path, change: Callable[[openpyxl.Workbook], None]) -> None:
    """Empty and hidden ones, and those with other columns, are not spoken of."""
    assert _read(tmp_path, _changed(change)).findings == []


def test_in_other_formats_too(tmp_path: Path) -> None:
    """WB-10: the same for .ods."""
    rows = ods_header() + ods_row(ods_text("A"), "<table:table-cell/>", ods_number("5"))
    raw = _read(tmp_path, ods(f'{rows}</table:table><table:table table:name="May">{rows}'), "a.ods")
    assert [finding.text for finding in raw.findings] == [SAID]
