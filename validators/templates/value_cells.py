"""One typed value -> one cell. The only way values get into a workbook that is built here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from validators.columns import SEPARATOR, Column, Kind
from validators.writing.text_cells import write_text
from validators.writing.texts import clean


def plain_value(value: Any, column: Column) -> str | int | float | None:
    """What `write_value` would put into the cell, as JSON takes it: None, a text, a number; a date as ISO text."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal) and not column.is_text:
        return float(value) if isinstance(value, Decimal) else value
    if isinstance(value, date) and column.kind is Kind.DATE:
        return value.isoformat()
    return clean(_as_text(value))


def write_value(sheet: Worksheet, row: int, column_index: int, value: Any, column: Column, style: Format) -> None:
    """Write one typed value. A text is always a text cell: never a formula, never a link (WB-9)."""
    if value is None or value == "":
        sheet.write_blank(row, column_index, None, style)
    elif isinstance(value, str):  # nearly every cell: first, for speed
        write_text(sheet, row, column_index, value, style)
    elif isinstance(value, bool):
        sheet.write_string(row, column_index, "yes" if value else "no", style)
    elif isinstance(value, int | float | Decimal) and not column.is_text:
        sheet.write_number(row, column_index, value, style)
    elif isinstance(value, date) and column.kind is Kind.DATE:
        sheet.write_datetime(row, column_index, value, style)
    else:
        write_text(sheet, row, column_index, _as_text(value), style)


def _as_text(value: Any) -> str:
    """A cell's text: pairs as `name=value`, several values joined, everything else as it prints."""
    if isinstance(value, Mapping):
        return f"{SEPARATOR} ".join(f"{name}={text}" for name, text in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return f"{SEPARATOR} ".join(map(str, value))
    return str(value)
