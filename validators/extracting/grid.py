"""What a child hands back: columns of plain values, and marks for what a plain value can't tell."""

from __future__ import annotations

import base64
import datetime as dt
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from validators.extracting.headers import Match, Shape
from validators.extracting.refusing import Unreadable

#: Between the texts of a packed column. Hardly a cell has this character, and one byte of JSON is one byte of it.
_SEPARATOR = "\x7f"

_PLAIN = {str, float, int, bool}

Mark = tuple[int, int, str, str]
"""Row as Excel shows it, column from 0, kind, text. Kinds: `MARKS`."""

#: error: text is the error's name · formula: no saved result · percent, zeros: the number format · date, time:
#: the value is ISO text · merged: part of a merged range.
MARKS = ("error", "formula", "percent", "zeros", "date", "time", "merged")


class Grid:
    """One sheet as far as it was read: `columns` are the wanted ones, below the header, blank rows included."""

    def __init__(self, kind: str, sheet: str, template: str, version: int | None = None) -> None:
        self.kind = kind
        self.sheet = sheet
        self.template = template
        self.version = version
        self.header_row = 1
        self.headers: list[str] = []
        self.columns: dict[int, Sequence[Any]] = {}
        self.marks: list[Mark] = []
        self.hidden: list[int] = []
        self.warnings: list[tuple[str, dict[str, Any]]] = []
        self.decimal_comma = False
        self.date1904 = False

    @property
    def height(self) -> int:
        """Rows below the header."""
        return max((len(values) for values in self.columns.values()), default=0)

    def fill(self, rows: Sequence[Sequence[Any]], header: int, shape: Shape) -> Match:
        """Take header and wanted columns out of a sheet's rows, which start at row 1."""
        self.header_row = header + 1
        self.headers = [header_text(value) for value in rows[header]]
        match = shape.match(self.headers)
        turned = list(zip(*rows[header + 1 :], strict=True)) or [()] * len(self.headers)
        self.columns = {position: turned[position] for position in match.wanted}
        self._name_unheaded(turned)
        return match

    def _name_unheaded(self, turned: Sequence[Sequence[Any]]) -> None:
        """A column with cells but no header is told like any unknown one."""
        for position, header in enumerate(self.headers):
            if not header.strip() and any(value not in ("", None) for value in turned[position]):
                self.warnings.append(("unheaded", {"position": position}))

    def packed(self, most_characters: int) -> dict[str, Any]:
        """As one JSON object, columns packed; dates become ISO text with a mark on the way."""
        packed: dict[str, dict[str, Any]] = {}
        for position, values in self.columns.items():
            kinds = set(map(type, values))
            if not kinds <= _PLAIN:
                values = self._without_dates(position, values)
                kinds = set(map(type, values))
            packed[str(position)] = pack(values, kinds)
        if sum(len(column.get("text", "")) for column in packed.values()) > most_characters:
            raise Unreadable("file-too-heavy")
        return {**vars(self), "columns": packed}

    def _without_dates(self, position: int, values: Sequence[Any]) -> list[Any]:
        """Only texts, numbers and booleans; what was a date or a time gets a mark."""
        plain = list(values)
        for index, value in enumerate(values):
            if isinstance(value, dt.date | dt.time | dt.timedelta):
                kind = "date" if isinstance(value, dt.date) else "time"
                plain[index] = str(value) if isinstance(value, dt.timedelta) else value.isoformat()
                self.marks.append((self.header_row + 1 + index, position, kind, plain[index]))
            elif value is None:
                plain[index] = ""
        return plain

    @classmethod
    def unpacked(cls, data: dict[str, Any]) -> Grid:
        """The grid that `packed` described."""
        grid = cls(data["kind"], data["sheet"], data["template"], data["version"])
        vars(grid).update(data)
        grid.columns = {int(position): unpack(column) for position, column in data["columns"].items()}
        grid.marks = [(row, column, kind, text) for row, column, kind, text in data["marks"]]
        return grid


def header_text(value: Any) -> str:
    """A header cell as text; a header that Excel keeps as a number loses its `.0`."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def pack(values: Sequence[Any], kinds: set[type]) -> dict[str, Any]:
    """A column as one text or one block of numbers where it is all of a kind, else as a list: 5 ms instead of 60."""
    if kinds == {str}:
        text = _SEPARATOR.join(values)
        if text.count(_SEPARATOR) == len(values) - 1:
            return {"text": text}
    if kinds == {float}:
        return {"numbers": base64.b64encode(array("d", values).tobytes()).decode("ascii")}
    return {"values": list(values)}


def unpack(column: dict[str, Any]) -> list[Any]:
    """The list that `pack` was given; of equal texts, which are many in most columns, one is kept."""
    if "text" in column:
        known: dict[str, str] = {}
        texts = column["text"].split(_SEPARATOR)
        return list(map(known.setdefault, texts, texts))
    if "numbers" in column:
        numbers = array("d")
        numbers.frombytes(base64.b64decode(column["numbers"]))
        return numbers.tolist()
    return list(column["values"])


def even(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Rows of one width, as `Grid.fill` wants them."""
    ragged = [list(row) for row in rows]
    width = max(map(len, ragged), default=0)
    for row in ragged:
        row += [""] * (width - len(row))
    return ragged
