"""What Excel itself checks while people type: one data validation per column, from the column's declaration.

Excel checks typing only; pasted cells meet the same rules again when the workbook is handed in. Where a value
must exist in the team's records the rule warns rather than stops: the list is as old as the download.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from validators.columns import CLEAR, Column, Kind
from validators.writing import wording

#: Excel's own limits (characters).
TITLE_LIMIT, PROMPT_LIMIT, ERROR_LIMIT, FORMULA_LIMIT = 32, 255, 225, 255
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


def entry_rule(column: Column, *, first: str, reach: str, list_name: str | None, unique: bool) -> dict[str, Any]:
    """The XlsxWriter data validation of a column.

    `first` is the address of the column's first data cell, `reach` its whole range as an absolute address,
    `list_name` the defined name of its drop-down, if any. `unique`: the value may stand once in the column.
    """
    rule = _rule(column, first, reach, list_name, unique)
    rule |= {
        "ignore_blank": True,
        "input_title": column.header[:TITLE_LIMIT],
        "input_message": wording.prompt(column),
        "error_title": column.title[:TITLE_LIMIT],
        "error_message": _complaint(column, unique, list_name)[:ERROR_LIMIT],
    }
    if list_name and column.reference:
        rule["error_type"] = "warning"
    return rule


def _rule(column: Column, first: str, reach: str, list_name: str | None, unique: bool) -> dict[str, Any]:
    if column.info:
        return {"validate": "any"}
    if list_name:
        return {"validate": "list", "source": f"={list_name}"}
    if column.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.PERCENT):
        return _number(column, first)
    if column.kind is Kind.DATE:
        return {"validate": "date", "criteria": "between", "minimum": _FIRST_DAY, "maximum": _LAST_DAY}
    if unique:  # SUMPRODUCT compares texts whole; COUNTIF takes long codes for numbers and compares 15 digits
        once = f"=AND(LEN({first})<={column.max_length},SUMPRODUCT(--({reach}={first}))=1)"
        return {"validate": "custom", "value": once}
    return {"validate": "length", "criteria": "<=", "value": column.max_length}


def _number(column: Column, first: str) -> dict[str, Any]:
    low, high = column.minimum, column.maximum
    assert low is not None and high is not None, f"{column.name} is a number without limits"
    if column.clearable or column.kind is Kind.PERCENT:
        return {"validate": "custom", "value": _number_formula(column, first)}
    whole = "integer" if column.kind is Kind.INTEGER else "decimal"
    return {"validate": whole, "criteria": "between", "minimum": _plain(low), "maximum": _plain(high)}


def _number_formula(column: Column, first: str) -> str:
    """A number within limits, or #CLEAR where allowed; a percentage is never a fraction of one (WB-15)."""
    tests = [f"{first}>={column.minimum}", f"{first}<={column.maximum}"]
    if column.kind is Kind.INTEGER:
        tests.append(f"{first}=INT({first})")
    if column.kind is Kind.PERCENT:
        tests.append(f"OR({first}=0,{first}>=1)")
    otherwise = f'{first}="{CLEAR}"' if column.clearable else "FALSE"
    return f"=IF(ISNUMBER({first}),AND({','.join(tests)}),{otherwise})"


def _plain(limit: Any) -> int | float:
    return int(limit) if limit == int(limit) else float(limit)


def _complaint(column: Column, unique: bool, list_name: str | None) -> str:
    if list_name and column.reference:
        known = wording.RECORDS[column.reference]
        return f"This is not one of the {known} known when the workbook was downloaded. Use it all the same?"
    said = wording.allowed(column)
    if column.kind is Kind.PERCENT:
        said += " Write 50 for 50 %, not 0.5."
    return f"{said} The same value can't stand on two rows." if unique else said
