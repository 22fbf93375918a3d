"""How a value of each look is formatted and written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from xlsxwriter import Workbook as Book

from server.reports.describing import Column, Look, Row
from server.reports.streaming import StreamedSheet
from validators.writing import styling
from validators.writing.texts import clean

#: Days from Excel's day 0 to 1970, in its count with the leap day that never was.
_EPOCH_DAYS = 25_569
_DAY_SECONDS = 86_400

_NUMBERS: dict[Look, str] = {
    Look.UNITS: "#,##0;[Red]-#,##0",
    Look.CHANGE: '+#,##0;[Red]-#,##0;"–"',
    Look.NUMBER: "0",
    Look.DECIMAL: "#,##0.0;[Red]-#,##0.0",
    Look.MONEY: "#,##0.00##;[Red]-#,##0.00##",
    Look.MOMENT: "yyyy-mm-dd hh:mm",
}
#: How values are said in cells that hold texts.
_SAID: dict[Look, Callable[[Any], str]] = {
    Look.TEXT: str,
    Look.WORD: lambda value: str(value).replace("_", " "),
    Look.YES_NO: lambda value: "yes" if value else "no",
}
_LINE = {"bottom": 1, "bottom_color": f"#{styling.LINE}"}

NOTHING = styling.SUBTITLE | _LINE | {"indent": 1}
HEADER = styling.REQUIRED_HEADER | {"text_wrap": True}


def is_text(column: Column) -> bool:
    """Whether its cells are texts."""
    return column.look not in _NUMBERS


def number_format(column: Column) -> str:
    """The number format of its cells."""
    return _NUMBERS.get(column.look, "@")


def cell_format(column: Column) -> dict[str, Any]:
    """The properties of a column's cells: texts are texts for Excel too, so that 00123 keeps its zeros."""
    properties = styling.BODY | _LINE | {"num_format": number_format(column)}
    # Moments all have the same width: at the left they stand under their title.
    side = "left" if is_text(column) or column.look is Look.MOMENT else "right"
    return properties | {"align": side, "indent": 1}


def excel_moment(when: datetime) -> float:
    """A moment as Excel counts: days since 1900, in UTC."""
    return when.astimezone(UTC).timestamp() / _DAY_SECONDS + _EPOCH_DAYS


def plain_value(column: Column, value: Any) -> str | float | None:
    """A value exactly as it goes into a cell: a text, a number (a moment as Excel counts), None for an empty one."""
    if value is None or value == "":
        return None
    if column.look in _SAID:
        return clean(_SAID[column.look](value))
    if column.look is Look.MOMENT:
        return excel_moment(value)
    return value if isinstance(value, int) else float(value)


class RowWriter:
    """Writes rows of one shape; None leaves a cell empty, in the look that its column has."""

    def __init__(self, book: Book, sheet: StreamedSheet, columns: Sequence[Column]) -> None:
        self._header = book.add_format(HEADER)
        self._sheet, self._columns = sheet, columns
        formats = [book.add_format(cell_format(column)) for column in columns]
        self.formats = formats
        self._writers = [
            _writer(sheet, column.look, at, look)
            for at, (column, look) in enumerate(zip(columns, formats, strict=True))
        ]

    def header(self, at: int) -> None:
        """The titles, in row `at` (from 0)."""
        for index, column in enumerate(self._columns):
            self._sheet.text(at, index, column.title, self._header)

    def row(self, at: int, values: Row) -> None:
        """One row."""
        for write, value in zip(self._writers, values, strict=True):
            write(at, value)


def _writer(sheet: StreamedSheet, look: Look, column: int, cells: Any) -> Callable[[int, Any], None]:
    """The quickest way to write one column's cells: most of a report's time is spent here."""
    if look in _SAID:
        said = _SAID[look]

        def write_text(at: int, value: Any) -> None:
            if value is not None and value != "":
                sheet.text(at, column, said(value), cells)

        return write_text
    counted: Callable[[Any], Any] = excel_moment if look is Look.MOMENT else _plain

    def write_number(at: int, value: Any) -> None:
        if value is not None:
            sheet.number(at, column, counted(value), cells)

    return write_number


def _plain(value: Any) -> Any:
    return value
