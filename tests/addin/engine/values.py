"""What Excel makes of a value that is written to a cell, and of a cell that is read."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from openpyxl.cell.cell import Cell
from openpyxl.styles.numbers import is_date_format
from openpyxl.utils.datetime import from_excel

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class ErrorValue(str):
    """An error cell on its way out: None, or its name where `err_to_str` is asked for."""


def read(cell: Cell | None) -> Any:
    """A cell's value as Excel gives it: numbers are floats, errors are errors, a formula's result is not known."""
    if cell is None or cell.value is None:
        return None
    value = cell.value
    if cell.data_type == "e":
        return ErrorValue(value)
    if cell.data_type == "f":
        raise AssertionError(f"{cell.coordinate} holds a formula: {value}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return from_excel(value) if is_date_format(cell.number_format) else float(value)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)
    return value


def write(cell: Cell, value: Any) -> None:
    """What typing or assigning does: a text cell keeps texts, any other takes what looks like something for it."""
    if value is None or value == "":
        cell.value = None
        return
    if cell.number_format == "@":
        _keep_text(cell, _shown(value))
    elif isinstance(value, str):
        _take_guess(cell, value)
    else:
        cell.value = value


def _keep_text(cell: Cell, text: str) -> None:
    cell.value = text
    cell.data_type = "s"


def _take_guess(cell: Cell, text: str) -> None:
    """A General cell: numbers, dates, TRUE and formulas are recognised, for better or worse."""
    if text.startswith("=") or _NUMBER.fullmatch(text):
        cell.value = text if text.startswith("=") else float(text)
    elif text.upper() in ("TRUE", "FALSE"):
        cell.value = text.upper() == "TRUE"
    elif _ISO_DATE.fullmatch(text):
        cell.value = dt.datetime.fromisoformat(text)
        cell.number_format = "yyyy-mm-dd"
    else:
        _keep_text(cell, text.removeprefix("'"))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
