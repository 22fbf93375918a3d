"""What a report is: parameters, sheets, columns. API, command line, docs and workbook read it from here."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any, Protocol

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

Row = Sequence[Any]


class Look(enum.StrEnum):
    """How the cells of a column are written."""

    TEXT = "text"
    WORD = "word"  # one of a few names of the code's own: `stock_in` is shown as "stock in"
    UNITS = "units"
    CHANGE = "change"  # units with their sign
    NUMBER = "number"  # a record's number
    DECIMAL = "decimal"  # with one place
    MONEY = "money"
    MOMENT = "moment"
    YES_NO = "yes_no"


@dataclass(frozen=True)
class Column:
    """A column: its header, how it is written, what it means, and how wide it is, in characters."""

    title: str
    look: Look
    help: str
    width: int


class Takes(enum.StrEnum):
    """What a parameter takes."""

    MOMENT = "a day or a moment"
    WAREHOUSE = "a warehouse's code"
    STORE = "a store's name"
    SKU = "a merchant SKU"
    CHOICE = "one of a list"


@dataclass(frozen=True)
class Parameter:
    """One thing a report can be asked for: an API query, an option and a line of the docs all come from it.

    `days`: what holds unless given, so many days back; 0 is the history's window (STK-9). `end_of_day`: a day alone
    means its last moment.
    """

    name: str
    title: str
    help: str
    takes: Takes
    choices: tuple[str, ...] = ()
    days: int | None = None
    end_of_day: bool = False


@dataclass(frozen=True)
class Asked:
    """What one report is made for: parameters resolved, codes folded. `said`: how the first sheet tells them.
    `address`: where its reader finds the console, empty where that is not known."""

    at: datetime
    by: str
    address: str = ""
    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None
    warehouse: str | None = None
    store: str | None = None
    sku: str | None = None
    state: str | None = None
    said: tuple[tuple[str, str], ...] = ()

    def only(
        self, *, warehouse: Any = None, store: Any = None, sku: Any = None, at: Any = None
    ) -> list[ColumnElement[bool]]:
        """The conditions on these columns (folded keys, and a moment) that were asked for."""
        exact = ((warehouse, self.warehouse), (store, self.store), (sku, self.sku))
        wanted = [column == value for column, value in exact if column is not None and value is not None]
        if at is not None and self.since is not None:
            wanted.append(at >= self.since)
        if at is not None and self.until is not None:
            wanted.append(at <= self.until)
        return wanted


class Bars(enum.StrEnum):
    """Which way the bars of a chart go."""

    UP = "column"
    ACROSS = "bar"


@dataclass(frozen=True)
class Panel:
    """A few figures and their chart: the first column names, those of `drawn` are its bars."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    drawn: Sequence[int]
    bars: Bars = Bars.UP


class Tally(Protocol):
    """Sees every row of a sheet go by and sums up what its charts need; keeps no rows."""

    def add(self, row: Row) -> None:
        """Take one row into account."""

    def panels(self) -> Sequence[Panel]:
        """The charts, once all rows went by."""

    def notes(self) -> Sequence[str]:
        """What the reader should know of the rows, for the first sheet."""


@dataclass(frozen=True)
class Sheet:
    """One table. `rows` streams them; `nothing` ends the sentence "Nothing to show because …" where there are none.

    `keys`: how many leading columns stay in sight when the sheet is scrolled.
    """

    name: str
    columns: Sequence[Column]
    rows: Callable[[Session, Asked], Iterable[Row]]
    nothing: str
    keys: int = 1
    tally: Callable[[], Tally] | None = None


class Writer(Protocol):
    """Writes a report's workbook and gives the number of its rows; `tell` hears of them as they come."""

    def __call__(
        self, target: IO[bytes], report: Report, session: Session, asked: Asked, *, tell: Callable[[int], None]
    ) -> int:
        """Write all of it."""


@dataclass(frozen=True)
class Report:
    """A report. `what` says in one sentence what is in it, `notes` what a reader might ask twice. `writer`: who writes
    it, where it is more than its sheets one after the other."""

    name: str
    title: str
    what: str
    sheets: Sequence[Sheet]
    parameters: Sequence[Parameter] = ()
    notes: Sequence[str] = field(default=())
    writer: Writer | None = None

    @property
    def charted(self) -> bool:
        """Whether it has a sheet of charts."""
        return any(sheet.tally is not None for sheet in self.sheets)
