"""Rules about the rows of one workbook, shared by the schemas. Pure: a typed frame in, findings out.

A rule is asked about whatever is in the file, so any value may be missing; an emptied one (#CLEAR) is missing too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from validators.columns import name_and_percentage
from validators.messages import Finding
from validators.values.hygiene import sku_warnings
from validators.workbooks import RowRule


def same_within(group: str, *columns: str) -> RowRule:
    """A rule that `columns`, where given, agree on all rows of a `group` (a combination's title, CAT-6)."""

    def rule(frame: pd.DataFrame) -> list[Finding]:
        return [finding for column in columns for finding in _disagreements(frame, group, column)]

    return rule


def at_most_one_yes(column: str) -> RowRule:
    """A rule that `column` says yes on one row at most (the default warehouse, WH-1)."""

    def rule(frame: pd.DataFrame) -> list[Finding]:
        rows = [row for row, (value,) in _values(frame, column) if value]
        others = [rows[0] if row != rows[0] else rows[1] for row in rows] if len(rows) > 1 else []
        return [
            Finding("second-default", row, column, {"other": other}) for row, other in zip(rows, others, strict=False)
        ]

    return rule


def sku_hygiene(frame: pd.DataFrame) -> list[Finding]:
    """Warnings about new SKUs that are awkward in themselves (CAT-2)."""
    return [
        Finding(code, row, "sku", facts) for row, (sku,) in _values(frame, "sku") for code, facts in sku_warnings(sku)
    ]


def sku_is_another_code(frame: pd.DataFrame) -> list[Finding]:
    """Warnings about SKUs that equal a GTIN or a model number anywhere in the file (CAT-2)."""
    gtins = {_folded(gtin) for _, (several,) in _values(frame, "gtins") for gtin in several}
    models = {_folded(model) for _, (model,) in _values(frame, "model_number")}
    kinds = [(code, others) for code, others in (("sku-is-gtin", gtins), ("sku-is-model", models)) if others]
    skus = ((row, _folded(sku)) for row, (sku,) in _values(frame, "sku"))
    return [Finding(code, row, "sku") for row, sku in skus for code, others in kinds if sku in others]


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
        if _folded(priority) not in {_folded(name_and_percentage(store)[0]) for store in stores}
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
    missing = frame[list(columns)].isna().any(axis=1).tolist()
    values = zip(*(frame[column].tolist() for column in columns), strict=True)
    yield from ((row, some) for row, some, gap in zip(frame.index.tolist(), values, missing, strict=True) if not gap)


def _folded(value: Any) -> str:
    return str(value).strip().casefold()
