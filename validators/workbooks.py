"""A workbook: which columns it has, what identifies a row, and what the same row twice means."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd
import pandera.pandas as pa

from validators.columns import Column
from validators.frames import schema_of
from validators.messages import Finding

#: Headers of the columns that the tools fill; they are never read as data.
STATUS_TITLE, MESSAGE_TITLE, VERSION_TITLE = "Status", "Message", "_version"

RowRule = Callable[[pd.DataFrame], list[Finding]]
"""Looks at the typed frame (index: row numbers as Excel shows them) and returns findings that name their column."""


class SameKey(enum.StrEnum):
    """What the same key twice in one file means (WB-14)."""

    ERROR = "error"  # the workbook sets a value: an error on both rows
    ADDS_UP = "adds_up"  # lines add up; two identical lines get a warning


@dataclass(frozen=True)
class Workbook:
    """One workbook of WB-2: the single description that template, checks, documents and API fields come from (WB-1).

    `posts_stock`: rows move stock, so an applied row carries the mark *Applied #n* and is skipped when handed in
    again (WB-13). `with_data`: may be downloaded with current data (WB-4). `together`: rows with one value in that
    column are applied all or none. `examples`: rows of column name -> cell value, shown on the example sheet, which
    must themselves pass the checks.
    """

    id: str
    title: str
    sheet: str
    version: int
    summary: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    same_key: SameKey
    posts_stock: bool = False
    with_data: bool = True
    together: str | None = None
    instructions: tuple[str, ...] = ()
    examples: tuple[Mapping[str, Any], ...] = ()
    row_rules: tuple[RowRule, ...] = field(default=())

    @property
    def table(self) -> str:
        """The name of the Excel table on the data sheet; also how an add-in finds it."""
        return f"tbl_{self.id}"

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """Columns by key."""
        return {column.name: column for column in self.columns}

    @cached_property
    def schema(self) -> pa.DataFrameSchema:
        """The Pandera schema that a typed frame of this workbook is validated against, lazily."""
        return schema_of(self.columns, name=self.id, title=self.title, description=self.summary)

    @property
    def editable(self) -> tuple[Column, ...]:
        """The columns whose values make up a row's version."""
        return tuple(c for c in self.columns if c.editable and not c.key)

    @property
    def inputs(self) -> tuple[Column, ...]:
        """The columns that are read: all but those shown for information."""
        return tuple(c for c in self.columns if not c.info)
