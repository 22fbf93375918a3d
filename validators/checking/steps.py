"""The order of checks: cells, required values, Pandera's ranges, rows against each other, the workbook's own rules.

Each step would drown the next in noise, so each looks only at what the ones before left whole.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Any

import pandas as pd
import pandera.errors

from validators.checking.normalising import Frame, normalise
from validators.checking.translating import findings_of
from validators.columns import Column, Kind
from validators.messages import Finding, Severity
from validators.reading.raw import RawSheet
from validators.workbooks import SameKey


def check(raw: RawSheet) -> Frame:
    """A typed frame with every finding about its rows, sorted by row. File findings stay with `raw`.

    A file that is stopped as a whole (a required column is missing, nothing was read) is not looked into.
    """
    if raw.stopped:
        return normalise(_without_rows(raw))
    result = normalise(raw)
    result.findings += _missing(result)
    result.findings += _out_of_range(result)
    result.findings += _rows_together(result)
    result.findings += _lost_marks(raw)
    for rule in raw.workbook.row_rules:
        result.findings += rule(result.frame)
    order = {column.name: place for place, column in enumerate(raw.workbook.columns)}
    result.findings.sort(key=lambda finding: (finding.row or 0, order.get(finding.column or "", -1)))
    return result


def _without_rows(raw: RawSheet) -> RawSheet:
    return RawSheet(raw.workbook, raw.kind, raw.sheet, raw.header_row, [], {})


def _lost_marks(raw: RawSheet) -> Iterator[Finding]:
    """Rows that post stock and whose status cell doesn't give what it says: they may have been applied (WB-13)."""
    if raw.status is None or not raw.workbook.posts_stock:
        return
    for place, mark in raw.status.marks.items():
        if mark.kind in ("error", "formula", "merged", "structure"):
            yield Finding("status-unreadable", raw.row_numbers[place], raw.workbook.key[0])


def _missing(result: Frame) -> Iterator[Finding]:
    """Required values that are not there, save where the cell has an error of its own."""
    bad = result.bad_cells()
    for column in result.workbook.columns:
        if column.required:
            empty = result.frame.index[result.frame[column.name].isna()].tolist()
            yield from (Finding("missing", row, column.name) for row in empty if (row, column.name) not in bad)


def _out_of_range(result: Frame) -> list[Finding]:
    """What Pandera finds on the typed columns."""
    if result.frame.empty:
        return []
    try:
        result.workbook.schema.validate(_checkable(result), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        return findings_of(errors.failure_cases, result.workbook)
    return []


def _checkable(result: Frame) -> Any:
    """The columns that hold something: a check of an empty one has nothing to say."""
    return result.frame[[name for name in result.frame.columns if result.frame[name].notna().any()]]


def _rows_together(result: Frame) -> Iterable[Finding]:
    """WB-14: the same key twice is an error where a value is set; where lines add up, the same line twice warns."""
    if result.workbook.same_key is SameKey.ERROR:
        return _same_keys(result)
    return _same_lines(result)


def _same_keys(result: Frame) -> Iterator[Finding]:
    keys = row_keys(result)
    for rows in _repeated(keys, result.frame.index.tolist()):
        first, second = rows[0], rows[1]
        yield _same_key(result, first, second)
        yield from (_same_key(result, row, first) for row in rows[1:])


def _same_key(result: Frame, row: int, other: int) -> Finding:
    """Blames the key's first column. Where it is no key alone, a store on every row, the message names the others."""
    blamed, *others = result.workbook.key
    filled = [result.workbook.by_name[name].title for name in others if not pd.isna(result.frame.at[row, name])]
    if not filled:
        return Finding("same-key", row, blamed, {"other": other})
    return Finding("same-keys", row, blamed, {"other": other, "what": " and ".join(filled)})


def _same_lines(result: Frame) -> Iterator[Finding]:
    """Rows with a cell that could not be read are not compared: two different wrong values would look alike."""
    blamed = result.workbook.key[0]
    bad = {finding.row for finding in result.findings if finding.severity is Severity.ERROR}
    inputs = [_comparable(result, column) for column in result.workbook.inputs]
    rows_and_lines = zip(result.frame.index, zip(*inputs, strict=True), strict=True)
    lines = [None if row in bad else line for row, line in rows_and_lines]
    for rows in _repeated(lines, result.frame.index.tolist()):
        yield from (Finding("same-line", row, blamed, {"other": rows[0]}) for row in rows[1:])


def row_keys(result: Frame) -> list[tuple[Hashable, ...] | None]:
    """The key of every row, codes case-folded; None where a required part of it is missing."""
    workbook = result.workbook
    parts = [_comparable(result, workbook.by_name[name]) for name in workbook.key]
    needed = [place for place, name in enumerate(workbook.key) if workbook.by_name[name].required]
    keys: list[tuple[Hashable, ...] | None] = list(zip(*parts, strict=True))
    for place in needed:
        if None in parts[place]:
            keys = [None if key is None or key[place] is None else key for key in keys]
    return keys


def _comparable(result: Frame, column: Column) -> list[Any]:
    """A column's values so that equal ones compare equal: texts case-folded, dicts as sorted pairs, NA as None or as
    what an empty cell means."""
    series = result.frame[column.name]
    values: list[Any] = series.tolist()
    if column.to_the_letter:
        return values
    if column.blank_means is not None:
        values = [column.blank_means if pd.isna(value) else value for value in values]
    if column.kind in (Kind.CODE, Kind.TEXT, Kind.CHOICE):
        return [value.casefold() if value is not None else None for value in values]
    if column.kind is Kind.CODES:
        return [value and tuple(code.casefold() for code in value) for value in values]
    if column.kind is Kind.PAIRS:
        return [value and tuple(sorted(value.items())) for value in values]
    if column.kind in (Kind.INTEGER, Kind.YES_NO) and series.hasnans:
        return [None if value is pd.NA else value for value in values]
    return values


def _repeated(keys: list[Any], rows: list[int]) -> Iterator[list[int]]:
    """Lists of the rows that share a key, each at least two long, in the order of their first row."""
    if len(set(keys)) == len(keys):
        return
    places: dict[Any, list[int]] = {}
    for key, row in zip(keys, rows, strict=True):
        if key is not None:
            places.setdefault(key, []).append(row)
    yield from (found for found in places.values() if len(found) > 1)
