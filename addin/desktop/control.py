"""The control workbook in a live Excel: known by its name for itself, refreshed in its own tables and named cells.

Charts look at tables with a fixed number of rows, and colours follow the cells, so neither is touched here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xlwings as xw
from xlwings import main

from addin.client.control import CONTROL, Control, NamedTable, Written
from addin.client.errors import ControlIncomplete
from addin.desktop.xlwings_sheet import Progress, XlwingsSheet, constant


class ControlBook:
    """An open control workbook."""

    def __init__(self, book: xw.Book) -> None:
        self.book = book

    @classmethod
    def of(cls, book: xw.Book) -> ControlBook | None:
        """This workbook, if it is one."""
        return cls(book) if constant(book, "_report") == CONTROL else None

    @property
    def version(self) -> int | None:
        """Which names it has, None where it has lost that."""
        text = constant(self.book, "_report_version")
        return int(text) if text.isdigit() else None

    def write(self, now: Control, progress: Progress) -> Written:
        """Write what is so now, and nothing over what the user wrote. Raises `ControlIncomplete` before anything is
        touched where it has no table left."""
        tables = {table.name.lower(): table for sheet in self.book.sheets for table in sheet.tables}
        found = [(each, tables.get(each.name.lower())) for each in now.tables]
        if all(table is None for _, table in found):
            raise ControlIncomplete
        self._write_cells({cell.name: (cell.value, cell.format) for cell in now.cells})
        blocked, gone = [], []
        for wanted, table in found:
            progress(f"writing {wanted.title}")
            if table is None:
                gone.append(wanted.title)
            elif not _fill(table, wanted):
                blocked.append(wanted.title)
        return Written(blocked, gone)

    def _write_cells(self, values: Mapping[str, tuple[Any, str]]) -> None:
        for name in self.book.names:
            if name.name in values and "#REF!" not in (name.refers_to or ""):
                value, number_format = values[name.name]
                cell = name.refers_to_range
                XlwingsSheet(cell.sheet).write_formatted(cell.row, cell.column, [value], number_format)


def _fill(table: main.Table, wanted: NamedTable) -> bool:
    """Give a table just these rows. False, and nothing is touched, where it would have to grow over other cells."""
    area, sheet = table.range, table.parent
    top, left = area.row, area.column
    right = left + area.shape[1] - 1
    old, new = top + area.shape[0] - 1, top + len(wanted.rows)
    if table.show_totals or (new > old and not _is_empty(sheet.range((old + 1, left), (new, right)))):
        return False
    whole = sheet.range((top, left), (new, right))
    if new > old:
        table.resize(whole)
    headers = sheet.range((top, left), (top, right)).options(ndim=1).value
    rest = [None] * max(old - new, 0)
    for place, column, values in wanted.placed([str(header or "") for header in headers]):
        XlwingsSheet(sheet).write_formatted(top + 1, left + place, [*values, *rest], column.format)
    if new < old:
        table.resize(whole)
    return True


def _is_empty(area: xw.Range) -> bool:
    return all(value is None for line in area.options(ndim=2, err_to_str=True).value for value in line)
