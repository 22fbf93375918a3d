"""Rows against what exists: unchanged, changed from what to what, or a conflict (WB-4, WB-5). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from server.uploads.rows import Rows, plain, plain_column, same_record, version_of
from validators.columns import CLEAR
from validators.messages import Finding, Severity


class Change(NamedTuple):
    """One value before and after."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Existing:
    """A record as it is: its editable values by column name. `versioned`: what its row version is made of, where that
    is more than the row's own values (a combination: its whole recipe)."""

    values: Mapping[str, Any]
    versioned: Mapping[str, Any] | None = None
    id: int | None = None


@dataclass
class Plan:
    """What applying these rows would do. `figures`: how on hand would change by (warehouse, SKU), for the preview of
    what stores would show (PSH-12). `work`: whatever the handler needs to apply it. `sets`: columns whose values are
    all new, where every row makes a record; those changes are told from the rows, for there are many."""

    rows: Rows
    findings: list[Finding] = field(default_factory=list)
    changes: dict[int, list[Change]] = field(default_factory=dict)
    unchanged: set[int] = field(default_factory=set)
    figures: dict[tuple[int, int], int] = field(default_factory=dict)
    work: Any = None
    sets: Sequence[str] = ()

    def set_values(self, numbers: Sequence[int]) -> Iterator[Sequence[Any]]:
        """What these rows set, in turn: the values of the columns `sets`; nothing for a row without a place here."""
        columns = [plain_column(self.rows.values[name]) for name in self.sets]
        values = dict(zip(self.rows.numbers, zip(*columns, strict=True), strict=True))
        return (values.get(number, ()) for number in numbers)

    @property
    def bad_rows(self) -> set[int]:
        """Rows with an error or a conflict."""
        return {f.row for f in self.findings if f.row is not None and f.severity is not Severity.WARNING}

    @property
    def changing(self) -> list[int]:
        """Row numbers that have something to apply, in order."""
        return [number for number in self.rows.numbers if number not in self.unchanged]


def plan_records(rows: Rows, existing: Sequence[Existing | None]) -> Plan:
    """The plan of a workbook that sets records: what each row changes, and which rows are conflicts.

    An empty cell leaves its value alone, `#CLEAR` empties it (CAT-5). A row without a record lists what it sets.
    """
    plan = Plan(rows)
    columns = [
        (column, plain_column(rows.values[column.name]), rows.cleared.get(column.name, frozenset()))
        for column in rows.workbook.columns
        if not column.info and not column.key
    ]
    for place, (number, record) in enumerate(zip(rows.numbers, existing, strict=True)):
        before = record.values if record else {}
        changes: list[Change] = []
        for column, values, cleared in columns:
            if column.name not in before and not column.editable:
                continue
            if number in cleared:
                new = None
            elif (new := values[place]) is None:
                continue
            old = plain(before.get(column.name))
            if (old or None) != (new or None) or (old is None) != (new is None):
                changes.append(Change(column.name, old, new))
        if changes:
            plan.changes[number] = changes
        elif record is not None:
            plan.unchanged.add(number)
    plan.findings += check_versions(rows, existing, plan.changes)
    return plan


def plan_new(rows: Rows) -> Plan:
    """The plan of a workbook whose rows make records: each sets what it gives."""
    plan = Plan(rows, sets=[column.name for column in rows.workbook.editable])
    plan.findings += check_versions(rows, [None] * len(rows), {})
    return plan


def check_versions(
    rows: Rows, existing: Sequence[Existing | None], changes: Mapping[int, Sequence[Change]]
) -> list[Finding]:
    """WB-4: a row downloaded with data whose record changed meanwhile is a conflict that shows both values."""
    if not any(rows.versions):
        return []
    key_columns = list(rows.workbook.key)
    found: list[Finding] = []
    for place, number in enumerate(rows.numbers):
        given = rows.versions[place]
        if not given:
            continue
        key = version_key(rows, place, key_columns)
        record = existing[place]
        now = version_of(key, _versioned(record)) if record else version_of(key, {})
        if given == now:
            continue
        if not same_record(given, now):
            found.append(Finding("version-other-key", number, key_columns[0]))
        elif record is None:
            found.append(Finding("conflict-gone", number, key_columns[0]))
        else:
            found += _conflicts(rows, place, record, changes.get(number, ()))
    return found


def version_key(rows: Rows, place: int, key_columns: Sequence[str]) -> list[Any]:
    """What identifies a row, for its version: the record's id where the column is a reference, else the folded code."""
    key: list[Any] = []
    for name in key_columns:
        ids = rows.ids.get(name)
        value = rows.values[name][place]
        key.append(ids[place] if ids and ids[place] is not None else (value or "").strip().casefold())
    return key


def _versioned(record: Existing) -> Mapping[str, Any]:
    return record.versioned if record.versioned is not None else record.values


def _conflicts(rows: Rows, place: int, record: Existing, changes: Sequence[Change]) -> list[Finding]:
    """Both values, at each cell that differs from what is there now; at the key where no cell of the row differs.

    Whether it was the row or the record that moved away from the download is told where the version can tell: a row
    that still says what it said then was not touched by anybody.
    """
    number = rows.numbers[place]
    if not changes and not rows.workbook.together and not rows.workbook.posts_stock:
        return []  # the record says what the row says: applied already, whoever did it (WB-13)
    # Of a recipe, what the row says depends on its other rows; of stock, 9 that were counted while 10 were there are 8
    # once another was sold.
    if not changes:
        shown = "; ".join(f"{_title(rows, name)} {_words(value)}" for name, value in record.values.items())
        return [Finding("conflict-elsewhere", number, rows.workbook.key[0], {"now": shown})]
    code = "conflict-untouched" if _is_untouched(rows, place, record) else "conflict"
    return [
        Finding(
            code,
            number,
            change.field,
            {"now": _words(change.before), "yours": CLEAR if change.after is None else _words(change.after)},
        )
        for change in changes
    ]


def _is_untouched(rows: Rows, place: int, record: Existing) -> bool:
    """Whether the row's own values are those it was downloaded with. Not to be told where a version is made of more
    than the row."""
    if record.versioned is not None:
        return False
    key = version_key(rows, place, list(rows.workbook.key))
    given = {name: rows.values[name][place] for name in record.values}
    return version_of(key, given) == rows.versions[place]


def _title(rows: Rows, name: str) -> str:
    column = rows.workbook.by_name.get(name)
    return column.title if column else name


def _words(value: Any) -> Any:
    value = plain(value)
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(str(item) for item in value)
    return value
