"""A workbook's description, the team's values and rows -> the template as .xlsx (WB-3, WB-4).

Built with XlsxWriter, all templates alike: it makes tables, validations, conditional formats, defined names
and custom properties, writes 50,000 rows in half the time that openpyxl takes, never turns a text into a
formula when told `write_string`, and gives the same bytes for the same input, so that committed templates
can be compared.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from xlsxwriter import Workbook as Book
from xlsxwriter.utility import xl_col_to_name, xl_range_abs
from xlsxwriter.worksheet import Worksheet

from validators.templates import guide_sheets
from validators.templates.entry_rules import entry_rule
from validators.templates.value_cells import write_value
from validators.templates.values_sheet import Lists, ValueList, takes_drop_down, value_lists, write_values_sheet
from validators.workbooks import MESSAGE_TITLE, STATUS_TITLE, VERSION_TITLE, SameKey, Workbook
from validators.writing import styling, wording

#: The row of the headers and of the first data row, as Excel shows them.
HEADER_ROW, FIRST_ROW = 3, 4
#: Rows of the table in an empty template, and how far validations and colours reach below it.
SPARE_ROWS, REACH_ROWS = 200, 20_000
_CREATED = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_TITLE_HEIGHT, _RULE_HEIGHT, _HEADER_HEIGHT, _ROW_HEIGHT = 30, 27, 22, 18  # points


def build(
    workbook: Workbook,
    *,
    lists: Lists | None = None,
    rows: Iterable[Mapping[str, Any]] | None = None,
    versioned: bool = False,
) -> bytes:
    """The template as the bytes of an .xlsx file.

    `lists` fills the drop-downs with the team's own values; a reference without values gets none. `rows` are
    column name -> value, for a download with current data or to carry rows over into a newer template. With
    `versioned` each row brings its version under `_version`, which goes into a hidden column (WB-4).
    """
    assert not (versioned and rows is None), "only rows have versions"
    target = io.BytesIO()
    book = Book(target, {"in_memory": True})
    _identify(book, workbook)
    made = value_lists(workbook, lists or {})
    guide_sheets.write_instructions(book, workbook)
    sheet = book.add_worksheet(workbook.sheet)
    _DataSheet(book, sheet, workbook, made, versioned).write(rows or ())
    guide_sheets.write_example(book, workbook)
    write_values_sheet(book, made)
    sheet.activate()
    book.close()
    return target.getvalue()


def _identify(book: Book, workbook: Workbook) -> None:
    """Id and version, as properties and as names: programs that lose one usually keep the other."""
    book.set_properties({"title": f"Stockbook: {workbook.title}", "subject": workbook.summary, "created": _CREATED})
    book.set_custom_property("template_id", workbook.id, "text")
    book.set_custom_property("template_version", str(workbook.version), "text")
    book.define_name("_template_id", f'="{workbook.id}"')
    book.define_name("_template_version", f'="{workbook.version}"')
    book.set_size(24_000, 14_000)


class _DataSheet:
    """Writes the data sheet: title, rules, table, entry rules, colours, print set-up."""

    def __init__(
        self, book: Book, sheet: Worksheet, workbook: Workbook, made: Mapping[str, ValueList], versioned: bool
    ) -> None:
        self._book, self._sheet, self._workbook, self._made = book, sheet, workbook, made
        self._versioned = versioned
        self._formats = [book.add_format(styling.cell(column)) for column in workbook.columns]
        self._tools_cell = book.add_format(styling.TOOLS_CELL)
        self._tools = ([VERSION_TITLE] if versioned else []) + [STATUS_TITLE, MESSAGE_TITLE]
        self._last_column = len(workbook.columns) + len(self._tools) - 1

    def write(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write all of it; `rows` are read once and never held."""
        self._widths()
        self._top()
        last = self._rows(rows)
        self._table(last)
        reach = max(REACH_ROWS, last + SPARE_ROWS)
        self._entry_rules(reach)
        self._colours(reach)
        self._print_set_up()

    def _widths(self) -> None:
        """Column formats cover the rows below the table too, so that 00999 typed there stays text."""
        for index, column in enumerate(self._workbook.columns):
            width = max(column.width, len(column.header) + 4)  # 4: the filter button
            self._sheet.set_column(index, index, width, self._formats[index])
        widths = {VERSION_TITLE: 9, STATUS_TITLE: 20, MESSAGE_TITLE: 90}
        for index, title in enumerate(self._tools, len(self._workbook.columns)):
            hidden = {"hidden": True} if title == VERSION_TITLE else {}
            self._sheet.set_column(index, index, widths[title], self._tools_cell, hidden)

    def _top(self) -> None:
        title, rule = self._book.add_format(styling.TITLE), self._book.add_format(styling.RULE)
        plain = self._book.add_format(styling.SUBTITLE)
        sheet, columns = self._sheet, self._workbook.columns
        sheet.hide_gridlines(2)
        sheet.set_default_row(_ROW_HEIGHT)
        sheet.set_row(0, _TITLE_HEIGHT, plain)
        sheet.set_row(1, _RULE_HEIGHT, rule)
        sheet.set_row(HEADER_ROW - 1, _HEADER_HEIGHT)
        sheet.write_rich_string(0, 0, title, self._workbook.title, plain, f"    {self._workbook.summary}", plain)
        for index, column in enumerate(columns):
            sheet.write_string(1, index, wording.rule(column), rule)
        sheet.write_string(1, len(columns) + len(self._tools) - 2, "filled in for you", rule)
        sheet.freeze_panes(HEADER_ROW, _leading_keys(self._workbook))

    def _rows(self, rows: Iterable[Mapping[str, Any]]) -> int:
        """Write the rows; the number of the table's last row, as Excel shows it."""
        columns, version_at = self._workbook.columns, len(self._workbook.columns)
        at = FIRST_ROW - 1
        for row in rows:
            for index, column in enumerate(columns):
                write_value(self._sheet, at, index, row.get(column.name), column, self._formats[index])
            if self._versioned:
                self._sheet.write_string(at, version_at, str(row[VERSION_TITLE]), self._tools_cell)
            at += 1
        last = max(at, FIRST_ROW - 1 + SPARE_ROWS)
        for spare in range(at, last):
            for index, cell_format in enumerate(self._formats):
                self._sheet.write_blank(spare, index, None, cell_format)
        return last

    def _table(self, last: int) -> None:
        columns: list[dict[str, Any]] = [
            {"header": c.header, "header_format": self._book.add_format(styling.header(c))}
            for c in self._workbook.columns
        ]
        tools_header = self._book.add_format(styling.TOOLS_HEADER)
        columns += [{"header": title, "header_format": tools_header} for title in self._tools]
        look = {"style": "Table Style Light 1", "banded_rows": False}
        table = {"name": self._workbook.table, "columns": columns, **look}
        self._sheet.add_table(HEADER_ROW - 1, 0, last - 1, self._last_column, table)

    def _entry_rules(self, reach: int) -> None:
        key = self._workbook.key
        alone = key[0] if len(key) == 1 and self._workbook.same_key is SameKey.ERROR else None
        for index, column in enumerate(self._workbook.columns):
            values = self._made.get(column.name) if takes_drop_down(column) else None
            rule = entry_rule(
                column,
                first=f"{xl_col_to_name(index)}{FIRST_ROW}",
                reach=xl_range_abs(FIRST_ROW - 1, index, reach - 1, index),
                list_name=values.drop_down(column) if values else None,
                unique=column.name == alone,
            )
            self._sheet.data_validation(FIRST_ROW - 1, index, reach - 1, index, rule)

    def _colours(self, reach: int) -> None:
        """Colour the status by its word, and required cells that are empty in a row that has begun."""
        status = self._last_column - 1
        for word, style in styling.STATUS_WORDS.items():
            painted = self._book.add_format(styling.status_paint(style))
            self._sheet.conditional_format(
                FIRST_ROW - 1, status, reach - 1, status,
                {"type": "text", "criteria": "begins with", "value": word, "format": painted},
            )  # fmt: skip
        gap = self._book.add_format({"bg_color": f"#{styling.GAP}"})
        end = xl_col_to_name(len(self._workbook.columns) - 1)
        for index, column in enumerate(self._workbook.columns):
            if column.required:
                here = f"${xl_col_to_name(index)}{FIRST_ROW}"
                begun = f"COUNTA($A{FIRST_ROW}:${end}{FIRST_ROW})>0"
                self._sheet.conditional_format(
                    FIRST_ROW - 1, index, reach - 1, index,
                    {"type": "formula", "criteria": f"=AND(LEN({here})=0,{begun})", "format": gap},
                )  # fmt: skip

    def _print_set_up(self) -> None:
        sheet = self._sheet
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(HEADER_ROW - 1)
        sheet.set_footer(f"&L&8{self._workbook.id} v{self._workbook.version}&R&8Page &P of &N")


def _leading_keys(workbook: Workbook) -> int:
    """How many columns stay in sight when scrolling: the key columns that stand at the very left."""
    keys = [column.key for column in workbook.columns]
    return keys.index(False) if False in keys else len(keys)
