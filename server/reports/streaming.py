"""Worksheets whose rows go to disk one by one, with a table over them: the one door through which reports write cells.

XlsxWriter streams rows in its constant-memory mode, but refuses tables there, because `add_table` writes header cells
into rows that have left memory; and it remembers every cell of a table, which grows with the rows. Here the header is
written like any other row, and the table is declared over its first two rows and stretched afterwards. The class
reaches into XlsxWriter for that, in this file only; the tests read every report back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from xlsxwriter.sharedstrings import SharedStringTable
from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

from validators.writing.texts import clean

TABLE_STYLE = "Table Style Light 1"


class StreamedSheet(Worksheet):  # type: ignore[misc]  # XlsxWriter is not typed
    """A sheet written from top to bottom: a row that has been left can't be written any more."""

    table: Any
    str_table: Any

    def _initialize(self, init_data: Mapping[str, Any]) -> None:
        super()._initialize({**init_data, "constant_memory": True})

    def text(self, row: int, column: int, value: str, cell_format: Any = None) -> None:
        """Write a text as a text, whatever it begins with (WB-9)."""
        self._write_string(row, column, clean(value), cell_format)

    def number(self, row: int, column: int, value: float | Decimal, cell_format: Any = None) -> None:
        """Write a number."""
        self._write_number(row, column, value, cell_format)

    def blank(self, row: int, column: int, cell_format: Any) -> None:
        """An empty cell with a look of its own."""
        self._write_blank(row, column, None, cell_format)

    def link(self, row: int, column: int, target: str, value: str, cell_format: Any = None) -> None:
        """Write a text that leads to a page, or with `internal:` to a place in this workbook."""
        self._write_url(row, column, target, cell_format, clean(value))

    def paper(self, title: str, made: datetime) -> None:
        """How it is printed: landscape A4, one page wide, what it is and when it was made at the foot."""
        self.set_landscape()
        self.set_paper(9)
        self.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        self.fit_to_pages(1, 0)
        said = title.replace("&", "&&")  # one alone begins a code
        self.set_footer(f"&L&8Stockbook: {said}&C&8Made {made:%Y-%m-%d %H:%M} UTC&R&8Page &P of &N")

    def close_table(
        self, name: str, titles: Sequence[str], header_row: int, last_row: int, first_column: int = 0
    ) -> None:
        """Declare a table over the rows that were written, from the header's to the last one's (both from 0)."""
        last_column = first_column + len(titles) - 1
        columns = [{"header": title} for title in titles]
        options = {"name": name, "columns": columns, "style": TABLE_STYLE, "banded_rows": False}
        # For this one call it is an ordinary sheet; the header cells that it writes are forgotten again.
        kept = self.table, self.str_table
        self.table, self.str_table, self.constant_memory = defaultdict(dict), SharedStringTable(), False
        refused = self.add_table(header_row, first_column, header_row + 1, last_column, options)
        self.table, self.str_table = kept
        self.constant_memory = True
        assert not refused, f"table {name} can't be: {titles}"
        whole = xl_range(header_row, first_column, last_row, last_column)
        self.tables[-1].update(range=whole, a_range=whole, autofilter=whole)

    def _xml_rich_inline_string(self, string: str, attributes: Any) -> None:
        """XlsxWriter takes a text that begins with <r> and ends with </r> for markup of its own. Here all is text."""
        self._xml_inline_string(string, string != string.strip(), attributes)
