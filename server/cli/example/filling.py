"""Type rows into a template, as a person would in Excel."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from validators.registry import WORKBOOKS
from validators.templates.building import HEADER_ROW
from validators.workbooks import Workbook


def filled(content: bytes, template: str, rows: Iterable[Mapping[str, Any]]) -> bytes:
    """`content`, an empty template, with rows of column name -> value from its first free row on."""

    def type_in(sheet: Worksheet, letters: Mapping[str, str]) -> None:
        for number, row in enumerate(rows, HEADER_ROW + 1):
            for name, value in row.items():
                if value is not None:
                    sheet[f"{letters[name]}{number}"] = value

    return _edited(content, WORKBOOKS[template], type_in)


def completed(content: bytes, template: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any] | None]) -> bytes:
    """`content`, a template with current data: `change` sees each row and says what to type into it, if anything."""

    def type_in(sheet: Worksheet, letters: Mapping[str, str]) -> None:
        for number in range(HEADER_ROW + 1, sheet.max_row + 1):
            row = {name: sheet[f"{letter}{number}"].value for name, letter in letters.items()}
            for name, value in (change(row) or {}).items():
                sheet[f"{letters[name]}{number}"] = value

    return _edited(content, WORKBOOKS[template], type_in)


def _edited(content: bytes, workbook: Workbook, type_in: Callable[[Worksheet, Mapping[str, str]], None]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(content), rich_text=True)
    sheet = book[workbook.sheet]
    names = {column.header: column.name for column in workbook.columns}
    headers = (cell for cell in sheet[HEADER_ROW] if cell.value in names)
    type_in(sheet, {names[str(cell.value)]: cell.column_letter for cell in headers})
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()
