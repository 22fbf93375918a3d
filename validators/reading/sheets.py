"""From a child's grid, or from rows of JSON, to a raw sheet: names for columns, numbers for rows, blank rows out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from validators.extracting.addresses import letters
from validators.extracting.grid import Grid
from validators.extracting.headers import TOOLS, Match, Shape
from validators.messages import Finding
from validators.reading.raw import Mark, RawColumn, RawSheet, SheetFacts
from validators.workbooks import Workbook


def shape_of(workbook: Workbook) -> Shape:
    """What the reading side needs to know of a workbook."""
    columns = [(column.name, column.title, column.required) for column in workbook.columns]
    return Shape(workbook.id, workbook.sheet, columns)


def from_grid(grid: Grid, workbook: Workbook) -> RawSheet:
    """The raw sheet of a file."""
    match = shape_of(workbook).match(grid.headers)
    columns = {position: RawColumn(letters(position), list(values)) for position, values in grid.columns.items()}
    numbers = list(range(grid.header_row + 1, grid.header_row + 1 + grid.height))
    _add_marks(grid, columns)
    raw = _named(workbook, match, columns, numbers)
    raw.kind, raw.sheet, raw.header_row = grid.kind, grid.sheet, grid.header_row
    raw.decimal_comma, raw.date1904 = grid.decimal_comma, grid.date1904
    raw.last_letter = letters(max((p for p, header in enumerate(grid.headers) if header.strip()), default=0))
    raw.findings = [*_version_findings(grid.version, workbook, match), *_told(grid), *raw.findings]
    _drop_blank_rows(raw)
    _tell_hidden(raw, grid.hidden)
    return _checked_for_rows(raw)


def from_rows(
    workbook: Workbook,
    rows: Sequence[Mapping[str, Any]],
    first_row: int = 2,
    sheet: str | None = None,
    facts: SheetFacts | None = None,
) -> RawSheet:
    """The raw sheet of rows sent as JSON: keys are names or titles, `first_row` is where the first one stands.

    Letters are those of a template, unless the rows carry the tools' columns: then they are a sheet's own rows, and
    their keys stand in the sheet's order. `facts` are what a sheet knows beside its values, so that its rows are
    judged as its file would be.
    """
    facts = facts or SheetFacts()
    rows = _one_key_each(workbook, rows)
    keys = list(dict.fromkeys(key for row in rows for key in row))
    match = shape_of(workbook).match(keys)
    places = _letters(workbook, keys, match)
    columns = {
        position: RawColumn(places[position], [row.get(keys[position], "") for row in rows])
        for position in match.wanted
    }
    for column in columns.values():
        _mark_structures(column)
    _mark_told({keys[position]: column for position, column in columns.items()}, facts, first_row)
    raw = _named(workbook, match, columns, list(range(first_row, first_row + len(rows))))
    raw.kind, raw.sheet, raw.header_row = "json", sheet or workbook.sheet, first_row - 1
    raw.last_letter = max(places.values(), key=lambda letter: (len(letter), letter), default="A")
    raw.findings = raw.findings if keys else []  # no rows at all is said below, in better words
    raw.findings = [*_version_findings(facts.version, workbook, match), *raw.findings]
    _drop_blank_rows(raw)
    _tell_hidden(raw, facts.hidden)
    return _checked_for_rows(raw)


def _one_key_each(workbook: Workbook, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Where some rows name a column by its key and others by its title, they mean the same column. A row that does
    both keeps both, to be refused."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    doubled = shape_of(workbook).match(keys).doubled
    other = {keys[position]: keys[positions[0]] for positions in doubled.values() for position in positions[1:]}
    if not other or any(key in row and first in row for row in rows for key, first in other.items()):
        return rows
    return [{other.get(key, key): value for key, value in row.items()} for row in rows]


def _letters(workbook: Workbook, keys: list[str], match: Match) -> dict[int, str]:
    """Position among the keys -> letter of the column in the sheet the rows came from."""
    if match.tools:
        return {position: letters(position) for position in range(len(keys))}
    own = {column.name: letters(position) for position, column in enumerate(workbook.columns)}
    return {position: own[name] for name, position in match.columns.items()} | {
        position: letters(len(own) + list(TOOLS.values()).index(tool)) for tool, position in match.tools.items()
    }


def _mark_structures(column: RawColumn) -> None:
    """A list or an object is no cell's value."""
    for index, value in enumerate(column.values):
        if not isinstance(value, str | int | float | bool | None):
            column.values[index] = ""
            column.marks[index] = Mark("structure", type(value).__name__)


def _mark_told(columns: Mapping[str, RawColumn], facts: SheetFacts, first_row: int) -> None:
    """Marks that came beside the values, by header; those of no cell that was sent mean nothing."""
    for row, header, kind in facts.marks:
        column = columns.get(header)
        if column is not None and 0 <= row - first_row < len(column.values):
            column.marks.setdefault(row - first_row, Mark(kind, str(column.values[row - first_row])))


def _tell_hidden(raw: RawSheet, hidden: Iterable[int]) -> None:
    """Hidden rows are read like all others; that there were some is said."""
    if count := len(set(hidden) & set(raw.row_numbers)):
        raw.findings.append(Finding("file-hidden-rows", facts={"count": count}))


def _add_marks(grid: Grid, columns: dict[int, RawColumn]) -> None:
    """Marks to their columns, by index; a mark below the last value makes its row exist."""
    first = grid.header_row + 1
    for row, position, kind, text in grid.marks:
        column = columns.get(position)
        if column is not None and 0 <= row - first < len(column.values):
            column.marks[row - first] = Mark(kind, text)


def _named(workbook: Workbook, match: Match, columns: dict[int, RawColumn], numbers: list[int]) -> RawSheet:
    """Columns under their names, with what the headers left to say."""
    inputs = {column.name for column in workbook.inputs}
    raw = RawSheet(workbook, "", "", 0, numbers, {})
    raw.columns = {name: columns[at] for name, at in match.columns.items() if name in inputs and at in columns}
    raw.letters = {name: columns[at].letter for name, at in match.columns.items() if at in columns}
    raw.status, raw.message, raw.version = (
        columns[match.tools[tool]] if tool in match.tools else None for tool in ("status", "message", "version")
    )
    raw.findings = list(_header_findings(workbook, match))
    return raw


def _header_findings(workbook: Workbook, match: Match) -> Iterable[Finding]:
    titles = {column.name: column.title for column in workbook.columns}
    for name, positions in match.doubled.items():
        places = ", ".join(letters(position) for position in positions)
        yield Finding("file-doubled-column", column=name, facts={"column": titles[name], "places": places})
    for name in match.missing:
        yield Finding("file-missing-column", column=name, facts={"column": titles[name]})
    if match.unknown:
        yield Finding("file-unknown-columns", facts={"columns": ", ".join(match.unknown.values())})


def _told(grid: Grid) -> Iterable[Finding]:
    """What the child had to say; columns that hold cells under no header are one finding."""
    unheaded = [letters(facts["position"]) for code, facts in grid.warnings if code == "unheaded"]
    if unheaded:
        names = ", ".join(f"column {letter} (it has no header)" for letter in unheaded)
        yield Finding("file-unknown-columns", facts={"columns": names})
    yield from (Finding(code, facts=facts) for code, facts in grid.warnings if code != "unheaded")


def _version_findings(version: int | None, workbook: Workbook, match: Match) -> Iterable[Finding]:
    """A file made with another version of the template is not read as if it were this one."""
    if version is None or version == workbook.version:
        return
    added = [column.title for column in workbook.columns if column.name not in match.columns]
    parts = []
    if added:
        parts.append(f"new or renamed: {', '.join(added)}")
    if match.unknown:
        parts.append(f"no longer there: {', '.join(match.unknown.values())}")
    facts = {
        "was": version,
        "now": workbook.version,
        "changes": "; ".join(parts) or "what its columns take has changed",
    }
    yield Finding("file-old-template" if version < workbook.version else "file-new-template", facts=facts)


def _drop_blank_rows(raw: RawSheet) -> None:
    """Rows without any input cell are left out; what the tools wrote does not make a row (WB-10)."""
    columns = list(raw.columns.values())
    if any(_is_full(column) for column in columns):
        return
    filled = _filled(columns, len(raw))
    place = {old: new for new, old in enumerate(filled)}
    raw.row_numbers = [raw.row_numbers[index] for index in filled]
    for column in [*columns, raw.status, raw.message, raw.version]:
        if column is not None:
            column.values = [column.values[index] for index in filled]
            column.marks = {place[index]: mark for index, mark in column.marks.items() if index in place}


def _is_full(column: RawColumn) -> bool:
    """Whether the column proves by itself that no row is blank."""
    return not any(map(_is_blank, column.values))


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _filled(columns: list[RawColumn], rows: int) -> list[int]:
    """Indexes of the rows with an input cell, or with an error or a formula in one."""
    filled: set[int] = set()
    for column in columns:
        filled.update(index for index, value in enumerate(column.values) if not _is_blank(value))
        filled.update(index for index, mark in column.marks.items() if mark.kind in ("error", "formula", "structure"))
    return [index for index in range(rows) if index in filled]


def _checked_for_rows(raw: RawSheet) -> RawSheet:
    """A file in which no row was found is an error in words, never 'nothing changed'."""
    if not raw.row_numbers and not raw.stopped:
        raw.findings.append(Finding("file-empty", facts={"sheet": raw.sheet}))
    return raw
