"""Workbooks, sheets, tables and names on openpyxl."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.table import Table as PaperTable
from openpyxl.worksheet.table import TableColumn
from xlwings import base_classes

from tests.addin.engine.ranges import ExcelError, Note, Range

if TYPE_CHECKING:
    from tests.addin.engine.app import App


class Book(base_classes.Book):
    """An open workbook. `touched`: whether anything was written since it was opened."""

    api = None
    app: Any = None
    sheets: Any = None

    def __init__(self, app: App, path: Path) -> None:
        self.app, self.path, self.touched = app, path, False
        self.paper = openpyxl.load_workbook(path)
        self.sheets = Sheets(self)
        self.active_sheet = self.sheets(self.paper.active.title)

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def fullname(self) -> str:
        return str(self.path)

    @property
    def names(self) -> Names:
        return Names(self)

    def save(self, path: str | None = None, password: str | None = None) -> None:
        assert password is None
        self.paper.save(path or self.path)

    def close(self) -> None:
        self.app.books.close(self)

    def activate(self) -> None:
        self.app.books.bring_to_front(self)


class Sheets(base_classes.Sheets):
    """The sheets of a workbook, in order."""

    api = None

    def __init__(self, book: Book) -> None:
        self.book = book
        self.all = [Sheet(book, paper) for paper in book.paper.worksheets]

    @property
    def active(self) -> Sheet:
        return self.book.active_sheet

    def __call__(self, key: str | int) -> Sheet:
        for number, sheet in enumerate(self.all, 1):
            if key in (number, sheet.name):
                return sheet
        raise KeyError(key)

    def __len__(self) -> int:
        return len(self.all)

    def __iter__(self) -> Iterator[Sheet]:
        return iter(self.all)


class Sheet(base_classes.Sheet):
    """One sheet. `paper` is openpyxl's."""

    api = None
    book: Any = None

    def __init__(self, book: Book, paper: Any) -> None:
        self.book, self.paper = book, paper
        self._formats: dict[int, str] = {}

    @property
    def name(self) -> str:
        return str(self.paper.title)

    @property
    def index(self) -> int:
        return self.book.sheets.all.index(self) + 1

    def range(self, first: Any, last: Any = None) -> Range:
        return Range(self, first, last)

    @property
    def used_range(self) -> Range:
        """From the first to the last cell that holds or was formatted."""
        places = list(self.paper._cells) or [(1, 1)]
        rows, columns = [row for row, _ in places], [column for _, column in places]
        return Range(self, (min(rows), min(columns)), (max(rows), max(columns)))

    @property
    def tables(self) -> Tables:
        return Tables(self)

    @property
    def notes(self) -> list[Note]:
        cells = [cell for cell in self.paper._cells.values() if cell.comment is not None]
        return [Note(Range(self, (cell.row, cell.column))) for cell in cells]

    def activate(self) -> None:
        self.book.active_sheet = self

    def format_of(self, row: int, column: int) -> str:
        """A cell's number format, or its column's where there is no cell."""
        cell = self.paper._cells.get((row, column))
        if cell is not None:
            return str(cell.number_format)
        if column not in self._formats:
            self._formats[column] = self._column_format(column)
        return self._formats[column]

    def _column_format(self, column: int) -> str:
        for letter, dimension in self.paper.column_dimensions.items():
            first = dimension.min or openpyxl.utils.column_index_from_string(letter)
            if first <= column <= (dimension.max or first):
                return str(dimension.number_format)
        return "General"

    def typed(self, row: int, column: int) -> None:
        """A header of a table is its column's name: text, and no two alike."""
        for table in self.tables:
            area = table.range
            if row == area.r1 and area.c1 <= column <= area.c2:
                table.name_columns()


class Tables(base_classes.Collection):
    """The tables of a sheet."""

    api = None
    parent: Any = None

    def __init__(self, sheet: Sheet) -> None:
        self.parent = sheet
        self.all = [Table(sheet, paper) for paper in sheet.paper.tables.values()]

    def __call__(self, key: str | int) -> Table:
        for number, table in enumerate(self.all, 1):
            if key in (number, table.name):
                return table
        raise KeyError(key)

    def __len__(self) -> int:
        return len(self.all)

    def __iter__(self) -> Iterator[Table]:
        return iter(self.all)

    def __contains__(self, key: str) -> bool:
        return any(table.name == key for table in self.all)


class Table:
    """An Excel table."""

    api = None

    def __init__(self, sheet: Sheet, paper: PaperTable) -> None:
        self.parent, self.paper = sheet, paper

    @property
    def name(self) -> str:
        return str(self.paper.displayName)

    @property
    def range(self) -> Range:
        return Range(self.parent, self.paper.ref)

    @property
    def header_row_range(self) -> Range | None:
        area = self.range
        return None if self.paper.headerRowCount == 0 else Range(self.parent, (area.r1, area.c1), (area.r1, area.c2))

    @property
    def data_body_range(self) -> Range:
        area = self.range
        return Range(self.parent, (area.r1 + 1, area.c1), (area.r2 - self.show_totals, area.c2))

    @property
    def show_totals(self) -> bool:
        return bool(self.paper.totalsRowCount)

    @property
    def totals_row_range(self) -> Range | None:
        area = self.range
        return Range(self.parent, (area.r2, area.c1), (area.r2, area.c2)) if self.show_totals else None

    def resize(self, wanted: Any) -> None:
        """The header row must stay, and no other table may be in the way."""
        old, new = self.range, Range(self.parent, wanted.address)
        if new.r1 != old.r1 or new.r2 <= new.r1:
            raise ExcelError("the headers must stay in their row, and there must be a row below them")
        self.parent.book.app.count("write")
        self.paper.ref = new.address.replace("$", "")
        if self.paper.autoFilter is not None:
            self.paper.autoFilter.ref = self.paper.ref
        self.name_columns()

    def name_columns(self) -> None:
        """Every column named by its header; one without is given a name, two of one name are an error."""
        area, columns = self.range, []
        for number, column in enumerate(range(area.c1, area.c2 + 1), 1):
            cell = self.parent.paper.cell(area.r1, column)
            if cell.value in (None, ""):
                cell.value = f"Column{number}"
            columns.append(TableColumn(id=number, name=str(cell.value)))
        names = [column.name.casefold() for column in columns]
        if len(set(names)) != len(names):
            raise ExcelError(f"two columns of a table have one name: {names}")
        self.paper.tableColumns = columns


class Names(base_classes.Names):
    """The defined names of a workbook."""

    api = None

    def __init__(self, book: Book) -> None:
        self.all = [Name(book, name, found.attr_text) for name, found in book.paper.defined_names.items()]

    def __call__(self, key: str | int) -> Name:
        for number, name in enumerate(self.all, 1):
            if key in (number, name.name):
                return name
        raise KeyError(key)

    def __len__(self) -> int:
        return len(self.all)

    def snapshot(self) -> list[tuple[str, Name]]:
        return [(name.name, name) for name in self.all]

    def contains(self, key: str) -> bool:
        return any(name.name == key for name in self.all)


class Name:
    """A defined name."""

    api = None

    def __init__(self, book: Book, name: str, refers_to: str) -> None:
        self.book, self.name = book, name
        self.refers_to = f"={refers_to}"

    @property
    def refers_to_range(self) -> Range:
        """Excel refuses where the name stands for something else than cells."""
        found = re.fullmatch(r"='?(.+?)'?!(\$[A-Z]+\$[0-9]+)", self.refers_to)
        if found is None:
            raise ExcelError(f"{self.name} stands for no cells: {self.refers_to}")
        return Range(self.book.sheets(found[1]), found[2].replace("$", ""))


def rows_of(address: str) -> list[int]:
    """The row numbers in an address, for tests."""
    return [int(number) for number in re.findall(r"\d+", address)]


__all__ = ["Book", "Sheet", "Sheets", "Table", "Tables", "get_column_letter"]
