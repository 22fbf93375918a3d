"""The control workbook as the server tells it: named cells and tables with the values just as they go into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from addin.client.sheet import header_key

#: What a workbook's `_report` says where it is this one.
CONTROL = "control"


@dataclass(frozen=True)
class NamedCell:
    """The cell of a defined name."""

    name: str
    format: str
    value: Any


@dataclass(frozen=True)
class Column:
    """A column of a table: its header, and the number format of its cells."""

    title: str
    format: str


@dataclass(frozen=True)
class NamedTable:
    """A table and all the rows that it is to have; there is always one."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]

    def placed(self, headers: Sequence[str]) -> list[tuple[int, Column, list[Any]]]:
        """Where each column stands under these headers (from 0), and its values; those that are gone are left out."""
        places = {header_key(header): place for place, header in reversed(list(enumerate(headers)))}
        return [
            (places[header_key(column.title)], column, [row[number] for row in self.rows])
            for number, column in enumerate(self.columns)
            if header_key(column.title) in places
        ]


@dataclass(frozen=True)
class Control:
    """What the workbook says at a moment; `said`: in a sentence."""

    said: str
    cells: Sequence[NamedCell]
    tables: Sequence[NamedTable]


@dataclass(frozen=True)
class Written:
    """Titles of the tables that were left as they are because something stands below them, and of those not found."""

    blocked: Sequence[str] = ()
    gone: Sequence[str] = ()


def read_control(answer: Mapping[str, Any]) -> Control:
    """The server's JSON."""
    return Control(
        str(answer["said"]),
        [NamedCell(str(each["name"]), str(each["format"]), each["value"]) for each in answer["cells"]],
        [
            NamedTable(
                str(each["name"]),
                str(each["title"]),
                [Column(str(column["title"]), str(column["format"])) for column in each["columns"]],
                each["rows"],
            )
            for each in answer["tables"]
        ],
    )
