"""Read .xls (Excel 97-2003) by xlrd, which keeps error cells, hidden rows and number formats."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import xlrd
from xlrd.compdoc import CompDoc, CompDocError

from validators.extracting.addresses import letters
from validators.extracting.choosing import choose
from validators.extracting.grid import Grid
from validators.extracting.headers import HEADER_ROWS
from validators.extracting.job import Job
from validators.extracting.other_sheets import LOOKED_AT, look_alikes
from validators.extracting.package import format_kind
from validators.extracting.refusing import Unreadable
from validators.extracting.sheet_xml import MOST_MERGED

_BOUNDSHEET, _EOF, _MACRO_SHEET = 0x0085, 0x000A, 1


def read(job: Job) -> Grid:
    """One workbook's data sheet. Raises Unreadable."""
    book = _open(job.path)
    visible = [sheet.name for sheet in book.sheets() if sheet.visibility == 0]
    shape, name, header = choose(
        visible,
        lambda name: _values(book, book.sheet_by_name(name), HEADER_ROWS),
        job.shapes,
        job.wanted,
    )
    sheet = book.sheet_by_name(name)
    if sheet.nrows > job.limits["rows"] + HEADER_ROWS:
        raise Unreadable("file-too-many-rows", rows=sheet.nrows, limit=job.limits["rows"])
    grid = Grid("xls", name, shape.id)
    grid.date1904 = book.datemode == 1
    grid.fill(_values(book, sheet, sheet.nrows), header, shape)
    _mark(grid, book, sheet)
    grid.warnings += look_alikes(
        visible, name, lambda other: _values(book, book.sheet_by_name(other), LOOKED_AT), shape
    )
    return grid


def _open(path: str) -> Any:
    """xlrd's book. Its own notices go nowhere."""
    data = Path(path).read_bytes()
    try:
        if _has_macro_sheet(data):
            raise Unreadable("file-macro-sheet")
        return xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO())
    except xlrd.XLRDError as error:
        if "ncrypted" in str(error):
            raise Unreadable("file-password") from None
        raise Unreadable("file-damaged", reason=str(error)[:200]) from None
    except (CompDocError, AssertionError, IndexError, KeyError, ValueError, TypeError, struct.error):
        raise Unreadable("file-damaged", reason="its records are broken") from None


def _has_macro_sheet(data: bytes) -> bool:
    """Whether the workbook's list of sheets names an Excel 4 macro sheet."""
    container = CompDoc(data, logfile=io.StringIO())
    for name in ("Workbook", "Book"):
        stream, position, length = container.locate_named_stream(name)
        if stream and _names_macro_sheet(stream, position, position + length):
            return True
    return False


def _names_macro_sheet(stream: bytes, position: int, end: int) -> bool:
    while position + 4 <= min(end, len(stream)):
        record, length = struct.unpack_from("<HH", stream, position)
        if record == _EOF:
            return False
        if record == _BOUNDSHEET and length > 5 and stream[position + 4 + 5] == _MACRO_SHEET:
            return True
        position += 4 + length
    return False


def _values(book: Any, sheet: Any, rows: int) -> list[list[Any]]:
    return [
        [_value(book, sheet.cell(row, column)) for column in range(sheet.ncols)]
        for row in range(min(rows, sheet.nrows))
    ]


def _value(book: Any, cell: Any) -> Any:
    """A cell as calamine would give it: text, float, bool, date; '' for empty and error cells."""
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return xlrd.xldate_as_datetime(cell.value, book.datemode)
        except (ValueError, OverflowError):
            return cell.value
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    return "" if cell.ctype in (xlrd.XL_CELL_ERROR, xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK) else cell.value


def _mark(grid: Grid, book: Any, sheet: Any) -> None:
    """Errors, number formats, merges and hidden rows below the header."""
    kinds = [_format_of(book, xf) for xf in book.xf_list]
    first = grid.header_row  # xlrd counts from 0, so this is the row below the header
    for row in range(first, sheet.nrows):
        for column in grid.columns:
            cell = sheet.cell(row, column)
            if cell.ctype == xlrd.XL_CELL_ERROR:
                name = xlrd.error_text_from_code.get(cell.value, "#N/A")
                grid.marks.append((row + 1, column, "error", name))
            elif cell.ctype == xlrd.XL_CELL_NUMBER and (kind := kinds[cell.xf_index]):
                grid.marks.append((row + 1, column, kind, ""))
    _mark_merged(grid, sheet, first)
    grid.hidden = [row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden and row >= first]


def _mark_merged(grid: Grid, sheet: Any, first: int) -> None:
    left = MOST_MERGED
    for top, bottom, start, end in sheet.merged_cells:
        top = max(top, first)
        left -= max(0, bottom - top) * (end - start)
        if left < 0:
            raise Unreadable("file-merged", cell=f"{letters(start)}{top + 1}")
        grid.marks += [(row + 1, column, "merged", "") for row in range(top, bottom) for column in range(start, end)]


def _format_of(book: Any, xf: Any) -> str | None:
    known = book.format_map.get(xf.format_key)
    return format_kind(known.format_str) if known else None
