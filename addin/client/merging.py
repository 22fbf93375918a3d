"""Load current data without losing what was typed: what each row of a sheet is to hold (ADD-1, WB-4). Pure.

The server judges each row by validating the sheet: *unchanged* rows, rows that nobody touched since their download and
rows that were applied take current data; all others were typed and not applied, and stay as they are. Every row stays
where it is, so that the user's own columns beside it still belong to it; new records go below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from addin.client.http import CurrentData, Template
from addin.client.outcome import Row
from addin.client.reading import MESSAGE, STATUS, VERSION
from addin.client.sheet import Table, header_key

#: Codes of a conflict that is nobody's typing: the row still says what it said when it was downloaded, or says what
#: the record says now.
_UNTOUCHED = {"conflict-untouched", "conflict-elsewhere"}
_GONE = {"unchanged", "skipped"}
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Merged:
    """What each row is to hold, by column name, from the first on; None for a row that stays as it is. `loaded`:
    records that there are now; `kept`: rows that were typed and not applied."""

    rows: Sequence[Values | None]
    loaded: int
    kept: int


def typed_rows(verdicts: Iterable[Row]) -> set[int]:
    """Numbers of the rows that hold something typed and not applied."""
    return {row.row for row in verdicts if not _is_replaceable(row)}


def _is_replaceable(row: Row) -> bool:
    if row.status in _GONE:
        return True
    codes = {message.code for message in row.messages if message.severity == "conflict"}
    return row.status == "conflict" and bool(codes) and codes <= _UNTOUCHED


def names_of(headers: Sequence[str], template: Template) -> list[str]:
    """The column's name under each header; '' where it is the user's own, Status and Message under their titles."""
    known = {header_key(title): title for title in (STATUS, MESSAGE, VERSION)}
    known |= {header_key(str(column["title"])): str(column["name"]) for column in template.columns}
    return [known.get(header_key(header), "") for header in headers]


def merge(
    table: Table, typed: set[int], data: CurrentData, template: Template, *, default_warehouse: str = ""
) -> Merged:
    """Current data in the sheet's rows. A typed row takes only the columns shown for information; it keeps its version,
    so that a record that changed meanwhile is still told as a conflict."""
    names = names_of(table.headers, template)
    identify = _Identify(template, default_warehouse)
    current = [dict(zip(data.columns, row, strict=True)) for row in data.rows]
    records = {identify.record(row): row for row in current}
    by_version = {_version_key(row): row for row in current}
    shown = [str(column["name"]) for column in template.columns if column["read_only"]]
    given = [
        {name: value for name, value in zip(names, values, strict=False) if name and value is not None}
        for values in table.values
    ]
    claimed: set[int] = set()

    def claim(row: Values) -> Values | None:
        record = by_version.get(_version_key(row)) if row.get(VERSION) else records.get(identify.record(row))
        if record is None or id(record) in claimed:
            return None
        claimed.add(id(record))
        return record

    mine = {number: claim(row) for number, row in enumerate(given, table.first_row) if number in typed}
    rows: list[Values | None] = []
    for number, row in enumerate(given, table.first_row):
        if number in typed:
            record = mine[number]
            rows.append({**row, **{name: record[name] for name in shown}} if record else None)
        else:
            rows.append((claim(row) if _is_filled(row) else None) or {})
    while rows and rows[-1] == {}:
        rows.pop()
    rows += [record for record in current if id(record) not in claimed]
    return Merged(rows, len(current), len(typed))


class _Identify:
    """By what a row without a version finds its record: its key columns, a blank warehouse being the default one."""

    def __init__(self, template: Template, default_warehouse: str) -> None:
        self._keys = [str(column["name"]) for column in template.columns if column["key"]]
        self._blank = {
            str(column["name"]): default_warehouse for column in template.columns if column["reference"] == "warehouse"
        }

    def record(self, row: Values) -> tuple[str, ...]:
        return tuple(_folded(row.get(name)) or _folded(self._blank.get(name)) for name in self._keys)


def _is_filled(row: Values) -> bool:
    return any(name not in (STATUS, MESSAGE, VERSION) for name in row)


def _version_key(row: Values) -> str:
    """The half of a version that stands for the record."""
    return str(row.get(VERSION) or "").partition("-")[0]


def _folded(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else " ".join(str(value).split()).casefold()
