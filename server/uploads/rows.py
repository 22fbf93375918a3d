"""The rows of an upload as handlers meet them: typed values by column, beside Excel's row numbers. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from server.db.base import fold, tidy_decimal
from validators.columns import Column, Kind, Reference
from validators.workbooks import Workbook


@dataclass(frozen=True)
class Rows:
    """Typed rows of one workbook. Every list has one value per row, in the order of `numbers`; None is an empty cell.

    `cleared`: by column, the row numbers where `#CLEAR` stood. `versions` and `marks` are the hidden `_version` cell
    and the status cell as they came in; `emptied`: rows whose status was emptied by hand, so that an earlier outcome's
    colours are still there. `ids`: the records that `reference` columns name, where they were found.
    """

    workbook: Workbook
    numbers: Sequence[int]
    values: Mapping[str, Sequence[Any]]
    cleared: Mapping[str, frozenset[int]] = field(default_factory=dict)
    versions: Sequence[str | None] = ()
    marks: Sequence[str | None] = ()
    emptied: frozenset[int] = frozenset()
    ids: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.numbers)

    @cached_property
    def place(self) -> dict[int, int]:
        """Row number -> place in the lists."""
        return {number: place for place, number in enumerate(self.numbers)}

    def value(self, column: str, number: int) -> Any:
        """One cell's value, by row number."""
        return self.values[column][self.place[number]]

    def id(self, column: str, number: int) -> Any:
        """The record that one cell names, by row number."""
        return self.ids[column][self.place[number]]

    def without(self, numbers: Iterable[int]) -> Rows:
        """The same without some rows."""
        gone = set(numbers)
        if not gone:
            return self
        keep = [place for place, number in enumerate(self.numbers) if number not in gone]

        def kept(values: Sequence[Any]) -> list[Any]:
            return [values[place] for place in keep] if values else []

        return replace(
            self,
            numbers=kept(self.numbers),
            values={name: kept(values) for name, values in self.values.items()},
            cleared={name: rows - gone for name, rows in self.cleared.items()},
            versions=kept(self.versions),
            marks=kept(self.marks),
            ids={name: kept(values) for name, values in self.ids.items()},
        )

    def resolved(self, ids: Mapping[str, Sequence[Any]]) -> Rows:
        """The same with `ids`. The values stay, so what was worked out of them is kept."""
        found = replace(self, ids=ids)
        vars(found).update({name: vars(self)[name] for name in ("hashes", "place") if name in vars(self)})
        return found

    @cached_property
    def hashes(self) -> list[str]:
        """A short hash of each row's content, without status, message and version (WB-7, WB-13). The same record in
        another case is the same content (CAT-1)."""
        columns = [self._content(column) for column in self.workbook.inputs]
        return [hashlib.blake2b(repr(row).encode(), digest_size=8).hexdigest() for row in zip(*columns, strict=True)]

    def content(self) -> str:
        """The hash of template and rows in order: what *the same content* means in WB-7, whatever the file's bytes."""
        known = hashlib.blake2b(f"{self.workbook.id}\n".encode(), digest_size=20)
        known.update("\n".join(self.hashes).encode())
        return known.hexdigest()

    def _content(self, column: Column) -> Sequence[Any]:
        values = plain_column(self.values[column.name])
        if column.reference in _IN_ANY_CASE and column.kind is Kind.CODE:
            known = {value: fold(value) for value in set(values) if value is not None}
            values = [known.get(value) for value in values]
        if cleared := self.cleared.get(column.name):
            values = ["#CLEAR" if number in cleared else v for number, v in zip(self.numbers, values, strict=True)]
        return values


#: Records whose codes are compared without regard to case.
_IN_ANY_CASE = {Reference.MERCHANT_SKU, Reference.WAREHOUSE, Reference.SHELF, Reference.STORE}


def plain_column(values: Sequence[Any]) -> Sequence[Any]:
    """A column's values, each as `plain` has it: the column itself where nothing is to be done, and each distinct
    number or date once."""
    kinds = set(map(type, values))
    if kinds <= _AS_THEY_ARE:
        return values
    if kinds <= _DECIMALS or kinds <= _DATES:
        known = {value: plain(value) for value in set(values)}
        return [known[value] for value in values]
    if kinds <= _SEVERAL and all(type(item) is str for value in values if value for item in value):
        return [None if value is None else list(value) for value in values]
    return [plain(value) for value in values]


#: Types that are plain already; types of columns that hold few distinct values. Not mixed: 1 equals Decimal(1).
_AS_THEY_ARE = {type(None), str, int, bool}
_DECIMALS = {type(None), Decimal}
_DATES = {type(None), date}
_SEVERAL = {type(None), tuple}


def plain(value: Any) -> Any:
    """A value as JSON takes it, the same for equal values: decimals without trailing zeros, dates as ISO text."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, Decimal):
        return format(tidy_decimal(value), "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(value[key]) for key in sorted(value)}
    if isinstance(value, (tuple, list, set, frozenset)):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} is no cell value")


def version_of(key: Iterable[Any], values: Mapping[str, Any]) -> str:
    """A row's version (WB-4): a hash of its key and one of its editable values, so that a version that was copied
    under another key is told from a record that changed."""
    return f"{_short([plain(part) for part in key])}-{_short(plain(values))}"


def same_record(first: str, second: str) -> bool:
    """Whether two versions are of the same key."""
    return first.split("-")[0] == second.split("-")[0]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
