"""A report's description and its rows -> an .xlsx file, written as the rows come.

First a sheet that says what this is, then the charts if there are any, then the tables. Nothing that grows with the
rows is held: rows go to XlsxWriter's temporary files, tallies keep sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from itertools import chain, islice
from tempfile import TemporaryDirectory
from typing import IO

from sqlalchemy.orm import Session
from xlsxwriter import Workbook as Book
from xlsxwriter.exceptions import FileCreateError

from server.reports.cells import NOTHING, RowWriter, is_text
from server.reports.charts import write_charts
from server.reports.cover import Written, write_cover
from server.reports.describing import Asked, Panel, Report, Row, Sheet, Tally
from server.reports.streaming import StreamedSheet
from validators.writing import styling

#: Rows of one table; more go on in a further sheet. Excel's own limit is 1,048,576.
MOST_ROWS = 1_000_000
#: How often whoever waits is told how many rows there are.
TELL_EVERY = 1_000
#: The header's row and the first below it, from 0.
HEADER_AT, FIRST_AT = 2, 3
_TITLE_HEIGHT, _HEADER_HEIGHT, _ROW_HEIGHT = 30, 22, 18  # points


@dataclass
class _Made:
    """What the sheets came to."""

    sheets: list[Written] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows of all sheets so far."""
        return sum(sheet.rows for sheet in self.sheets)


def write(
    target: IO[bytes],
    report: Report,
    session: Session,
    asked: Asked,
    *,
    tell: Callable[[int], None] = lambda rows: None,
    most_rows: int = MOST_ROWS,
) -> int:
    """Write the workbook to `target`; the number of its rows. `tell` hears of every thousandth."""
    with TemporaryDirectory(prefix="stockbook-report-", ignore_cleanup_errors=True) as folder:
        book = Book(target, {"use_zip64": True, "tmpdir": folder})
        _identify(book, report, asked)
        cover: StreamedSheet = book.add_worksheet("About", StreamedSheet)
        charts = book.add_worksheet("Charts", StreamedSheet) if report.charted else None
        made = _Made()
        for sheet in report.sheets:
            _Table(book, report, sheet, asked, most_rows).write(session, made, tell)
        if charts is not None:
            write_charts(book, charts, report, asked, made.panels)
        write_cover(book, cover, report, asked, made.sheets, made.notes)
        session.close()  # all is read: nobody's tidying up waits for the packing, and no time-out can break it
        # Only now: closing takes long, and a report that failed leaves nothing but its temporary folder.
        try:
            book.close()
        except FileCreateError as error:
            raise error.args[0] from error  # the OSError that it wraps: a full disk is answered as one
    return made.rows


def _identify(book: Book, report: Report, asked: Asked) -> None:
    made = asked.at.astimezone(UTC).replace(tzinfo=None)
    book.set_properties(
        {"title": f"Stockbook: {report.title}", "subject": report.what, "author": asked.by, "created": made}
    )
    book.set_custom_property("report", report.name, "text")
    book.set_size(24_000, 14_000)


class _Table:
    """Writes the rows of one sheet, over several worksheets where one can't hold them."""

    def __init__(self, book: Book, report: Report, sheet: Sheet, asked: Asked, most_rows: int) -> None:
        self._book, self._report, self._sheet, self._asked, self._most = book, report, sheet, asked, most_rows

    def write(self, session: Session, made: _Made, tell: Callable[[int], None]) -> None:
        """Write all rows, and keep what they came to in `made`."""
        before = made.rows
        tally = None if self._sheet.tally is None else self._sheet.tally()
        rows = _watched(self._sheet.rows(session, self._asked), tally, lambda number: tell(before + number))
        first = next(rows, None)
        if first is None:
            self._worksheet(1, ())
        total, part = 0, 0
        while first is not None:
            part += 1
            total += self._worksheet(part, chain([first], islice(rows, self._most - 1)))
            first = next(rows, None)
        made.sheets.append(Written(self._sheet, total))
        if tally is not None and total:
            made.panels += tally.panels()
            made.notes += tally.notes()

    def _worksheet(self, part: int, rows: Iterable[Row]) -> int:
        """One worksheet with one table; how many rows it took."""
        more = "" if part == 1 else f" {part}"
        sheet: StreamedSheet = self._book.add_worksheet(f"{self._sheet.name}{more}", StreamedSheet)
        writer = RowWriter(self._book, sheet, self._sheet.columns)
        self._top(sheet, writer)
        at = FIRST_AT
        for row in rows:
            writer.row(at, row)
            at += 1
        count = at - FIRST_AT
        if not count:
            sheet.text(at, 0, f"Nothing to show because {self._sheet.nothing}.", self._book.add_format(NOTHING))
            at += 1
        titles = [column.title for column in self._sheet.columns]
        sheet.close_table(f"tbl_{self._report.name}_{_slug(self._sheet.name)}{_slug(more)}", titles, HEADER_AT, at - 1)
        sheet.ignore_errors({"number_stored_as_text": f"A{FIRST_AT + 1}:XFD{at}"})
        return count

    def _top(self, sheet: StreamedSheet, writer: RowWriter) -> None:
        """Title, filters, header; panes and paper."""
        for index, (column, look) in enumerate(zip(self._sheet.columns, writer.formats, strict=True)):
            sheet.set_column(index, index, max(column.width, len(column.title) + 5 if is_text(column) else 0), look)
        sheet.hide_gridlines(2)
        sheet.set_default_row(_ROW_HEIGHT)
        sheet.set_row(0, _TITLE_HEIGHT, self._book.add_format(styling.SUBTITLE))
        sheet.text(0, 0, self._heading, self._book.add_format(styling.TITLE))
        plain = self._book.add_format(styling.SUBTITLE)
        sheet.set_row(1, None, plain)
        sheet.text(1, 0, f"Made {self._asked.at:%Y-%m-%d %H:%M} UTC. {_filters(self._asked)}", plain)
        sheet.set_row(HEADER_AT, _HEADER_HEIGHT)
        writer.header(HEADER_AT)
        sheet.freeze_panes(FIRST_AT, self._sheet.keys)
        sheet.paper(self._report.title, self._asked.at)
        sheet.repeat_rows(HEADER_AT)

    @property
    def _heading(self) -> str:
        if len(self._report.sheets) == 1:
            return self._report.title
        return f"{self._report.title}: {self._sheet.name[0].lower()}{self._sheet.name[1:]}"


def _watched(rows: Iterable[Row], tally: Tally | None, tell: Callable[[int], None]) -> Iterator[Row]:
    for number, row in enumerate(rows, start=1):
        if tally is not None:
            tally.add(row)
        if not number % TELL_EVERY:
            tell(number)
        yield row


def _filters(asked: Asked) -> str:
    return ". ".join(f"{title}: {text}" for title, text in asked.said)


def _slug(text: str) -> str:
    return text.lower().replace(" ", "_").replace("-", "_")
