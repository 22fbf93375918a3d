"""A sheet of a live Excel on Windows or macOS: reading a template's rows, and the `Sheet` that painting writes to.

Only calls that xlwings has on both systems, and no native objects. Every call crosses into Excel, so cells are read
and written in blocks.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import xlwings as xw
from xlwings import main

from addin.client.errors import NotATemplate
from addin.client.reading import MESSAGE, STATUS, VERSION, kind_of_format, plain_cell, trimmed, with_tools
from addin.client.sheet import Area, Table, header_key

PREFIX = "tbl_"
BLOCK_ROWS = 2_000
TEXT = "@"
_TOOLS = {header_key(title) for title in (STATUS, MESSAGE, VERSION)}
_CONSTANT = re.compile(r'="?([^"]*)"?')
#: Kinds of columns whose cells are text, so that leading zeros and long numbers survive.
_NOT_TEXT = {"integer", "decimal", "percent", "date"}

Progress = Callable[[str], None]


class XlwingsSheet:
    """`Sheet` on one sheet of an open workbook."""

    def __init__(self, sheet: xw.Sheet) -> None:
        self.sheet = sheet

    def write_texts(self, row: int, column: int, block: Sequence[Sequence[str]]) -> None:
        """See `Sheet`. As text, so that no sentence becomes a formula and no code a number."""
        area = self._range(Area(row, column, len(block), len(block[0])))
        if area.number_format != TEXT:
            area.number_format = TEXT
        area.value = [list(line) for line in block]

    def write_column(self, row: int, column: int, values: Sequence[Any], kind: str) -> None:
        """Values of one column of a template, under the format of its kind."""
        area = self._range(Area(row, column, len(values), 1))
        if kind not in _NOT_TEXT and area.number_format != TEXT:
            area.number_format = TEXT
        for start in range(0, len(values), BLOCK_ROWS):
            some = [[_cell(value, kind)] for value in values[start : start + BLOCK_ROWS]]
            self._range(Area(row + start, column, len(some), 1)).value = some

    def write_formatted(self, row: int, column: int, values: Sequence[Any], number_format: str) -> None:
        """Values of one column just as they are, under a number format; None empties its cell."""
        area = self._range(Area(row, column, len(values), 1))
        if area.number_format != number_format:
            area.number_format = number_format
        area.value = [["" if value is None else value] for value in values]

    def fill(self, area: Area, colour: str | None) -> None:
        """See `Sheet`."""
        self._range(area).color = None if colour is None else _rgb(colour)

    def fill_of(self, row: int, column: int) -> str | None:
        """See `Sheet`."""
        colour = self.sheet.range((row, column)).color
        return None if colour is None else "{:02X}{:02X}{:02X}".format(*colour)

    def notes(self) -> Mapping[tuple[int, int], str]:
        """See `Sheet`."""
        found = {}
        for note in self.sheet.notes:
            cell = note.location
            found[(cell.row, cell.column)] = note.text or ""
        return found

    def set_note(self, row: int, column: int, text: str | None) -> None:
        """See `Sheet`. Excel refuses a second note on a cell, so one that is there is changed."""
        cell = self.sheet.range((row, column))
        note = cell.note
        if text is None:
            if note is not None:
                note.delete()
        elif note is None:
            cell.add_note(text)
        else:
            note.text = text

    def select(self, row: int, column: int) -> None:
        """See `Sheet`."""
        self.sheet.activate()
        self.sheet.range((row, column)).select()

    def _range(self, area: Area) -> xw.Range:
        last = (area.row + area.height - 1, area.column + area.width - 1)
        return self.sheet.range((area.row, area.column), last)


class TemplateSheet:
    """The sheet of the open workbook that holds a template's table."""

    def __init__(self, book: xw.Book, table: main.Table) -> None:
        self.book, self.table = book, table
        self.sheet = table.parent
        self.paper = XlwingsSheet(self.sheet)

    @classmethod
    def of(cls, book: xw.Book) -> TemplateSheet:
        """The active sheet's table, else the first of the workbook. Raises `NotATemplate`."""
        active = book.sheets.active
        for sheet in [active, *(sheet for sheet in book.sheets if sheet.name != active.name)]:
            for table in sheet.tables:
                if table.name.lower().startswith(PREFIX) and table.header_row_range is not None:
                    return cls(book, table)
        raise NotATemplate(book.name)

    @property
    def template(self) -> str:
        """The template's id: the workbook's own word for it where its table agrees. Excel numbers copied tables."""
        named = constant(self.book, "_template_id")
        by_table = self.table.name[len(PREFIX) :].lower()
        return named if named and by_table.startswith(named) else by_table

    @property
    def version(self) -> int | None:
        """The template's version, None where the workbook has lost it."""
        text = constant(self.book, "_template_version")
        return int(text) if text.isdigit() else None

    @property
    def header_row(self) -> int:
        """The row of the headers."""
        header = self.table.header_row_range
        if header is None:
            raise NotATemplate(self.book.name)
        return int(header.row)

    def read(self, progress: Progress) -> Table:
        """All rows below the headers down to the last that holds something, whether the table reaches there or not."""
        headers = self.headers()
        first, last = self.header_row + 1, self.last_row()
        values, marks = self._values(first, last, len(headers), progress)
        tools = [place for place, header in enumerate(headers) if header_key(header) in _TOOLS]
        count = trimmed(values, tools)
        bottom = first + count - 1
        marks = [mark for mark in marks if mark[0] <= bottom]
        if count:
            marks += self._format_marks(values[:count], first)
            marks += [(r, c, "merged") for r, c in self._merged(Area(first, 1, count, len(headers)))]
        return Table(
            self.template,
            self.version,
            self.book.name,
            self.sheet.name,
            self.header_row,
            headers,
            values[:count],
            marks,
            self._hidden(first, bottom) if count else (),
        )

    def ready_for_results(self, table: Table, *more: str) -> list[str]:
        """Make sure that Status and Message (and `more`) have their columns; the headers as they are then."""
        headers = with_tools(table.headers)
        headers += [title for title in more if title not in headers]
        missing = headers[len(table.headers) :]
        if missing:
            self.paper.write_texts(self.header_row, len(table.headers) + 1, [missing])
            self.reach(self.header_row + 1, len(headers))
        return headers

    def reach(self, last_row: int, last_column: int) -> None:
        """Let the table reach down and right so far; it never shrinks."""
        area = self.table.range
        bottom = max(last_row, area.row + area.shape[0] - 1)
        right = max(last_column, area.column + area.shape[1] - 1)
        if (bottom, right) != (area.row + area.shape[0] - 1, area.column + area.shape[1] - 1):
            self.table.resize(self.sheet.range((area.row, area.column), (bottom, right)))

    def hide_column(self, column: int) -> None:
        """Hide one column."""
        self.sheet.range((1, column)).columns.hidden = True

    # -- reading --------------------------------------------------------------------------------------------------

    def headers(self) -> list[str]:
        """From column A to the last header of the row, those behind the table too."""
        used = self.sheet.used_range
        area = self.table.range
        last = max(used.column + used.shape[1], area.column + area.shape[1]) - 1
        line = self.sheet.range((self.header_row, 1), (self.header_row, last)).options(ndim=1).value
        headers = [_header(value) for value in line]
        while headers and not headers[-1].strip():
            headers.pop()
        return headers

    def last_row(self) -> int:
        """The last row that anything stands in, above the table's totals."""
        used = self.sheet.used_range
        last = int(used.row + used.shape[0] - 1)
        totals = self.table.totals_row_range if self.table.show_totals else None
        return min(last, totals.row - 1) if totals is not None else last

    def _values(
        self, first: int, last: int, width: int, progress: Progress
    ) -> tuple[list[list[Any]], list[tuple[int, int, str]]]:
        rows: list[list[Any]] = []
        marks: list[tuple[int, int, str]] = []
        for top in range(first, last + 1, BLOCK_ROWS):
            progress(f"reading row {top:,} of {last:,}")
            bottom = min(top + BLOCK_ROWS - 1, last)
            block = self.sheet.range((top, 1), (bottom, width)).options(ndim=2, err_to_str=True).value
            for row, line in enumerate(block, top):
                cells = [plain_cell(value) for value in line]
                rows.append([value for value, _ in cells])
                marks += [(row, column, kind) for column, (_, kind) in enumerate(cells, 1) if kind]
        return rows, marks

    def _format_marks(self, values: Sequence[Sequence[Any]], first: int) -> list[tuple[int, int, str]]:
        """Numbers that are shown as per cent or like 00000; only columns that hold numbers are asked for formats."""
        marks = []
        for place in range(len(values[0])):
            numbers = {row for row, line in enumerate(values, first) if _is_number(line[place])}
            if numbers:
                for top, bottom, shown in self._formats(min(numbers), max(numbers), place + 1):
                    if kind := kind_of_format(shown):
                        marks += [(row, place + 1, kind) for row in range(top, bottom + 1) if row in numbers]
        return marks

    def _formats(self, top: int, bottom: int, column: int) -> Iterator[tuple[int, int, str]]:
        """Number formats down a column, in stretches: Excel says None where a range has several."""
        shown: str | None = self.sheet.range((top, column), (bottom, column)).number_format
        if shown is not None or top == bottom:
            yield top, bottom, shown or ""
            return
        middle = (top + bottom) // 2
        yield from self._formats(top, middle, column)
        yield from self._formats(middle + 1, bottom, column)

    def _merged(self, area: Area) -> Iterator[tuple[int, int]]:
        """Cells that are part of a merged range. Excel says None where only some are."""
        last = (area.row + area.height - 1, area.column + area.width - 1)
        merged: bool | None = self.sheet.range((area.row, area.column), last).merge_cells
        if merged is False:
            return
        if area.height == area.width == 1:
            yield area.row, area.column
        elif area.height >= area.width:
            half = area.height // 2
            yield from self._merged(area._replace(height=half))
            yield from self._merged(area._replace(row=area.row + half, height=area.height - half))
        else:
            half = area.width // 2
            yield from self._merged(area._replace(width=half))
            yield from self._merged(area._replace(column=area.column + half, width=area.width - half))

    def _hidden(self, first: int, last: int) -> list[int]:
        column = self.table.range.column
        visible: set[int] = set()
        areas = self.sheet.range((first, column), (last, column)).get_special_cells("visible")
        for area in cast("list[xw.Range]", areas):
            visible.update(range(area.row, area.row + area.shape[0]))
        return [row for row in range(first, last + 1) if row not in visible]


def selected_rows(app: xw.App, sheet: xw.Sheet) -> list[int]:
    """Numbers of the rows of `sheet` that the user has selected, in order; none where something else is."""
    selection = app.selection
    if selection is None or selection.sheet.name != sheet.name:
        return []
    found: set[int] = set()
    for part in selection.address.replace("$", "").split(","):
        ends = [re.sub(r"[^0-9]", "", end) for end in part.rpartition("!")[2].split(":")]
        if all(ends):  # whole columns have no row numbers: everything, so nothing in particular
            found.update(range(int(ends[0]), int(ends[-1]) + 1))
    return sorted(found)


def constant(book: xw.Book, name: str) -> str:
    """The text that a defined name stands for, '' where there is none of that name."""
    for each in book.names:
        if each.name == name:
            found = _CONSTANT.fullmatch(str(each.refers_to))
            return found[1] if found else ""
    return ""


def _header(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: Any, kind: str) -> Any:
    """A value as the cell takes it: dates as dates."""
    if kind == "date" and isinstance(value, str):
        return dt.datetime.fromisoformat(value)
    return "" if value is None else value


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[:2], 16), int(colour[2:4], 16), int(colour[4:], 16)
