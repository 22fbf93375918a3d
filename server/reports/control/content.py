"""What the control workbook says at one moment: named cells and named tables.

The workbook is built from it, and whoever refreshes one that is open writes the same into the same names, so that
neither can say anything else and no client decides anything (ADD-1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.errors import WrongUse
from server.orders.models import Order
from server.orders.states import State
from server.push import queries as pushes
from server.push.standing import standings
from server.reports.cells import number_format, plain_value
from server.reports.control.figures import CHARTS
from server.reports.control.listing import MOST_ROWS, ControlList
from server.reports.control.lists import LISTS, REFUSED, STORES, UPLOADS, midnight, needs_care
from server.reports.control.waiting import SINCE, whole_days
from server.reports.describing import Asked, Column, Look, Row
from server.uploads.models import Upload
from validators.writing.wording import CONTROL_WORKBOOK

NAME, VERSION = CONTROL_WORKBOOK, 1
TITLE = "Control workbook"
Value = str | float | None

TO_DO = (
    Column("What waits", Look.TEXT, "What somebody has to look at.", 26),
    Column("How many", Look.UNITS, "How many of them there are.", 12),
    Column("What to do", Look.TEXT, "What brings the number down.", 90),
)
TO_DO_TITLE = "To do"
#: What there can be to do: lists that wait for somebody, and stores that are not told.
MOST_TO_DO = sum(one.waits for one in LISTS) + 1
_NOT_WELL = ("refused", "failed", "partly_applied")


class OtherVersion(WrongUse):
    """The workbook was built with another version of its names than this server's."""

    code = "report-other-version"


@dataclass(frozen=True)
class NamedCell:
    """One cell: what its number format is, and what stands in it."""

    format: str
    value: Value


@dataclass(frozen=True)
class NamedTable:
    """One table: at least one row, each with a value per column as it goes into the cell."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]


@dataclass(frozen=True)
class Content:
    """All of it, by names that begin with `control_`. `said`: the moment and what waits, in a sentence."""

    at: datetime
    cells: Mapping[str, NamedCell]
    tables: Mapping[str, NamedTable]
    said: str

    @property
    def rows(self) -> int:
        """Rows of all its lists."""
        return sum(len(self.tables[named(one.key)].rows) for one in LISTS)


def named(key: str) -> str:
    """The name of a table or a cell in the workbook."""
    return f"{NAME}_{key}"


def check_version(version: int | None) -> None:
    """Raise `OtherVersion` where a workbook's names are not those of this server."""
    if version is not None and version != VERSION:
        raise OtherVersion(
            f"this control workbook is version {version} and the server's is {VERSION}; press Reports and choose "
            f"{TITLE} for the current one",
            field="version",
        )


def gather(session: Session, asked: Asked) -> Content:
    """What it says now."""
    numbers = {one.key: one.count(session, asked) for one in LISTS}
    care = [one.name for one in standings(session, asked.at) if needs_care(one)]
    cells = _tiles(session, asked, numbers, care)
    cells["as_of"] = _text(_as_of(asked.at))
    for one in LISTS:
        cells[f"about_{one.key}"] = _text(about(one, numbers[one.key]))
    todo = _to_do(numbers, len(care))
    tables = {"to_do": _table(TO_DO_TITLE, TO_DO, todo, "All is well: nothing waits for you.")}
    for one in LISTS:
        rows = one.sheet.rows(session, asked)
        nothing = f"Nothing to show because {one.sheet.nothing}."
        tables[one.key] = _table(one.sheet.name, one.sheet.columns, list(rows), nothing)
    for chart in CHARTS:
        tables[chart.key] = _table(chart.title, chart.columns, chart.rows(session, asked), "")
    waits = ", ".join(one.said(numbers[one.key]) for one in LISTS if one.waits and numbers[one.key])
    return Content(
        asked.at,
        {named(key): cell for key, cell in cells.items()},
        {named(key): table for key, table in tables.items()},
        f"{_as_of(asked.at)}: {waits or 'nothing waits for you'}.",
    )


def about(one: ControlList, number: int) -> str:
    """What stands above a list: how many there are, and where those are that are not shown."""
    if number > MOST_ROWS:
        return f"The first {MOST_ROWS} of {one.said(number)}, and {number - MOST_ROWS:,} more: {one.rest}."
    return f"{one.said(number)[:1].upper()}{one.said(number)[1:]}."


def _as_of(at: datetime) -> str:
    return f"As of {at:%Y-%m-%d %H:%M} UTC"


def _tiles(session: Session, asked: Asked, numbers: Mapping[str, int], care: Sequence[str]) -> dict[str, NamedCell]:
    """The big figures and what is said below each. `care`: the stores that are not told."""
    states = dict(session.execute(select(Order.state, func.count()).group_by(Order.state)).all())
    waiting = pushes.counts(session)
    unwell = _unwell(session, asked)
    shown: dict[str, tuple[int, str]] = {
        "to_pack": (states.get(State.TO_PACK, 0), f"{states.get(State.IN_PROCESS, 0):,} packed, not shipped"),
        "at_risk": (numbers["at_risk"], "on hand falls short" if numbers["at_risk"] else "the shelf covers all"),
        "out_of_stock": (numbers["out_of_stock"], _oldest(session, asked, State.OUT_OF_STOCK)),
        "unmapped": (numbers["unmapped"], _oldest(session, asked, State.UNMAPPED)),
        "low_stock": (
            numbers["low_stock"],
            "below safety stock" if numbers["low_stock"] else "none below safety stock",
        ),
        "refused": (numbers[REFUSED.key], f"others to be sent: {sum(waiting.values()) - waiting['failed']:,}"),
        "stores": (len(care), _short(", ".join(care)) or "all are told"),
        "uploads": (numbers[UPLOADS.key], f"{unwell:,} with rows left out" if unwell else "nothing refused"),
    }
    cells = {f"tile_{key}": NamedCell("#,##0", number) for key, (number, _) in shown.items()}
    return cells | {f"hint_{key}": _text(hint) for key, (_, hint) in shown.items()}


def _oldest(session: Session, asked: Asked, state: State) -> str:
    since = session.scalar(select(func.min(SINCE)).where(Order.state == state))
    if since is None:
        return "nothing waits"
    days = whole_days(since, asked.at)
    return f"the oldest for {days} {'day' if days == 1 else 'days'}" if days else "none older than a day"


def _unwell(session: Session, asked: Asked) -> int:
    query = select(func.count()).select_from(Upload)
    return session.scalar(query.where(Upload.created_at >= midnight(asked.at), Upload.status.in_(_NOT_WELL))) or 0


def _to_do(numbers: Mapping[str, int], care: int) -> list[Row]:
    rows: list[Row] = [
        (one.sheet.name, numbers[one.key], one.advice) for one in LISTS if one.waits and numbers[one.key]
    ]
    return [*rows, ("Stores not told", care, STORES.advice)] if care else rows


def _table(title: str, columns: Sequence[Column], rows: Sequence[Row], nothing: str) -> NamedTable:
    plain: list[list[Value]] = [
        [plain_value(column, value) for column, value in zip(columns, row, strict=True)] for row in rows
    ]
    return NamedTable(title, columns, plain or [[nothing, *[None] * (len(columns) - 1)]])


def _text(value: str) -> NamedCell:
    return NamedCell(number_format(TO_DO[0]), plain_value(TO_DO[0], value))


def _short(text: str) -> str:
    return text if len(text) <= 24 else text[:23].rstrip(", ") + "…"
