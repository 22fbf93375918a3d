"""Rules about the rows of one workbook, shared by the schemas. Pure: a typed frame in, findings out.

A rule is asked about whatever is in the file, so a column may be missing and a value may be None or #CLEAR.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Any

import pandas as pd

from validators.columns import SEPARATOR, name_and_percentage
from validators.messages import Finding
from validators.workbooks import RowRule


def same_within(group: str, *columns: str) -> RowRule:
    """A rule that `columns`, where given, agree on all rows of a `group` (a combination's title, CAT-6)."""

    def rule(frame: pd.DataFrame) -> list[Finding]:
        return [finding for column in columns for finding in _disagreements(frame, group, column)]

    return rule


def at_most_one_yes(column: str) -> RowRule:
    """A rule that `column` says yes on one row at most (the default warehouse, WH-1)."""

    def rule(frame: pd.DataFrame) -> list[Finding]:
        rows = [row for row, (value,) in _values(frame, column) if value is True or value == "yes"]
        return [Finding("same-key", row, column, {"other": rows[0]}) for row in rows[1:]]

    return rule


def not_its_own_component(frame: pd.DataFrame) -> list[Finding]:
    """A combination does not contain itself (CAT-6); longer cycles are seen when rows meet what exists."""
    return [
        Finding("combination-cycle", row, "component", {"value": component})
        for row, (combination, component) in _values(frame, "combination", "component")
        if _folded(combination) == _folded(component)
    ]


def priority_among_stores(frame: pd.DataFrame) -> list[Finding]:
    """The priority store is one of the rule's own stores, where the row names both (PSH-5)."""
    return [
        Finding("priority-outside", row, "priority_store", {"value": priority})
        for row, (priority, stores) in _values(frame, "priority_store", "stores")
        if _folded(priority) not in {_folded(name_and_percentage(store)[0]) for store in _several(stores)}
        and priority != "#CLEAR"
    ]


def _disagreements(frame: pd.DataFrame, group: str, column: str) -> Iterator[Finding]:
    first: dict[str, tuple[int, Any]] = {}
    for row, (key, value) in _values(frame, group, column):
        seen_at, seen = first.setdefault(_folded(key), (row, value))
        if seen != value:
            yield Finding("rows-disagree", row, column, {"other": seen_at, "what": group})


def _values(frame: pd.DataFrame, *columns: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Row number and values of the rows in which every one of `columns` has a value."""
    if not set(columns) <= set(frame.columns):
        return
    given = frame.loc[frame[list(columns)].notna().all(axis=1), list(columns)]
    for row, *values in given.itertuples(index=True, name=None):
        yield _row_number(row), tuple(values)


def _row_number(index: Hashable) -> int:
    assert isinstance(index, int), "a typed frame is indexed by the sheet's row numbers"
    return index


def _several(value: Any) -> Iterable[str]:
    """The values of a CODES cell, whether it has been split already or not."""
    return value.split(SEPARATOR) if isinstance(value, str) else value


def _folded(value: Any) -> str:
    return str(value).strip().casefold()
