"""Rows that turn out to be of one key once blanks mean the default warehouse (WB-14, STK-12)."""

from __future__ import annotations

from collections.abc import Iterator

from server.db.base import fold
from server.uploads.rows import Rows
from validators.columns import Reference
from validators.messages import Finding
from validators.workbooks import SameKey


def same_by_default(rows: Rows) -> Iterator[Finding]:
    """A finding on every row whose key another row has too, one of them by leaving its warehouse blank.

    The same key written out on both rows was found before, when nothing was known of the records.
    """
    workbook = rows.workbook
    warehouse = next((c.name for c in workbook.columns if c.key and c.reference is Reference.WAREHOUSE), None)
    if workbook.same_key is not SameKey.ERROR or warehouse is None or None not in rows.values[warehouse]:
        return
    parts = [rows.ids.get(name) or [fold(value or "") for value in rows.values[name]] for name in workbook.key]
    places: dict[tuple[object, ...], list[int]] = {}
    for number, *key in zip(rows.numbers, *parts, strict=True):
        if None not in key:
            places.setdefault(tuple(key), []).append(number)
    for numbers in places.values():
        blank = {number for number in numbers if rows.value(warehouse, number) is None}
        if blank and len(blank) < len(numbers):
            for number in numbers:
                other = next(one for one in numbers if (one in blank) is not (number in blank))
                yield Finding("same-key-default", number, workbook.key[0], {"other": other, "what": warehouse})
