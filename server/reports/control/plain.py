"""A table of the control workbook -> cells: the values are as they go into them already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlsxwriter import Workbook as Book

from server.reports.cells import HEADER, cell_format, is_text
from server.reports.control.content import NamedTable, Value
from server.reports.streaming import StreamedSheet

_HEADER_HEIGHT = 22  # points


def write_table(
    book: Book,
    sheet: StreamedSheet,
    name: str,
    table: NamedTable,
    at: int,
    *,
    first_column: int = 0,
    beside: int = 0,
    least_rows: int = 0,
) -> None:
    """Header and rows from row `at` on, rows that come with a refresh looking the same: the columns do, all the way
    down, and where other things share them `least_rows` do. `beside`: so many columns to the right look like the last
    one, for texts that go on over them."""
    looks = [book.add_format(cell_format(column)) for column in table.columns]
    if not least_rows:
        for number, (column, look) in enumerate(zip(table.columns, looks, strict=True), first_column):
            sheet.set_column(number, number, max(column.width, len(column.title) + 5 if is_text(column) else 0), look)
    header = book.add_format(HEADER)
    sheet.set_row(at, _HEADER_HEIGHT)
    titles = [column.title for column in table.columns]
    heads = [header] * len(titles)
    if beside:
        heads[-1:] = [book.add_format(HEADER | {"left": 0, "right": 0})] * (beside + 1)
    _row(sheet, at, [*titles, *[None] * beside], heads, first_column)
    looks += [looks[-1]] * beside
    empty: list[Value] = [None] * len(titles)
    for number in range(max(least_rows, len(table.rows))):
        values = table.rows[number] if number < len(table.rows) else empty
        _row(sheet, at + 1 + number, [*values, *[None] * beside], looks, first_column)
    sheet.close_table(name, titles, at, at + len(table.rows), first_column)


def _row(sheet: StreamedSheet, at: int, values: Sequence[Value], looks: Sequence[Any], first_column: int) -> None:
    """One row; None leaves its cell empty."""
    for column, (value, look) in enumerate(zip(values, looks, strict=True), first_column):
        if isinstance(value, str):
            sheet.text(at, column, value, look)
        elif value is None:
            sheet.blank(at, column, look)
        else:
            sheet.number(at, column, value, look)
