"""From a sheet's cells to the JSON that the server takes instead of the file: what was typed, and nothing decided."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from addin.client.sheet import Table, header_key

STATUS, MESSAGE, VERSION = "Status", "Message", "_version"
_TOOLS = (STATUS, MESSAGE)
_FORMAT_NOISE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
#: Zeros first and nothing but zeros, blanks or text around them.
_ZEROS = re.compile(r'(?:"[^"]*"|\\.|[ -])*0{2,}(?:"[^"]*"|\\.|[ 0-])*')


def plain_cell(value: Any) -> tuple[Any, str]:
    """A cell's value as JSON takes it, and the kind of its mark ('' for none): Excel knows dates, JSON does not."""
    if value is None or value == "":
        return None, ""
    if isinstance(value, bool | str):
        return value, ""
    if isinstance(value, Decimal):  # a cell formatted as currency
        return float(value), ""
    if isinstance(value, int | float):
        return value, ""
    if isinstance(value, dt.datetime):
        plain = value.replace(tzinfo=None)
        return plain.isoformat(), "time" if plain.year < 1900 else "date"
    if isinstance(value, dt.date):
        return value.isoformat(), "date"
    if isinstance(value, dt.time | dt.timedelta):
        return str(value), "time"
    return str(value), ""


def kind_of_format(number_format: str) -> str:
    """What a number format says of a number: `percent`, `zeros` (like 00000) or ''."""
    first = number_format.split(";")[0]
    if "%" in _FORMAT_NOISE.sub("", first):
        return "percent"
    return "zeros" if _ZEROS.fullmatch(first) else ""


def body(table: Table) -> dict[str, Any]:
    """The JSON of `POST /uploads`. The first row names every column, so that their order is known; the others leave
    empty cells out."""
    headers = with_tools(table.headers)
    keys = _keys(headers)
    width = len(table.headers)
    rows: list[dict[str, Any]] = []
    for values in table.values:
        cells = zip(keys, values, strict=False)
        rows.append({key: value for key, value in cells if value is not None})
    if rows:
        rows[0] = dict.fromkeys(keys) | rows[0]
    marks = [
        {"row": row, "column": keys[column - 1], "kind": kind} for row, column, kind in table.marks if column <= width
    ]
    return {
        "template": table.template,
        "sheet": table.sheet[:31],
        "first_row": table.first_row,
        "version": table.version,
        "rows": rows,
        "marks": marks,
        "hidden": list(table.hidden),
    }


def with_tools(headers: Sequence[str]) -> list[str]:
    """The headers, with Status and Message behind them where the sheet has lost them."""
    known = {header_key(header) for header in headers}
    return [*headers, *(title for title in _TOOLS if header_key(title) not in known)]


def unmarked(table: Table) -> Table:
    """The same rows without their Status, so that what was applied before is handed in like anything else."""
    place = table.column(STATUS)
    if place is None:
        return table
    return table._replace(values=[[*row[:place], None, *row[place + 1 :]] for row in table.values])


def fingerprint(address: str, mode: str, flags: Mapping[str, bool], sent: Mapping[str, Any]) -> str:
    """What makes a press of a button the same press: server, mode, and the sheet to the letter."""
    text = json.dumps([address, mode, dict(flags), sent], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def trimmed(rows: Sequence[Sequence[Any]], tools: Sequence[int]) -> int:
    """How many rows there are up to the last with a value outside the columns that the tools fill."""
    for count in range(len(rows), 0, -1):
        if any(value is not None for place, value in enumerate(rows[count - 1]) if place not in tools):
            return count
    return 0


def _keys(headers: Sequence[str]) -> list[str]:
    """One key per column, in their order. A column without a header gets blanks, which mean nothing to the server; a
    doubled one a blank more, so that the server sees both and says so."""
    keys: list[str] = []
    for place, header in enumerate(headers, 1):
        key = header if header.strip() else " " * place
        while key in keys:
            key += " "
        keys.append(key)
    return keys
