"""A workbook file as the host double's JSON, and that JSON as a sheet to look at."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils import column_index_from_string, range_boundaries
from openpyxl.utils.datetime import to_excel
from openpyxl.worksheet.worksheet import Worksheet

Book = dict[str, Any]


def book_of(content: bytes, name: str) -> Book:
    """A file as Excel would have it open."""
    opened = openpyxl.load_workbook(io.BytesIO(content))
    sheets = [_sheet(number, paper) for number, paper in enumerate(opened.worksheets, 1)]
    active = next(sheet["id"] for sheet in sheets if sheet["name"] == opened.active.title)
    names = {name: f"={found.attr_text}" for name, found in opened.defined_names.items()}
    return {"name": name, "active": active, "names": names, "sheets": sheets, "selection": None}


def paper_of(book: Book, sheet: str) -> Worksheet:
    """One sheet of it as openpyxl has it: values, formats, colours, notes."""
    paper = openpyxl.Workbook().active
    for key, cell in next(each for each in book["sheets"] if each["name"] == sheet)["cells"].items():
        row, column = map(int, key.split(","))
        made = paper.cell(row, column)
        made.number_format = cell["format"]
        made.value = cell.get("formula") or (None if cell["value"] == "" else cell["value"])
        if isinstance(cell["value"], str) and "formula" not in cell:
            made.data_type = "s"
        if "fill" in cell:
            made.fill = PatternFill("solid", fgColor=f"FF{cell['fill']}")
        if "note" in cell:
            made.comment = Comment(cell["note"], "")
    return paper


def _sheet(number: int, paper: Worksheet) -> dict[str, Any]:
    merged = [_area(each.bounds) for each in paper.merged_cells.ranges]
    return {
        "id": f"{{sheet-{number}}}",
        "name": paper.title,
        "cells": {f"{row},{column}": _cell(cell) for (row, column), cell in paper._cells.items()},
        "columnFormats": _column_formats(paper),
        "hiddenRows": [row for row, found in paper.row_dimensions.items() if found.hidden],
        "hiddenColumns": [
            column_index_from_string(letters) for letters, found in paper.column_dimensions.items() if found.hidden
        ],
        "merged": merged,
        "tables": [_table(place, found) for place, found in enumerate(paper.tables.values(), number * 100)],
        "isProtected": bool(paper.protection.sheet),
    }


def _cell(cell: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"value": _value(cell), "format": str(cell.number_format)}
    if cell.data_type == "f":
        found |= {"value": "", "formula": str(cell.value)}
    if cell.fill.fill_type == "solid":
        found["fill"] = str(cell.fill.fgColor.rgb)[-6:]
    if cell.comment is not None:
        found["note"] = cell.comment.text
    return found


def _value(cell: Any) -> Any:
    """Excel has days where openpyxl has dates."""
    if cell.value is None:
        return ""
    if isinstance(cell.value, dt.date | dt.time | dt.timedelta):
        return to_excel(cell.value)
    return cell.value


def _column_formats(paper: Worksheet) -> dict[int, str]:
    found = {}
    for letters, dimension in paper.column_dimensions.items():
        first = dimension.min or column_index_from_string(letters)
        found |= dict.fromkeys(range(first, (dimension.max or first) + 1), str(dimension.number_format))
    return {column: shown for column, shown in found.items() if shown != "General"}


def _table(number: int, table: Any) -> dict[str, Any]:
    return {
        "id": f"{{table-{number}}}",
        "name": str(table.displayName),
        "showHeaders": table.headerRowCount != 0,
        "showTotals": bool(table.totalsRowCount),
        **_area(range_boundaries(table.ref)),
    }


def _area(bounds: Any) -> dict[str, int]:
    left, top, right, bottom = bounds
    return {"row": top, "column": left, "height": bottom - top + 1, "width": right - left + 1}
