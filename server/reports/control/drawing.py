"""The control workbook's content -> an .xlsx file: the dashboard first, a sheet for each list, the charts' figures."""

from __future__ import annotations

from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import IO

from sqlalchemy.orm import Session
from xlsxwriter import Workbook as Book

from server.reports.charts import write_figures
from server.reports.control.content import NAME, VERSION, Content, NamedTable, gather, named
from server.reports.control.dashboard import SHEET, Drawn, write_dashboard
from server.reports.control.figures import CHARTS
from server.reports.control.listing import ControlList
from server.reports.control.lists import LISTS, STORES, UPLOADS
from server.reports.control.plain import write_table
from server.reports.cover import Written, write_cover
from server.reports.describing import Asked, Panel, Report
from server.reports.streaming import StreamedSheet
from validators.writing import styling
from validators.writing.outcome_cells import Style

#: The header's row on the sheet of a list, and how far down colours reach.
HEADER_AT, REACH_ROWS = 4, 5_000
_TITLE_HEIGHT, _ROW_HEIGHT = 30, 18  # points
_FIGURES = "Figures"
#: Which column of a list is drawn as bars in its cells, and which says how something stands.
_BARS = {"at_risk": "Days", "out_of_stock": "Days", "unmapped": "Days", "low_stock": "Missing"}
_STATES = {STORES.key: "State", UPLOADS.key: "Status"}
#: Columns that should say 0.
_WRONG = {STORES.key: ("Refused", "Unmapped"), UPLOADS.key: ("Errors", "Conflicts")}
_WORDS = {
    "needs sign-in": "error", "paused": "warning", "telling": "ok", "up to date": "ok", "refused": "error",
    "failed": "error", "partly applied": "warning", "duplicate": "warning", "applied": "ok",
}  # fmt: skip


def write(
    target: IO[bytes],
    report: Report,
    session: Session,
    asked: Asked,
    *,
    tell: Callable[[int], None] = lambda rows: None,
) -> int:
    """Write the workbook to `target`; the number of rows of its lists."""
    content = gather(session, asked)
    with TemporaryDirectory(prefix="stockbook-report-", ignore_cleanup_errors=True) as folder:
        book = Book(target, {"use_zip64": True, "tmpdir": folder})
        _identify(book, report, asked)
        front: StreamedSheet = book.add_worksheet(SHEET, StreamedSheet)
        for one in LISTS:
            _write_list(book, one, content, asked)
        drawn = _write_figures(book, content, asked)
        write_dashboard(book, front, content, drawn)
        about: StreamedSheet = book.add_worksheet("About", StreamedSheet)
        sheets = [Written(one.sheet, _filled(content, one)) for one in LISTS]
        write_cover(book, about, report, asked, sheets, ())
        front.paper(report.title, asked.at)
        front.fit_to_pages(1, 1)
        front.activate()
        book.close()
    tell(content.rows)
    return content.rows


def _identify(book: Book, report: Report, asked: Asked) -> None:
    """What it is, as a property and as names: programs that lose one usually keep the other. It has none of a
    template's, so that nobody takes it for one."""
    book.set_properties({"title": f"Stockbook: {report.title}", "subject": report.what, "author": asked.by})
    book.set_custom_property("report", NAME, "text")
    book.define_name("_report", f'="{NAME}"')
    book.define_name("_report_version", f'="{VERSION}"')
    book.set_size(24_000, 14_000)


def _filled(content: Content, one: ControlList) -> int:
    """Rows of a list without the sentence that stands in an empty one."""
    rows = content.tables[named(one.key)].rows
    return 0 if len(rows) == 1 and all(value is None for value in rows[0][1:]) else len(rows)


def _write_list(book: Book, one: ControlList, content: Content, asked: Asked) -> None:
    """Title, how many there are, what to do about it and where; then the table."""
    sheet: StreamedSheet = book.add_worksheet(one.sheet.name, StreamedSheet)
    table = content.tables[named(one.key)]
    plain = book.add_format(styling.SUBTITLE | {"num_format": "@"})
    sheet.hide_gridlines(2)
    sheet.set_default_row(_ROW_HEIGHT)
    for number in range(HEADER_AT):
        sheet.set_row(number, None if number else _TITLE_HEIGHT, plain)
    sheet.text(0, 0, one.sheet.name, book.add_format(styling.TITLE))
    sheet.text(1, 0, str(content.cells[named(f"about_{one.key}")].value), plain)
    book.define_name(named(f"about_{one.key}"), f"='{one.sheet.name}'!$A$2")
    sheet.text(2, 0, one.advice, book.add_format(styling.BODY))
    link = book.add_format(styling.LINK)
    sheet.link(3, 0, f"internal:'{SHEET}'!A1", f"Back to {SHEET}", link)
    if asked.address:
        sheet.link(3, 1, f"{asked.address.rstrip('/')}{one.page}", "Open in the console", link)
    write_table(book, sheet, named(one.key), table, HEADER_AT)
    _colour(book, sheet, one, table)
    sheet.freeze_panes(HEADER_AT + 1, one.sheet.keys)
    sheet.paper(one.sheet.name, asked.at)
    sheet.repeat_rows(HEADER_AT)
    sheet.ignore_errors({"number_stored_as_text": f"A{HEADER_AT + 2}:XFD{REACH_ROWS}"})


def _colour(book: Book, sheet: StreamedSheet, one: ControlList, table: NamedTable) -> None:
    """Colours that follow what stands in the cells, so that they are right after a refresh too."""
    titles = [column.title for column in table.columns]
    first = HEADER_AT + 1
    if one.key in _BARS:
        at = titles.index(_BARS[one.key])
        bar = {"type": "data_bar", "bar_solid": True, "bar_color": f"#{styling.GAP}", "bar_border_color": "#E9C46A"}
        sheet.conditional_format(first, at, REACH_ROWS, at, bar)
    if one.key in _STATES:
        at = titles.index(_STATES[one.key])
        for word, kind in _WORDS.items():
            paint = book.add_format(styling.status_paint(Style(kind)))
            same = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": paint}
            sheet.conditional_format(first, at, REACH_ROWS, at, same)
    for title in _WRONG.get(one.key, ()):
        at = titles.index(title)
        paint = book.add_format(styling.status_paint(Style.ERROR))
        more = {"type": "cell", "criteria": ">", "value": 0, "format": paint}
        sheet.conditional_format(first, at, REACH_ROWS, at, more)


def _write_figures(book: Book, content: Content, asked: Asked) -> list[Drawn]:
    """The sheet that the charts look at: tables of a fixed size, one below the other."""
    sheet: StreamedSheet = book.add_worksheet(_FIGURES, StreamedSheet)
    sheet.hide_gridlines(2)
    sheet.set_default_row(_ROW_HEIGHT)
    sheet.set_row(0, _TITLE_HEIGHT)
    sheet.text(0, 0, "Figures of the charts", book.add_format(styling.TITLE))
    for at in range(max(len(chart.columns) for chart in CHARTS)):
        sheet.set_column(at, at, 16)
    drawn, at = [], 2
    for chart in CHARTS:
        table = content.tables[named(chart.key)]
        panel = Panel(table.title, table.columns, table.rows, tuple(range(1, len(table.columns))))
        first, last = write_figures(book, sheet, panel, named(chart.key), at)
        drawn.append(Drawn(sheet, panel, first, last, chart.stacked))
        at = last + 2
    sheet.paper(_FIGURES, asked.at)
    return drawn
