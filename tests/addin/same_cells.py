"""The same workbook handed in by different clients: what people see afterwards must be the same, cell by cell.

A client is a function that takes a workbook's bytes and its template, has it validated, and gives what its sheet then
looks like (`looks` for anything that openpyxl can open). `result.xlsx` of the same file is what all are held against.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from addin.client.painting import FILLS, SIGNATURE
from tests.support.filling import columns, saved
from tests.support.server import StockbookServer
from validators.registry import WORKBOOKS
from validators.templates.building import FIRST_ROW, HEADER_ROW

#: Style by colour, the other way round than painting needs it.
STYLES = {fill: style for style, fill in FILLS.items()}


@dataclass(frozen=True)
class Look:
    """What one cell looks like: the text of the tools' columns, the colour by its style, the note."""

    text: str | None
    style: str | None
    note: str | None


Client = Callable[[bytes, str], Mapping[str, Look]]
Change = Callable[[Worksheet, dict[str, str]], None]


def looks(sheet: Worksheet) -> dict[str, Look]:
    """Every cell from the headers down that the tools have touched."""
    tools = [cell.column for cell in sheet[HEADER_ROW] if cell.value in ("Status", "Message")]
    found = {}
    for row in sheet.iter_rows(min_row=HEADER_ROW):
        for cell in row:
            text = str(cell.value) if cell.column in tools and cell.value not in (None, "") else None
            fill = str(cell.fill.fgColor.rgb)[-6:] if cell.fill.fill_type == "solid" else ""
            note = cell.comment.text.removeprefix(SIGNATURE) if cell.comment else None
            look = Look(text, STYLES.get(fill), note)
            if look != Look(None, None, None):
                found[cell.coordinate] = look
    return found


def by_file(server: StockbookServer) -> Client:
    """The file itself by `POST /uploads`, and its `result.xlsx`."""

    def validated(content: bytes, template: str) -> Mapping[str, Look]:
        answer = server.hand_in(content, mode="validate")
        assert answer.status_code == 200, answer.text
        result = server.client.get(f"/uploads/{answer.json()['id']}/result.xlsx")
        assert result.status_code == 200, result.text
        return looks(openpyxl.load_workbook(io.BytesIO(result.content))[WORKBOOKS[template].sheet])

    return validated


def book(server: StockbookServer, template: str, change: Change) -> bytes:
    """A template as the server hands it out, changed by `change(sheet, letters by column name)`."""
    answer = server.client.get(f"/templates/{template}.xlsx")
    opened = openpyxl.load_workbook(io.BytesIO(answer.content))
    sheet = opened[WORKBOOKS[template].sheet]
    change(sheet, columns(sheet, template))
    return saved(opened)


def _put(sheet: Worksheet, letters: Mapping[str, str], row: int, values: Mapping[str, Any], **formats: str) -> None:
    for name, value in values.items():
        cell = sheet[f"{letters[name]}{FIRST_ROW + row}"]
        if name in formats:
            cell.number_format = formats[name]
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"  # a text, whatever it starts with


def _plain(sheet: Worksheet, letters: dict[str, str]) -> None:
    for row, (sku, quantity) in enumerate((("MUG", 4), ("NOPE", 2), ("PEN", -1), ("PEN", 2.5), ("", 5), ("CAP", 1))):
        _put(sheet, letters, row, {"sku": sku, "quantity": quantity, "note": "=1+1" if row else "  padded  "})


def _what_excel_makes_of_it(sheet: Worksheet, letters: dict[str, str]) -> None:
    """Cells whose value does not say all: dates, per cent, 00000, errors, yes and no, text that looks like a number."""
    general = {"sku": "General", "quantity": "General"}
    _put(sheet, letters, 0, {"sku": dt.datetime(2026, 1, 2), "quantity": 1}, sku="yyyy-mm-dd", quantity="0")
    _put(sheet, letters, 1, {"sku": 7, "quantity": 0.5}, sku="00000", quantity="0%")
    _put(sheet, letters, 2, {"sku": "#N/A", "quantity": 3}, **general)
    sheet[f"{letters['sku']}{FIRST_ROW + 2}"].data_type = "e"
    _put(sheet, letters, 3, {"sku": True, "quantity": dt.datetime(2026, 3, 4)}, sku="General", quantity="dd.mm.yyyy")
    _put(sheet, letters, 4, {"sku": 12345, "quantity": "3"}, sku="General", quantity="@")
    _put(sheet, letters, 5, {"sku": 1234567890123456, "quantity": "1,000"}, sku="General", quantity="@")
    _put(sheet, letters, 6, {"sku": "MUG", "quantity": 1, "unit_cost": 0.25}, unit_cost="0.00%")
    _put(sheet, letters, 7, {"sku": "MUG\u00a0", "quantity": "７"}, quantity="@")
    _put(sheet, letters, 8, {"sku": "MUG", "quantity": "#N/A"}, quantity="@")


def _gaps(sheet: Worksheet, letters: dict[str, str]) -> None:
    """Blank rows between, merged and hidden ones, a column of the user's own, one that lies outside the table."""
    _put(sheet, letters, 0, {"sku": "MUG", "quantity": 1})
    _put(sheet, letters, 4, {"sku": "NOPE", "quantity": 1})
    _put(sheet, letters, 6, {"sku": "PEN", "quantity": 1})
    sheet.merge_cells(f"{letters['sku']}{FIRST_ROW + 6}:{letters['sku']}{FIRST_ROW + 7}")
    _put(sheet, letters, 9, {"sku": "CAP", "quantity": 2})
    sheet.row_dimensions[FIRST_ROW + 9].hidden = True
    _put(sheet, letters, 250, {"sku": "NOPE", "quantity": 1})  # far below the table's last row


def _painted_before(sheet: Worksheet, letters: dict[str, str]) -> None:
    """Rows that an earlier outcome coloured; the user's own colour and words beside it."""
    error = openpyxl.styles.PatternFill("solid", fgColor=f"FF{FILLS['error']}")
    own = openpyxl.styles.PatternFill("solid", fgColor="FF123456")
    for row, (sku, word) in enumerate((("MUG", "Error"), ("NOPE", "Error"), ("PEN", "Warning"), ("CAP", "Applied #1"))):
        _put(sheet, letters, row, {"sku": sku, "quantity": 1, "Status": word, "Message": "what it said before"})
        sheet[f"{letters['quantity']}{FIRST_ROW + row}"].fill = error
    sheet[f"{letters['note']}{FIRST_ROW}"].fill = own


def _percentages(sheet: Worksheet, letters: dict[str, str]) -> None:
    for row, (value, shown) in enumerate(((50, "General"), (0.5, "0%"), (0.5, "General"), ("50%", "@"), (1.2, "0.0%"))):
        values = {"name": f"Rule {row}", "warehouses": "Main", "stores": "Web", "percentage": value}
        _put(sheet, letters, row, values, percentage=shown)


#: Name -> template and what is typed into it.
BOOKS: dict[str, tuple[str, Change]] = {
    "plain": ("stock_in", _plain),
    "what Excel makes of it": ("stock_in", _what_excel_makes_of_it),
    "gaps": ("stock_in", _gaps),
    "painted before": ("stock_in", _painted_before),
    "percentages": ("push_rules", _percentages),
    "quantities": ("quantity_update", lambda s, at: _put(s, at, 0, {"sku": "PEN", "warehouse": "X", "on_hand": 3})),
}
