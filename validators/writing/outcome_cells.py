"""One cell of an outcome: what every client, and the result workbook, writes back (contract: `cells`)."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Style(enum.StrEnum):
    """The colour of a cell, by what it says."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    CONFLICT = "conflict"
    SKIPPED = "skipped"
    CLEAR = "clear"  # takes an earlier outcome's colour away


@dataclass(frozen=True, slots=True)
class Cell:
    """`value` None keeps what is in the cell; `note` None leaves it without a note."""

    sheet: str
    address: str
    value: str | int | None
    style: Style
    note: str | None = None
