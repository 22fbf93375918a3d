"""Ranges and notes on an openpyxl sheet."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import TYPE_CHECKING, Any

from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils import get_column_letter, range_boundaries
from xlwings import base_classes

from tests.addin.engine import values

if TYPE_CHECKING:
    from tests.addin.engine.books import Sheet


class ExcelError(Exception):
    """What Excel refuses, as COM would."""


class Range(base_classes.Range):
    """A rectangle of cells. Arguments: A1 text, (row, column), two of them, or (row, column, rows, columns)."""

    has_array = False
    max_cells_per_read = None
    max_cells_per_write = None
    api = "a native object that no command may use"

    def __init__(self, sheet: Sheet, first: Any, last: Any = None) -> None:
        self.sheet = sheet
        top, left, bottom, right = _corners(sheet, first)
        if last is not None:
            other = _corners(sheet, last)
            top, left = min(top, other[0]), min(left, other[1])
            bottom, right = max(bottom, other[2]), max(right, other[3])
        if top < 1 or left < 1:
            raise IndexError("Excel's ranges count from 1")
        self.r1, self.c1, self.r2, self.c2 = top, left, bottom, right

    @property
    def row(self) -> int:
        return self.r1

    @property
    def column(self) -> int:
        return self.c1

    @property
    def shape(self) -> tuple[int, int]:
        return self.r2 - self.r1 + 1, self.c2 - self.c1 + 1

    @property
    def coords(self) -> tuple[str, int, int, int, int]:
        return self.sheet.name, self.r1, self.c1, *self.shape

    def __len__(self) -> int:
        return self.shape[0] * self.shape[1]

    def __call__(self, row: int, column: int | None = None) -> Range:
        if column is None:
            row, column = divmod(row - 1, self.shape[1])
            row, column = row + 1, column + 1
        return Range(self.sheet, (self.r1 + row - 1, self.c1 + column - 1))

    def get_address(self, row_absolute: bool, col_absolute: bool, external: bool) -> str:
        assert not external
        row, column = "$" * row_absolute, "$" * col_absolute
        ends = [(self.c1, self.r1), (self.c2, self.r2)]
        names = [f"{column}{get_column_letter(c)}{row}{r}" for c, r in ends]
        return names[0] if names[0] == names[1] else ":".join(names)

    @property
    def address(self) -> str:
        return self.get_address(True, True, False)

    @property
    def raw_value(self) -> Any:
        self.sheet.book.app.count("read")
        return [[values.read(self._there(r, c)) for c in self._columns()] for r in self._rows()]

    @raw_value.setter
    def raw_value(self, value: Any) -> None:
        self._write_allowed()
        if not isinstance(value, list | tuple):
            value = [[value] * self.shape[1]] * self.shape[0]
        assert len(value) == self.shape[0] and {len(line) for line in value} == {self.shape[1]}, "not the same shape"
        for row, line in zip(self._rows(), value, strict=True):
            for column, each in zip(self._columns(), line, strict=True):
                values.write(self._cell(row, column), each)
                self.sheet.typed(row, column)

    def clear_contents(self) -> None:
        self.raw_value = None

    @property
    def number_format(self) -> str | None:
        """None where the cells have several, as in Excel."""
        self.sheet.book.app.count("read")
        found = {self.sheet.format_of(r, c) for r in self._rows() for c in self._columns()}
        return found.pop() if len(found) == 1 else None

    @number_format.setter
    def number_format(self, value: str) -> None:
        self._write_allowed()
        self._restyle("number_format", value)

    @property
    def color(self) -> tuple[int, int, int] | None:
        """Of several colours Excel says black."""
        self.sheet.book.app.count("read")
        found = {_fill(self._there(r, c)) for r in self._rows() for c in self._columns()}
        return found.pop() if len(found) == 1 else (0, 0, 0)

    @color.setter
    def color(self, value: tuple[int, int, int] | None) -> None:
        self._write_allowed()
        fill = PatternFill() if value is None else PatternFill("solid", fgColor="FF{:02X}{:02X}{:02X}".format(*value))
        self._restyle("fill", fill)

    @property
    def merge_cells(self) -> bool | None:
        """None where only some of the cells are merged."""
        merged = [each.bounds for each in self.sheet.paper.merged_cells.ranges]
        found = {
            any(b[0] <= c <= b[2] and b[1] <= r <= b[3] for b in merged) for r in self._rows() for c in self._columns()
        }
        return found.pop() if len(found) == 1 else None

    def get_special_cells(self, cell_type: str, value_type: str | None) -> list[Range]:
        assert cell_type == "visible" and value_type is None
        shown = [r for r in self._rows() if not self.sheet.paper.row_dimensions[r].hidden]
        found: list[Range] = []
        for row in shown:
            if found and found[-1].r2 == row - 1:
                found[-1].r2 = row
            else:
                found.append(Range(self.sheet, (row, self.c1), (row, self.c2)))
        return found

    @property
    def column_hidden(self) -> bool:
        return bool(self.sheet.paper.column_dimensions[get_column_letter(self.c1)].hidden)

    @column_hidden.setter
    def column_hidden(self, value: bool) -> None:
        for column in self._columns():
            self.sheet.paper.column_dimensions[get_column_letter(column)].hidden = value

    @property
    def columns(self) -> Range:
        return self

    @property
    def note(self) -> Note | None:
        cell = self._there(self.r1, self.c1)
        return Note(self) if cell is not None and cell.comment is not None else None

    def add_note(self, text: str) -> Note:
        """Excel refuses a second one."""
        if self.note is not None:
            raise ExcelError(f"{self.address} has a note already")
        self._write_allowed()
        self._cell(self.r1, self.c1).comment = Comment(text, "")
        return Note(self)

    def select(self) -> None:
        if self.sheet.book.active_sheet is not self.sheet:
            raise ExcelError("Select method of Range class failed: its sheet is not in front")
        self.sheet.book.app.selection = self

    def _rows(self) -> range:
        return range(self.r1, self.r2 + 1)

    def _columns(self) -> range:
        return range(self.c1, self.c2 + 1)

    def _there(self, row: int, column: int) -> Cell | None:
        """The cell if there is one: asking openpyxl would make it, and the used range would grow by looking."""
        cell = self.sheet.paper._cells.get((row, column))
        return None if isinstance(cell, MergedCell) else cell

    def _cell(self, row: int, column: int) -> Cell:
        cell = self._there(row, column)
        if cell is None:
            shown = self.sheet.format_of(row, column)  # the column's, as long as there is no cell
            cell = self.sheet.paper.cell(row, column)
            cell.number_format = shown
        return cell

    def _cells(self) -> Iterator[Cell]:
        return (self._cell(r, c) for r in self._rows() for c in self._columns())

    def _restyle(self, what: str, value: Any) -> None:
        """Change one part of every cell's style; openpyxl works each out anew, which takes long for many."""
        known: dict[bytes, Any] = {}
        for cell in self._cells():
            before = cell._style.tobytes()
            if before in known:
                cell._style = copy(known[before])
            else:
                setattr(cell, what, value)
                known[before] = cell._style

    def _write_allowed(self) -> None:
        self.sheet.book.app.count("write")
        self.sheet.book.touched = True
        if self.sheet.paper.protection.sheet:
            for row in self._rows():
                for column in self._columns():
                    cell = self._there(row, column)
                    if cell is None or cell.protection.locked:
                        raise ExcelError("the sheet is protected and the cell is locked")


class Note(base_classes.Note):
    """The note of a cell."""

    api = None
    location: Any = None

    def __init__(self, cell: Range) -> None:
        self.location = cell

    @property
    def _paper(self) -> Cell:
        return self.location._cell(self.location.r1, self.location.c1)

    @property
    def text(self) -> str:
        return str(self._paper.comment.text)

    @text.setter
    def text(self, value: str) -> None:
        self.location._write_allowed()
        self._paper.comment = Comment(value, "")

    def delete(self) -> None:
        self.location._write_allowed()
        self._paper.comment = None


def _corners(sheet: Sheet, place: Any) -> tuple[int, int, int, int]:
    if isinstance(place, Range):
        return place.r1, place.c1, place.r2, place.c2
    if isinstance(place, tuple):
        row, column, *size = place
        height, width = size or (1, 1)
        return row, column, row + height - 1, column + width - 1
    left, top, right, bottom = range_boundaries(str(place).replace("$", ""))
    if None in (left, top, right, bottom):
        raise ExcelError(f"{place!r} is no address")
    return top, left, bottom, right


def _fill(cell: Cell | None) -> tuple[int, int, int] | None:
    if cell is None or cell.fill.fill_type is None:
        return None
    rgb = str(cell.fill.fgColor.rgb)[-6:]
    return int(rgb[:2], 16), int(rgb[2:4], 16), int(rgb[4:], 16)
