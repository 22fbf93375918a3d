"""Sheet: the few things that reading and painting need from any spreadsheet. Rows and columns count from 1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

_ADDRESS = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]*)", re.ASCII)


class Area(NamedTuple):
    """A rectangle of cells."""

    row: int
    column: int
    height: int = 1
    width: int = 1


class Sheet(Protocol):
    """An open sheet. Painting writes through it and decides nothing."""

    def write_texts(self, row: int, column: int, block: Sequence[Sequence[str]]) -> None:
        """A block of texts, as texts whatever they start with; an empty one empties its cell."""
        ...

    def fill(self, area: Area, colour: str | None) -> None:
        """Background of every cell of an area as RRGGBB; None takes it away."""
        ...

    def fill_of(self, row: int, column: int) -> str | None:
        """Background of one cell as RRGGBB, None where it has none."""
        ...

    def notes(self) -> Mapping[tuple[int, int], str]:
        """The text of every note on the sheet, by (row, column)."""
        ...

    def set_note(self, row: int, column: int, text: str | None) -> None:
        """The note of one cell; None takes it away."""
        ...

    def select(self, row: int, column: int) -> None:
        """Show one cell and put the cursor there."""
        ...


class Table(NamedTuple):
    """A template's rows as they stand in a sheet, blank ones included; `values` are what JSON takes, None if empty.

    `headers` start at column A. `marks`: (row, column, kind) of cells whose value does not say all. `hidden`: row
    numbers.
    """

    template: str
    version: int | None
    book: str
    sheet: str
    header_row: int
    headers: Sequence[str]
    values: Sequence[Sequence[Any]]
    marks: Sequence[tuple[int, int, str]] = ()
    hidden: Sequence[int] = ()

    @property
    def first_row(self) -> int:
        """Number of the first row below the headers."""
        return self.header_row + 1

    def column(self, *titles: str) -> int | None:
        """The place of the first column with one of these headers, from 0; None if there is none."""
        wanted = {header_key(title) for title in titles}
        return next((place for place, header in enumerate(self.headers) if header_key(header) in wanted), None)


def header_key(text: str) -> str:
    """A header as it is compared: without regard to case, blanks and the star of required ones."""
    return re.sub(r"[\s*]+", "", text).casefold()


def place(address: str) -> tuple[int, int]:
    """Row and column of an address like H5. Raises `ValueError` for what is none."""
    found = _ADDRESS.fullmatch(address.upper())
    if found is None:
        raise ValueError(f"{address!r} is no address of a cell")
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column


def letters(column: int) -> str:
    """A column's letters: 1 -> A, 28 -> AB."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def runs(rows: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending numbers as (first, last) of each stretch without a gap."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and row == found[-1][1] + 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found
