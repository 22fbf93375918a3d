"""A result workbook built new: for uploads that are no .xlsx, or hold what must not be handed on (WB-6, WB-10).

Rows keep their places, so that addresses mean the same as in what the user handed in.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from xlsxwriter import Workbook as Book
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from validators.extracting.addresses import cell as place
from validators.results.patching.notes import AUTHOR, MOST_NOTES
from validators.workbooks import Workbook
from validators.writing import styling
from validators.writing.outcome_cells import Cell, Style
from validators.writing.text_cells import write_text
from validators.writing.texts import clean

_CREATED = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_MOST_WIDE, _LOOKED_AT = 90, 200  # characters; rows looked at for a width
_NAME_LIMIT = 31
_NOTE_SIZE = {"x_scale": 1.8, "y_scale": 1.2, "color": "#FFFBE6", "font_name": styling.FONT, "font_size": 9}


@dataclass(frozen=True)
class SheetRows:
    """One sheet as it was read: `rows` are row numbers as Excel shows them with the row's values from column A on."""

    name: str
    header_row: int
    rows: Iterable[tuple[int, Sequence[Any]]]
    hidden: Sequence[str] = ()  # letters of columns that people need not see


def rebuild(sheets: Iterable[SheetRows], cells: Iterable[Cell], template: Workbook | None = None) -> bytes:
    """The sheets as a plain .xlsx with `cells` written into them. `template` makes it recognised when handed in again.

    Every text is written as a text; formulas never come here, only their saved results.
    """
    target = io.BytesIO()
    book = Book(target, {"in_memory": True})
    book.set_properties({"title": "Stockbook: result", "created": _CREATED})
    if template is not None:
        book.set_custom_property("template_id", template.id, "text")
        book.set_custom_property("template_version", str(template.version), "text")
    by_sheet = _by_sheet(cells)
    looks = _Looks(book)
    for sheet in sheets:
        _write(book.add_worksheet(_sheet_name(sheet.name)), sheet, by_sheet.get(sheet.name, {}), looks)
    book.close()
    return target.getvalue()


class _Looks:
    """The few formats of a result workbook, made when first needed."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._made: dict[tuple[str, Style | None], Format] = {}

    def of(self, value: Any, style: Style | None, header: bool) -> Format:
        """The format for a value: texts as texts, dates as dates, in the colour of its style."""
        kind = (
            "header"
            if header
            else "date"
            if isinstance(value, date)
            else "text"
            if isinstance(value, str)
            else "number"
        )
        if (kind, style) not in self._made:
            self._made[kind, style] = self._book.add_format(_look(kind, style))
        return self._made[kind, style]


def _look(kind: str, style: Style | None) -> dict[str, Any]:
    formats = {"header": "@", "date": "yyyy-mm-dd", "text": "@", "number": "General"}
    base = styling.OPTIONAL_HEADER if kind == "header" else styling.TOOLS_CELL
    paint = styling.PAINTS.get(style) if style else None
    colours = {"bg_color": f"#{paint.fill}", "font_color": f"#{paint.ink}"} if paint else {}
    return base | {"num_format": formats[kind]} | colours


def _by_sheet(cells: Iterable[Cell]) -> dict[str, dict[int, dict[int, Cell]]]:
    found: dict[str, dict[int, dict[int, Cell]]] = {}
    for cell in cells:
        where = place(cell.address)
        assert where is not None, f"{cell.address} is not an address"
        found.setdefault(cell.sheet, {}).setdefault(where[0], {})[where[1]] = cell
    return found


def _write(sheet: Worksheet, source: SheetRows, cells: Mapping[int, Mapping[int, Cell]], looks: _Looks) -> None:
    widths: dict[int, int] = {}
    left = dict(cells)
    notes_left = MOST_NOTES
    for number, values in _all_rows(source.rows, left):
        painted = left.pop(number, {})
        for column in range(max(len(values), *(index + 1 for index in painted)) if painted else len(values)):
            cell = painted.get(column)
            value = values[column] if column < len(values) else None
            if cell is not None and cell.value is not None:
                value = cell.value
            style = cell.style if cell else None
            _write_value(sheet, number - 1, column, value, looks.of(value, style, number == source.header_row))
            if source.header_row <= number <= source.header_row + _LOOKED_AT:
                widths[column] = max(widths.get(column, 8), len(str(value or "")) + 3)
            if cell is not None and cell.note and notes_left:
                sheet.write_comment(number - 1, column, clean(cell.note), {"author": AUTHOR, **_NOTE_SIZE})
                notes_left -= 1
    for column, width in widths.items():
        sheet.set_column(column, column, min(_MOST_WIDE, width))
    for letter in source.hidden:
        sheet.set_column(f"{letter}:{letter}", None, None, {"hidden": True})
    sheet.freeze_panes(source.header_row, 0)


def _all_rows(
    rows: Iterable[tuple[int, Sequence[Any]]], cells: Mapping[int, Any]
) -> Iterable[tuple[int, Sequence[Any]]]:
    """The sheet's rows, then those that only the outcome has."""
    yield from rows
    for number in sorted(cells):
        yield number, ()


def _write_value(sheet: Worksheet, row: int, column: int, value: Any, look: Format) -> None:
    if value is None or value == "":
        sheet.write_blank(row, column, None, look)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value, look)
    elif isinstance(value, int | float | Decimal):
        sheet.write_number(row, column, value, look)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, look)
    else:
        write_text(sheet, row, column, str(value), look)


def _sheet_name(name: str) -> str:
    """A name that Excel accepts: CSV files and other programs bring names it does not."""
    allowed = "".join("-" if letter in "[]:*?/\\" else letter for letter in clean(name)).strip("'")
    return allowed[:_NAME_LIMIT] or "Sheet"
