"""A workbook's columns as Pandera checks them. Stands apart from `columns`, which is used where no frame ever is:
what comes along with Pandera takes longer to import than most commands to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from validators.columns import Column, Kind


def schema_of(columns: Iterable[Column], *, name: str, title: str, description: str) -> pa.DataFrameSchema:
    """The Pandera schema of a typed frame with these columns."""
    return pa.DataFrameSchema(
        {column.name: _column(column) for column in columns},
        name=name,
        title=title,
        description=description,
        strict=False,
        coerce=False,
    )


def _column(column: Column) -> pa.Column:
    """Values are typed already, so nothing is coerced."""
    return pa.Column(
        nullable=True,  # a missing required value is a finding of its own, with better words
        required=False,
        coerce=False,
        checks=[*_range_checks(column), *_text_checks(column)],
        title=column.title,
        description=column.help,
        metadata={"stockbook": column},
    )


def _range_checks(column: Column) -> list[pa.Check]:
    checks: list[pa.Check] = []
    if column.minimum is not None:
        checks.append(pa.Check(_at_least(column.minimum), element_wise=False, error="number-too-small"))
    if column.maximum is not None:
        checks.append(pa.Check(_at_most(column.maximum), element_wise=False, error="number-too-large"))
    return checks


def _text_checks(column: Column) -> list[pa.Check]:
    if column.kind in (Kind.CODE, Kind.TEXT):
        return [pa.Check(_at_most_characters(column.max_length), ignore_na=True, error="text-too-long")]
    return []


def _at_least(limit: Any) -> Callable[[Any], Any]:
    return lambda series: series >= limit


def _at_most(limit: Any) -> Callable[[Any], Any]:
    return lambda series: series <= limit


def _at_most_characters(limit: int) -> Callable[[Any], Any]:
    def fits(texts: pd.Series) -> pd.Series:
        lengths = np.fromiter(map(len, texts), dtype="int64", count=len(texts))  # a tenth of the time of `str.len`
        return pd.Series(lengths <= limit, index=texts.index)

    return fits
