"""The first sheet of a report: what it says, when and for whom it was made, what its words mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xlsxwriter import Workbook as Book

from server.reports.describing import Asked, Report, Sheet
from server.reports.streaming import StreamedSheet
from validators.writing import styling

_NAME_WIDTH, _TEXT_WIDTH = 30, 105
_TITLE_HEIGHT, _HEADING_HEIGHT = 30, 22  # points


@dataclass(frozen=True)
class Written:
    """A sheet and how many rows it came to."""

    sheet: Sheet
    rows: int


def write_cover(
    book: Book, sheet: StreamedSheet, report: Report, asked: Asked, sheets: Sequence[Written], notes: Sequence[str]
) -> None:
    """Write all of it."""
    page = _Page(book, sheet)
    page.title(report.title, report.what)
    page.lines("This report", [("Made at", f"{asked.at:%Y-%m-%d %H:%M} UTC"), ("Made by", asked.by), *asked.said])
    page.lines("Sheets", [(one.sheet.name, _size(one)) for one in sheets])
    said = [*report.notes, *notes, "Moments are in UTC."]
    page.lines("Good to know", [("", note) for note in said])
    page.lines("Words", words(report))
    sheet.paper(report.title, asked.at)
    sheet.set_portrait()


def words(report: Report) -> list[tuple[str, str]]:
    """What each column's title means, once; with the sheet's name where it means something else in another sheet."""
    first: dict[str, str] = {}
    found: dict[tuple[str, str], str] = {}
    for sheet in report.sheets:
        for column in sheet.columns:
            known = first.setdefault(column.title, column.help)
            title = column.title if known == column.help else f"{column.title} ({sheet.name})"
            found.setdefault((column.title, column.help), title)
    return [(title, help) for (_, help), title in found.items()]


def _size(one: Written) -> str:
    if not one.rows:
        return f"nothing to show because {one.sheet.nothing}"
    return f"{one.rows:,} {'row' if one.rows == 1 else 'rows'}"


class _Page:
    """Names and texts, one below the other."""

    def __init__(self, book: Book, sheet: StreamedSheet) -> None:
        self._sheet, self._at = sheet, 0
        self._formats: dict[str, Any] = {
            "title": book.add_format(styling.TITLE),
            "what": book.add_format(styling.SUBTITLE | {"font_size": 12}),
            "heading": book.add_format(styling.HEADING),
            "name": book.add_format(styling.BODY | {"valign": "vcenter", "num_format": "@"}),
            "text": book.add_format(styling.BODY | {"valign": "vcenter", "text_wrap": True, "num_format": "@"}),
        }
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, _NAME_WIDTH)
        sheet.set_column(1, 1, _TEXT_WIDTH)

    def title(self, title: str, what: str) -> None:
        self._sheet.set_row(0, _TITLE_HEIGHT)
        self._write(0, title, "title")
        self._at += 1
        self._write(0, what, "what")
        self._at += 1

    def lines(self, heading: str, lines: Sequence[tuple[str, str]]) -> None:
        """A heading and its lines, after an empty row."""
        self._at += 1
        self._sheet.set_row(self._at, _HEADING_HEIGHT)
        self._write(0, heading, "heading")
        self._at += 1
        for name, text in lines:
            if name:
                self._write(0, name, "name")
                self._write(1, text, "text")
            else:
                self._write(0, text, "name")
            self._at += 1

    def _write(self, column: int, text: str, look: str) -> None:
        self._sheet.text(self._at, column, text, self._formats[look])
