"""Which sheet and which template, by headers, in a file that does not say: .csv, .ods, .xls and workbooks re-made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from validators.extracting.grid import header_text
from validators.extracting.headers import HEADER_ROWS, NEVER_DATA, Shape, find_header, header_key, identify
from validators.extracting.refusing import Unreadable

#: How many visible sheets are looked at where the file does not say which one holds the data.
_SHEETS_TRIED = 20

Rows = Sequence[Sequence[Any]]


def choose(
    names: Sequence[str], rows_of: Callable[[str], Rows], shapes: Sequence[Shape], wanted: str | None
) -> tuple[Shape, str, int]:
    """Template, sheet name and header position of the first sheet that fits. Raises Unreadable where none does.

    `wanted` is the template that the caller or the file names; `rows_of` gives a sheet's rows from row 1 on.
    """
    allowed = [shape for shape in shapes if wanted in (None, shape.id)]
    if not allowed:
        raise Unreadable("file-unknown-template", template=wanted)
    for name in _candidates(names, allowed):
        head = texts(rows_of(name)[:HEADER_ROWS])
        found, position = identify(head, allowed, name)
        if len(found) > 1:
            raise Unreadable(
                "file-ambiguous-template", candidates=", ".join(f"{shape.sheet} ({shape.id})" for shape in found)
            )
        if found:
            return found[0], name, position
        nearest = find_header(head, allowed[0]) if wanted else None
        if nearest is not None:  # a required column is missing: said later, by its name
            return allowed[0], name, nearest
    if wanted:
        raise Unreadable("file-no-header", sheet=allowed[0].sheet)
    raise Unreadable("file-no-template")


def texts(rows: Rows) -> list[list[str]]:
    """The first rows as headers are compared."""
    return [[header_text(value) for value in row] for row in rows]


def _candidates(names: Sequence[str], shapes: Sequence[Shape]) -> list[str]:
    """Names of sheets that may hold data, those named like a workbook's sheet first."""
    known = {header_key(shape.sheet) for shape in shapes}
    usual = [name for name in names if name.strip().casefold() not in NEVER_DATA]
    return sorted(usual, key=lambda name: header_key(name) not in known)[:_SHEETS_TRIED]
