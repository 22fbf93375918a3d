"""A raw sheet -> a frame of typed columns, and a finding for every cell that would not (WB-9, WB-15, CAT-5).

Whole columns at a time: a column that is clean throughout is proved so by a few passes in C, and only the cells of an
odd one are read one by one (`cells.read_cell`), each distinct value once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from validators.columns import SEPARATOR, Column, Kind
from validators.messages import Finding, Severity
from validators.reading.raw import Mark, RawColumn, RawSheet
from validators.values.cells import CLEARED, Habits, Outcome, even, read_cell
from validators.workbooks import Workbook

_SEPARATOR = "\x1f"
_NO_MARK = Mark("")
_EMPTY = {"", None}


@dataclass
class Frame:
    """Typed rows. `frame`'s index holds the rows' numbers in Excel; every column of the workbook is there.

    CODE, TEXT, CHOICE: text · INTEGER: Int64 · DECIMAL, PERCENT: Decimal · YES_NO: boolean · DATE: date · CODES: tuple
    of texts · PAIRS: dict. What is missing is None or NA. `cleared`: column -> rows in which #CLEAR stands (CAT-5).
    """

    workbook: Workbook
    frame: pd.DataFrame
    cleared: dict[str, set[int]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def bad_cells(self) -> set[tuple[int | None, str | None]]:
        """Row and column of every cell with an error."""
        errors = (finding for finding in self.findings if finding.severity is not Severity.WARNING)
        return {(finding.row, finding.column) for finding in errors}


def normalise(raw: RawSheet) -> Frame:
    """Every cell typed, or a finding. Info columns are not read, so they are empty here."""
    habits = Habits(raw.decimal_comma, raw.date1904)
    result = Frame(raw.workbook, pd.DataFrame(index=pd.Index(raw.row_numbers, dtype="int64", name="row")))
    typed: dict[str, Any] = {}
    for column in raw.workbook.columns:
        cells = raw.columns.get(column.name)
        values = _typed(column, cells, raw.row_numbers, habits, result) if cells else [None] * len(raw)
        typed[column.name] = _series(column, values, result.frame.index)
    result.frame = pd.DataFrame(typed, index=result.frame.index)
    return result


def _typed(column: Column, cells: RawColumn, rows: Sequence[int], habits: Habits, result: Frame) -> Sequence[Any]:
    """The column's values: by a fast way where it is empty or clean, else cell by cell."""
    if not cells.marks and set(cells.values) <= _EMPTY:
        return [None] * len(cells.values)
    if not cells.marks and column.kind in _FAST:
        values: Sequence[Any] | None = _FAST[column.kind](column, cells.values)
        if values is not None:
            return values
    return _cell_by_cell(column, cells, rows, habits, result)


def _cell_by_cell(column: Column, cells: RawColumn, rows: Sequence[int], habits: Habits, result: Frame) -> list[Any]:
    known: dict[Any, Outcome] = {}
    values: list[Any] = []
    for index, cell in enumerate(cells.values):
        mark = cells.marks.get(index, _NO_MARK)
        key = (type(cell), cell, mark)
        if key not in known:
            known[key] = read_cell(column, cell, mark.kind, mark.text, habits)
        value, problems = known[key]
        if problems:
            result.findings += [Finding(code, rows[index], column.name, facts) for code, facts in problems]
        if value is CLEARED:
            result.cleared.setdefault(column.name, set()).add(rows[index])
            value = None
        values.append(value)
    return values


def _fast_texts(column: Column, values: list[Any]) -> list[str | None] | None:
    """A column of plain texts as it is; None where any cell needs a second look."""
    if set(map(type, values)) - {str}:
        return None
    everything = "".join(values)
    if not (everything.isascii() and everything.isprintable()):
        return None
    joined = f"{_SEPARATOR}{_SEPARATOR.join(values)}{_SEPARATOR}"
    odd = ("  ", f" {_SEPARATOR}", f"{_SEPARATOR} ", f"{_SEPARATOR}#", "E+", "e+")
    if any(piece in joined for piece in odd):
        return None
    if column.check is not None and any(value and column.check(value) for value in set(values)):
        return None
    return [value or None for value in values]


def _fast_codes(column: Column, values: list[Any]) -> list[tuple[str, ...] | None] | None:
    """A column in which no cell holds more than one plain identifier."""
    if any(SEPARATOR in value for value in values if type(value) is str):
        return None
    codes = _fast_texts(column, values)
    if codes is None or any(len(code) > column.max_length for code in codes if code):
        return None
    return [(code,) if code else None for code in codes]


def _fast_integers(column: Column, values: list[Any]) -> Any:
    """A column of whole number cells, blanks allowed, as a masked array."""
    kinds = set(map(type, values))
    blank = np.zeros(len(values), bool)
    if kinds & {str, type(None)}:
        blank = np.fromiter((value is None or value == "" for value in values), bool, len(values))
        values = [0.0 if empty else value for value, empty in zip(values, blank, strict=True)]
        kinds = set(map(type, values))
    if kinds - {float, int}:
        return None
    try:
        numbers = np.array(values, dtype="float64")
    except OverflowError:
        return None
    with np.errstate(invalid="ignore"):
        if not np.all(np.abs(numbers) < 1e15) or not np.array_equal(np.rint(numbers), numbers):
            return None
    return pd.arrays.IntegerArray(numbers.astype("int64"), blank)


def _fast_decimals(column: Column, values: list[Any]) -> list[Decimal | None] | None:
    """A column of number cells with few enough places, each distinct number once."""
    known: dict[Any, Decimal | None] = {"": None, None: None}
    for value in set(values):
        if value is None or value == "":
            continue
        number = _fast_decimal(value, column.places)
        if number is None:
            return None
        known[value] = number
    return [known[value] for value in values]


def _fast_decimal(value: Any, places: int) -> Decimal | None:
    """A number cell whose shortest text is exact; None for all that needs a second look."""
    if type(value) is int:
        return even(Decimal(value)) if abs(value) < 10**12 else None
    if type(value) is not float or not abs(value) < 1e12:
        return None
    if value.is_integer():
        return Decimal(int(value))
    text = repr(value)
    if len(text) > 15 or "e" in text or len(text) - text.index(".") - 1 > places:
        return None
    return Decimal(text)


_FAST: dict[Kind, Any] = {
    Kind.CODE: _fast_texts,
    Kind.TEXT: _fast_texts,
    Kind.CODES: _fast_codes,
    Kind.INTEGER: _fast_integers,
    Kind.DECIMAL: _fast_decimals,
}


def _series(column: Column, values: Any, rows: pd.Index) -> pd.Series:
    """Values under the dtype of their kind; texts as plain objects, so that what is missing stays None."""
    if column.kind is Kind.INTEGER:
        integers = values if isinstance(values, pd.arrays.IntegerArray) else pd.array(values, dtype="Int64")
        return pd.Series(integers, index=rows)
    if column.kind is Kind.YES_NO:
        return pd.Series(pd.array(values, dtype="boolean"), index=rows)
    objects = np.fromiter(values, dtype=object, count=len(values))  # tuples stay whole
    return pd.Series(objects, index=rows, dtype=object)
