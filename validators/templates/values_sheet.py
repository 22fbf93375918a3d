"""The valid-values sheet: the team's own values and the fixed words, a column and a defined name each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter import Workbook as Book
from xlsxwriter.utility import xl_col_to_name

from validators.columns import CLEAR, Column, Kind, Reference
from validators.workbooks import Workbook
from validators.writing import styling, wording
from validators.writing.text_cells import write_text

SHEET = "Valid values"
_HEADER_ROW = 2  # counted from 0, as XlsxWriter does
_OFFERED = "What the drop-downs offer. Values are as they were when this workbook was downloaded."
_NOTHING_OFFERED = "Download this workbook from your own server to find your own values here and in drop-downs."
Lists = Mapping[Reference, Sequence[str]]


@dataclass(frozen=True)
class ValueList:
    """One list: `name` for drop-downs, and `values`. With `clear`, `<name>_or_clear` offers #CLEAR too."""

    name: str
    title: str
    values: tuple[str, ...]
    clear: bool

    def drop_down(self, column: Column) -> str:
        """The defined name that `column` takes its drop-down from."""
        return f"{self.name}_or_clear" if column.clearable else self.name


def value_lists(workbook: Workbook, lists: Lists) -> dict[str, ValueList]:
    """The lists that the columns need: column name -> list. Columns with the same values share one."""
    made: dict[str, ValueList] = {}
    for column in workbook.inputs:
        values = _values(column, lists)
        if values:
            name = _name(column)
            clear = any(c.clearable for c in workbook.inputs if _name(c) == name)
            made[column.name] = ValueList(name, _title(column), values, clear)
    return made


def takes_drop_down(column: Column) -> bool:
    """Whether one value is picked from a list; several in one cell can't be picked, only looked up."""
    return column.kind in (Kind.CODE, Kind.YES_NO, Kind.CHOICE)


def write_values_sheet(book: Book, made: Mapping[str, ValueList]) -> None:
    """Write the sheet and define the names. Without any list it says so, rather than being missing."""
    sheet = book.add_worksheet(SHEET)
    sheet.hide_gridlines(2)
    sheet.set_tab_color(f"#{styling.LINE}")
    sheet.write_string(0, 0, "Valid values", book.add_format(styling.TITLE))
    said = _OFFERED if made else _NOTHING_OFFERED
    sheet.write_string(1, 0, said, book.add_format(styling.SUBTITLE))
    sheet.set_row(0, 26)
    header, body = book.add_format(styling.OPTIONAL_HEADER), book.add_format(styling.TABLE_CODE)
    for index, values in enumerate({v.name: v for v in made.values()}.values()):
        offered = ((CLEAR,) if values.clear else ()) + values.values
        sheet.write_string(_HEADER_ROW, index, values.title, header)
        for row, value in enumerate(offered, _HEADER_ROW + 1):
            write_text(sheet, row, index, value, body)
        sheet.set_column(index, index, max(18, min(40, max(map(len, offered)) + 3)))
        _define(book, values, index)
    sheet.freeze_panes(_HEADER_ROW + 1, 0)
    sheet.protect("", {"select_locked_cells": True, "format_columns": True})


def _define(book: Book, values: ValueList, index: int) -> None:
    letter = xl_col_to_name(index)
    first = _HEADER_ROW + 2
    last = first + len(values.values) - 1
    if values.clear:
        book.define_name(f"{values.name}_or_clear", f"='{SHEET}'!${letter}${first}:${letter}${last + 1}")
        first, last = first + 1, last + 1
    book.define_name(values.name, f"='{SHEET}'!${letter}${first}:${letter}${last}")


def _values(column: Column, lists: Lists) -> tuple[str, ...]:
    if column.reference:
        return tuple(lists.get(column.reference, ()))
    return column.choices


def _name(column: Column) -> str:
    if column.reference:
        return f"lst_{column.reference.value}"
    return "lst_yes_no" if column.kind is Kind.YES_NO else f"lst_{column.name}"


def _title(column: Column) -> str:
    if column.reference:
        words = wording.RECORDS[column.reference]
        return words[0].upper() + words[1:]
    return "Yes or no" if column.kind is Kind.YES_NO else column.title
