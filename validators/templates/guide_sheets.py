"""The sheets beside the data: how to fill it in, and an example that is never read (WB-3)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from xlsxwriter import Workbook as Book
from xlsxwriter.worksheet import Worksheet

from validators.columns import CLEAR, Column, Kind
from validators.templates.value_cells import write_value
from validators.workbooks import MESSAGE_TITLE, STATUS_TITLE, Workbook
from validators.writing import styling, wording

INSTRUCTIONS, EXAMPLE = "Instructions", "Example"
_WIDTHS = (22, 11, 60, 31, 58)
_HEADERS = ("Column", "Needed", "What goes in", "Example", "Allowed")
_LINE, _ROW = 15, 18  # points: one line of body text, a row of one line


def write_instructions(book: Book, workbook: Workbook) -> None:
    """What the workbook is for, step by step, and its columns as a table. Protected without a password."""
    sheet = book.add_worksheet(INSTRUCTIONS)
    body, heading = book.add_format(styling.BODY), book.add_format(styling.HEADING)
    sheet.hide_gridlines(2)
    sheet.set_tab_color(f"#{styling.ACCENT}")
    for index, width in enumerate(_WIDTHS):
        sheet.set_column(index, index, width, body)
    _title(book, sheet, workbook.title, workbook.summary)
    row = 3
    sheet.write_string(row, 0, "How it works", heading)
    for number, line in enumerate(_steps(workbook), 1):
        row += 1
        sheet.write_string(row, 0, f"{number}.  {line}", body)
    row = _columns_table(book, sheet, workbook, row + 2)
    _legend(book, sheet, row + 1)
    said = f"Template {workbook.id}, version {workbook.version}."
    sheet.write_string(row + 6, 0, said, book.add_format(styling.SUBTITLE))
    _print_set_up(sheet)
    sheet.protect("", {"select_locked_cells": True, "format_columns": True})


def write_example(book: Book, workbook: Workbook) -> None:
    """Rows that show a filled-in sheet. No table and no version, so that nothing takes it for data."""
    sheet = book.add_worksheet(EXAMPLE)
    sheet.hide_gridlines(2)
    sheet.set_tab_color(f"#{styling.LINE}")
    _title(book, sheet, f"Example: {workbook.title}", "Only to look at. This sheet is never read.")
    for index, column in enumerate(_shown(workbook)):
        texts = [str(example.get(column.name, "")) for example in workbook.examples]
        width = max(column.width, len(column.header) + 2, min(48, max(map(len, texts), default=0) + 2))
        cell = book.add_format(styling.cell(column))
        sheet.set_column(index, index, width)
        sheet.write_string(2, index, column.header, book.add_format(styling.header(column)))
        for row, example in enumerate(workbook.examples, 3):
            write_value(sheet, row, index, _native(column, example), column, cell)
    sheet.freeze_panes(3, 1)
    _print_set_up(sheet)


def _steps(workbook: Workbook) -> tuple[str, ...]:
    key = " and ".join(workbook.by_name[name].title for name in workbook.key)
    return (
        f"Fill in the sheet “{workbook.sheet}”. Rows are told apart by {key}.",
        *workbook.instructions,
        "Validate checks everything and changes nothing. Apply does the same and then posts it.",
        f"The answer comes back into {STATUS_TITLE} and {MESSAGE_TITLE}; leave these two to the tools.",
    )


def _columns_table(book: Book, sheet: Worksheet, workbook: Workbook, row: int) -> int:
    """Write the table of columns from `row` on; returns the row after it."""
    sheet.write_string(row, 0, "The columns", book.add_format(styling.HEADING))
    row += 1
    header, cell = book.add_format(styling.OPTIONAL_HEADER), book.add_format(styling.TABLE_CODE)
    strong = book.add_format(styling.TABLE_CODE | {"bold": True, "font_color": f"#{styling.ACCENT}"})
    for index, title in enumerate(_HEADERS):
        sheet.write_string(row, index, title, header)
    for column in workbook.columns:
        row += 1
        said = (column.header, wording.need(column), column.help, column.example, wording.allowed(column))
        for index, text in enumerate(said):
            sheet.write_string(row, index, text, strong if index == 0 and column.required else cell)
        lines = max(-(-len(text) // (width + 4)) for text, width in zip(said, _WIDTHS, strict=True))
        sheet.set_row(row, max(_ROW, _LINE * lines + 3))
    return row + 1


def _legend(book: Book, sheet: Worksheet, row: int) -> None:
    sheet.write_string(row, 0, "The colours", book.add_format(styling.HEADING))
    legend: tuple[tuple[str, dict[str, Any], str], ...] = (
        (
            "Title*",
            styling.REQUIRED_HEADER,
            "A value is required. A required cell is tinted while its row is begun.",
        ),
        (
            "Title",
            styling.OPTIONAL_HEADER,
            f"Optional. In updates a blank changes nothing and {CLEAR} empties.",
        ),
        ("Title", styling.INFO_HEADER, "For information: shown with current data, never read."),
    )
    body = book.add_format(styling.BODY)
    for number, (sample, look, said) in enumerate(legend, row + 1):
        sheet.write_string(number, 0, sample, book.add_format(look))
        sheet.write_string(number, 1, f"  {said}", body)


def _title(book: Book, sheet: Worksheet, title: str, subtitle: str) -> None:
    sheet.set_default_row(_ROW)
    sheet.set_row(0, 30)
    sheet.write_string(0, 0, title, book.add_format(styling.TITLE))
    sheet.write_string(1, 0, subtitle, book.add_format(styling.SUBTITLE))


def _shown(workbook: Workbook) -> list[Column]:
    """The columns the example has something to say about, and the required ones."""
    used = {name for example in workbook.examples for name in example}
    return [column for column in workbook.columns if column.required or column.name in used]


def _native(column: Column, example: Mapping[str, Any]) -> Any:
    """An example's value as the cell holds it: exact decimals are written as texts in the schemas."""
    value = example.get(column.name)
    numeric = column.kind in (Kind.DECIMAL, Kind.INTEGER, Kind.PERCENT)
    return Decimal(value) if numeric and isinstance(value, str) and value != CLEAR else value


def _print_set_up(sheet: Worksheet) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 1)
