"""Rows that turn out to be of one key, or the same line, once blanks mean the default warehouse (WB-14, STK-12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from server.db.base import fold
from server.uploads.rows import Rows
from validators.columns import Reference
from validators.messages import Finding
from validators.workbooks import SameKey


def same_by_default(rows: Rows) -> Iterator[Finding]:
    """A finding on every row whose key another row has too, one of them by leaving its warehouse blank; where rows add
    up, a warning on the later one of two that are alike in all else.

    What was written out on both rows was found before, when nothing was known of the records.
    """
    workbook = rows.workbook
    warehouse = next((c.name for c in workbook.columns if c.key and c.reference is Reference.WAREHOUSE), None)
    if warehouse is None or None not in rows.values[warehouse]:
        return
    adds_up = workbook.same_key is SameKey.ADDS_UP
    for numbers in _alike(rows, [c.name for c in workbook.inputs] if adds_up else workbook.key):
        blank = {number for number in numbers if rows.value(warehouse, number) is None}
        if not blank or len(blank) == len(numbers):
            continue
        if adds_up:
            first = numbers[0]
            later = (number for number in numbers if (number in blank) is not (first in blank))
            yield Finding("same-line", next(later), workbook.key[0], {"other": first})
            continue
        for number in numbers:
            other = next(one for one in numbers if (one in blank) is not (number in blank))
            yield Finding("same-key-default", number, workbook.key[0], {"other": other, "what": warehouse})


def _alike(rows: Rows, columns: Sequence[str]) -> Iterator[list[int]]:
    """Rows that say the same in these columns, records by their numbers; a record that is unknown is like no other."""
    needed = {name for name in columns if rows.workbook.by_name[name].key}
    parts = [_comparable(rows, name) for name in columns]
    places: dict[tuple[object, ...], list[int]] = {}
    for number, *line in zip(rows.numbers, *parts, strict=True):
        if not any(part is None for part, name in zip(line, columns, strict=True) if name in needed):
            places.setdefault(tuple(line), []).append(number)
    return (numbers for numbers in places.values() if len(numbers) > 1)


def _comparable(rows: Rows, name: str) -> Sequence[object]:
    if name in rows.ids:
        return rows.ids[name]
    means = rows.workbook.by_name[name].blank_means
    return [_folded(means if value is None else value) for value in rows.values[name]]


def _folded(value: object) -> object:
    if isinstance(value, list | tuple):
        return tuple(map(_folded, value))
    return fold(value) if isinstance(value, str) else "" if value is None else value
