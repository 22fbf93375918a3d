"""Texts into the cells of a workbook that XlsxWriter makes."""

from __future__ import annotations

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from validators.writing.texts import clean


def write_text(sheet: Worksheet, row: int, column: int, text: str, style: Format) -> None:
    """Write a text as a text cell: never a formula, never a link (WB-9), never markup.

    XlsxWriter passes a text of the form `<r>…</r>` on as markup of its own; in three runs it stays what it says.
    """
    text = clean(text)
    if text.startswith("<r>") and text.endswith("</r>"):
        sheet.write_rich_string(row, column, text[:1], text[1:2], text[2:], style)
    else:
        sheet.write_string(row, column, text, style)
