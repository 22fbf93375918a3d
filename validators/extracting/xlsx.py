"""Read .xlsx and .xlsm: values by calamine, what it hides from the sheet's XML, identity from the package's parts."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from validators.extracting.choosing import choose, texts
from validators.extracting.grid import Grid
from validators.extracting.headers import HEADER_ROWS, Shape, find_header, header_key
from validators.extracting.job import Job
from validators.extracting.other_sheets import look_alikes
from validators.extracting.package import Package, SheetPart, Table
from validators.extracting.refusing import Unreadable
from validators.extracting.sheet_xml import HiddenFacts, SheetXml
from validators.writing.wording import CONTROL_WORKBOOK

#: Of how many texts one copy is kept at a time.
_KNOWN_TEXTS = 10_000
#: Marks that make their row exist, also below the last value.
_ALWAYS = ("error", "formula")


class Place:
    """Where the data stands: the template, the sheet, and the header's position or the table that has it."""

    def __init__(
        self, shape: Shape, sheet: SheetPart, *, header: int | None = None, table: Table | None = None
    ) -> None:
        self.shape = shape
        self.sheet = sheet
        self.header = header
        self.table = table


def read(job: Job) -> Grid:
    """One workbook's data sheet. Raises Unreadable."""
    with zipfile.ZipFile(job.path) as archive:
        package = Package(archive)
        book = _Book(job.path, package, job.limits["rows"])
        told, version = _identity(package, job.shapes, job.wanted)
        place = _told_place(package, told) if told else None
        place = place or _guessed_place(book, package, job.shapes, told.id if told else job.wanted)
        grid = Grid(job.kind, place.sheet.name, place.shape.id, version)
        grid.date1904 = package.date1904
        rows = book.rows(place.sheet)
        header = _header(rows, place)
        if place.table and place.table.totals_row:
            grid.warnings.append(("file-totals-row", {"row": place.table.totals_row}))
            rows = rows[: place.table.totals_row - 1]
        grid.fill(rows, header, place.shape)
        visible = {sheet.name: sheet for sheet in package.sheets if sheet.visible}
        grid.warnings += look_alikes(list(visible), grid.sheet, lambda name: book.rows(visible[name]), place.shape)
        _add_hidden_facts(grid, book.facts(place.sheet))
        return grid


def _add_hidden_facts(grid: Grid, facts: HiddenFacts) -> None:
    """Marks and hidden rows, from the sheet's XML."""
    first, last = grid.header_row + 1, grid.header_row + grid.height
    grid.marks += [mark for mark in facts.marks if first <= mark[0] and (mark[0] <= last or mark[2] in _ALWAYS)]
    grid.marks += facts.merged(first, last)
    grid.hidden = [row for row in facts.hidden if first <= row <= last]


def _identity(package: Package, shapes: Sequence[Shape], wanted: str | None) -> tuple[Shape | None, int | None]:
    """The template that the file itself names (properties, defined names, table names) and its version."""
    by_id = {shape.id: shape for shape in shapes}
    told, version = package.identity()
    if told is None and package.report() == CONTROL_WORKBOOK:
        raise Unreadable("file-control-workbook")
    if told is None:
        tables = {table.name.casefold() for table in package.tables()}
        told = next((shape.id for shape in shapes if shape.table in tables), None)
    if told is None:
        return None, None
    if told not in by_id:
        raise Unreadable("file-unknown-template", template=told)
    if wanted not in (None, told):
        raise Unreadable("file-other-template", was=told, wanted=wanted)
    return by_id[told], version


def _told_place(package: Package, shape: Shape) -> Place | None:
    """The sheet with the template's table, else the sheet of its name; hidden sheets are not read."""
    table = next((table for table in package.tables() if table.name.casefold() == shape.table), None)
    if table and table.sheet.visible:
        return Place(shape, table.sheet, table=table)
    named = [sheet for sheet in package.sheets if header_key(sheet.name) == header_key(shape.sheet)]
    for sheet in named:
        if sheet.visible:
            return Place(shape, sheet)
    if named or table:
        raise Unreadable("file-hidden-sheet", sheet=(named[0] if named else table.sheet).name)  # type: ignore[union-attr]
    return None


def _guessed_place(book: _Book, package: Package, shapes: Sequence[Shape], wanted: str | None) -> Place:
    """Where the data stands by headers."""
    visible = {sheet.name: sheet for sheet in package.sheets if sheet.visible}
    shape, name, header = choose(list(visible), lambda name: book.rows(visible[name]), shapes, wanted)
    return Place(shape, visible[name], header=header)


def _header(rows: Sequence[Sequence[Any]], place: Place) -> int:
    """The header's position: the table's first row, else the row among the first ten that matches best."""
    if place.header is not None:
        return place.header
    if place.table and place.table.header_row <= len(rows):
        position = place.table.header_row - 1
        if place.shape.match(texts([rows[position]])[0]).columns:
            return position
    found = find_header(texts(rows[:HEADER_ROWS]), place.shape)
    if found is None:
        raise Unreadable("file-no-header", sheet=place.sheet.name)
    return found


class _Book:
    """The fast reader's side of the file. Sheets are kept, so that one looked at is not parsed twice."""

    def __init__(self, path: str, package: Package, most_rows: int) -> None:
        try:
            self._book = CalamineWorkbook.from_path(path)
        except CalamineError:
            raise Unreadable("file-damaged", reason="its parts don't fit together") from None
        self._package = package
        self._most_rows = most_rows
        self._rows: dict[str, list[list[Any]]] = {}
        self._facts: dict[str, HiddenFacts] = {}

    @cached_property
    def _styles(self) -> tuple[dict[int, str], dict[int, str]]:
        return self._package.styles()

    def facts(self, sheet: SheetPart) -> HiddenFacts:
        """What only the sheet's XML tells; refused where the fast reader would read it wrong or give up. The XML itself
        is let go before the cells are read, for both are large."""
        if sheet.name not in self._facts:
            data = self._package.read(sheet.path)
            if data is None:
                raise Unreadable("file-damaged", reason=f"the part {sheet.path} is missing")
            xml = SheetXml(data)
            xml.refuse_disorder()
            xml.refuse_broken_texts()
            xml.refuse_too_many_rows(self._most_rows + HEADER_ROWS)
            xml.refuse_unknown_errors()
            self._facts[sheet.name] = xml.facts(*self._styles, never_calculated=self._package.never_calculated)
        return self._facts[sheet.name]

    def rows(self, sheet: SheetPart) -> list[list[Any]]:
        """All rows from row 1 on, all columns from A on."""
        if sheet.name not in self._rows:
            self.facts(sheet)
            try:
                found = self._book.get_sheet_by_name(sheet.name)
                self._rows[sheet.name] = list(_rows_of(found))
            except CalamineError as error:
                raise Unreadable("file-damaged", reason=f"its cells can't be read ({str(error)[:100]})") from None
        return self._rows[sheet.name]


def _rows_of(sheet: CalamineSheet) -> Iterator[list[Any]]:
    """Rows from A1 on. Sizes, colours, brands come again and again: of equal texts one is kept, and the others are let
    go row by row, so that they are never there together."""
    before = [""] * (sheet.start or (0, 0))[1]
    known: dict[str, str] = {}
    for row in sheet.iter_rows():
        if len(known) > _KNOWN_TEXTS:
            known.clear()
        yield before + [known.setdefault(value, value) if type(value) is str else value for value in row]
