"""Sheets beside the one that is read which look like it: rows that people may have meant to hand in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from validators.extracting.grid import header_text
from validators.extracting.headers import HEADER_ROWS, NEVER_DATA, Shape, find_header
from validators.extracting.refusing import Unreadable

#: How many other sheets are looked at, and how many rows of each.
_SHEETS, LOOKED_AT = 10, 200


def look_alikes(
    names: Sequence[str], read: str, rows_of: Callable[[str], Sequence[Sequence[Any]]], shape: Shape
) -> list[tuple[str, dict[str, Any]]]:
    """A warning that names the visible sheets with the same headers and rows below them; none where there are none.

    `rows_of` gives a sheet's rows from row 1 on; a sheet that can't be read is not one that was meant.
    """
    others = [name for name in names if name != read and name.strip().casefold() not in NEVER_DATA][:_SHEETS]
    found = list(_alike(others, rows_of, shape))
    if not found:
        return []
    return [("file-other-sheets", {"read": read, "sheets": _listed(found)})]


def _alike(names: Sequence[str], rows_of: Callable[[str], Sequence[Sequence[Any]]], shape: Shape) -> Iterator[str]:
    for name in names:
        try:
            rows = rows_of(name)[:LOOKED_AT]
        except Unreadable:
            continue
        head = [[header_text(value) for value in row] for row in rows[:HEADER_ROWS]]
        position = find_header(head, shape)
        if position is None:
            continue
        match = shape.match(head[position])
        columns = match.columns.values()
        if match.whole and any(row[at] not in ("", None) for row in rows[position + 1 :] for at in columns):
            yield name


def _listed(names: Sequence[str]) -> str:
    *most, last = (f"'{name}'" for name in names)
    return f"{', '.join(most)} and {last}" if most else last
