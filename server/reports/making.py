"""A report by its name -> a finished workbook. API, command line and the scheduled job all come through here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import IO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server import clock
from server.db.bulk import dialect_of
from server.db.session import Database
from server.reports import workbook
from server.reports.catalogue import report_named
from server.reports.control import content
from server.reports.describing import Asked
from server.reports.parameters import asked
from server.settings import Settings

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: The longest that one statement of a report may take: requests have less.
_STATEMENT_SECONDS = 600


def make(
    db: Database,
    settings: Settings,
    name: str,
    given: Mapping[str, str | None],
    target: IO[bytes],
    *,
    by: str,
    address: str = "",
    tell: Callable[[int], None] = lambda rows: None,
) -> int:
    """Write the report to `target`, a file open for writing; the number of its rows. `address`: where the console is,
    for the links of those that have any; unless given, the one that the settings name.

    All of it sees one state of the database. Raises `NotFound` for a report, warehouse, store or SKU that is none,
    `WrongUse` for parameters that can't be; then nothing was written.
    """
    report = report_named(name)
    with db.read() as session:
        _take_time(session)
        wanted = asked(session, settings, report, given, by=by, at=clock.now(), address=address or settings.public_url)
        return (report.writer or workbook.write)(target, report, session, wanted, tell=tell)


def current_control(db: Database, *, by: str, version: int | None) -> content.Content:
    """What the control workbook says now, for one of that version. Raises `OtherVersion`."""
    content.check_version(version)
    with db.read() as session:
        _take_time(session)
        return content.gather(session, Asked(clock.now(), by))


def file_name(name: str, at: datetime) -> str:
    """What the report of that moment is called: `inventory-2026-04-20-0800.xlsx`, in UTC."""
    return f"{name}-{at:%Y-%m-%d-%H%M}.xlsx"


def _take_time(session: Session) -> None:
    """On PostgreSQL: for this transaction, statements may take as long as reports do."""
    if dialect_of(session) == "postgresql":
        session.execute(select(func.set_config("statement_timeout", f"{_STATEMENT_SECONDS}s", True)))
