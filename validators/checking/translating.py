"""Pandera's table of failures -> findings at cells, each with the facts its sentence needs."""

from __future__ import annotations

from typing import Any

import pandas as pd

from validators.columns import Column
from validators.messages import CODES, Finding
from validators.workbooks import Workbook


def findings_of(failures: pd.DataFrame, workbook: Workbook) -> list[Finding]:
    """One finding per failed cell. `failures` is `SchemaErrors.failure_cases`.

    Every check carries a code of ours as its error; anything else is a mistake of a schema, so it is raised.
    """
    table = zip(failures["column"], failures["check"], failures["index"], failures["failure_case"], strict=True)
    found = []
    for name, check, row, value in table:
        column = workbook.by_name.get(str(name))
        assert column is not None and check in CODES and row is not None, f"{workbook.id}: {name} {check} {value}"
        found.append(Finding(str(check), int(row), column.name, facts_of(str(check), column, value)))
    return found


def facts_of(check: str, column: Column, value: Any) -> dict[str, Any]:
    """The value and the limit it passed."""
    facts: dict[str, Any] = {"value": value, "limit": column.max_length}
    if check == "number-too-small":
        facts["limit"] = column.minimum
    elif check == "number-too-large":
        facts["limit"] = column.maximum
    elif check == "text-too-long":
        facts["length"] = len(value)
    return facts
