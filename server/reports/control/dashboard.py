"""The first sheet of the control workbook: figures large enough to be read at a glance, charts, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xlsxwriter import Workbook as Book

from server.reports.charts import draw
from server.reports.control.content import MOST_TO_DO, TITLE, TO_DO_TITLE, Content, named
from server.reports.control.lists import LISTS
from server.reports.control.plain import write_table
from server.reports.describing import Panel
from server.reports.streaming import StreamedSheet
from validators.writing import styling
from validators.writing.outcome_cells import Style

SHEET = "Control"
#: The first column of the tiles, from 0; column A is a margin.
_LEFT = 1
_MARGIN_WIDTH, _TILE_WIDTH = 2, 18.5  # characters
_TILE_PIXELS = 135
_LABEL_AT, _NUMBER_AT, _HINT_AT, _CHARTS_AT = 3, 4, 5, 7
_CHART_ROWS, _ROW_PIXELS, _CHART_GAP = 12, 24, 10
_TO_DO_AT = _CHARTS_AT + _CHART_ROWS + 1
_HEIGHTS = {0: 30, 2: 8, _LABEL_AT: 24, _NUMBER_AT: 38, _HINT_AT: 22, 6: 10}  # points
_ROW_HEIGHT = 18
_REFRESH = "To bring it up to date: Load current data on the Stockbook tab. Notes of your own: on a sheet of your own."


@dataclass(frozen=True)
class Tile:
    """A large figure: what it is called, which sheet tells more, and how it looks when it is not 0."""

    key: str
    label: str
    sheet: str
    alarm: Style | None = None


@dataclass(frozen=True)
class Drawn:
    """A chart's figures, and where they stand."""

    sheet: StreamedSheet
    panel: Panel
    first: int
    last: int
    stacked: bool


_SHEETS = {one.key: one.sheet.name for one in LISTS}
_ERROR, _WARNING = Style.ERROR, Style.WARNING
TILES = (
    Tile("to_pack", "To pack", SHEET),
    Tile("at_risk", "Orders at risk", _SHEETS["at_risk"], _ERROR),
    Tile("out_of_stock", "Out of stock", _SHEETS["out_of_stock"], _ERROR),
    Tile("unmapped", "Unmapped", _SHEETS["unmapped"], _ERROR),
    Tile("low_stock", "Low stock", _SHEETS["low_stock"], _WARNING),
    Tile("refused", "Failed pushes", _SHEETS["refused"], _ERROR),
    Tile("stores", "Stores not told", _SHEETS["stores"], _WARNING),
    Tile("uploads", "Uploads today", _SHEETS["uploads"]),
)


def write_dashboard(book: Book, sheet: StreamedSheet, content: Content, drawn: Sequence[Drawn]) -> None:
    """Write all of it, from top to bottom."""
    sheet.hide_gridlines(2)
    sheet.set_default_row(_ROW_HEIGHT)
    sheet.set_column(0, 0, _MARGIN_WIDTH)
    sheet.set_column(_LEFT, _LEFT + len(TILES) - 1, _TILE_WIDTH)
    for row, height in _HEIGHTS.items():
        sheet.set_row(row, height)
    sheet.text(0, _LEFT, TITLE, book.add_format(styling.TITLE | {"font_size": 20}))
    _cell(book, sheet, content, "as_of", 1, _LEFT, styling.BODY | {"bold": True, "num_format": "@"})
    sheet.text(1, _LEFT + 2, _REFRESH, book.add_format(styling.SUBTITLE))
    _tiles(book, sheet, content)
    _charts(book, sheet, drawn)
    _to_do(book, sheet, content)


def _tiles(book: Book, sheet: StreamedSheet, content: Content) -> None:
    """Row by row, since a streamed sheet can't go back."""
    base = styling.BODY | {"bg_color": f"#{styling.INFO_TINT}", "indent": 1}
    base |= {"left": 5, "left_color": "#FFFFFF", "right": 5, "right_color": "#FFFFFF"}
    top = {"top": 5, "top_color": f"#{styling.ACCENT}"}
    label = book.add_format(base | top | {"bold": True, "font_color": f"#{styling.MUTED}"})
    for column, tile in enumerate(TILES, _LEFT):
        sheet.link(_LABEL_AT, column, f"internal:'{tile.sheet}'!A1", tile.label, label)
    for column, tile in enumerate(TILES, _LEFT):
        look = base | {"font_size": 26, "bold": True, "align": "left", "num_format": "#,##0"}
        _cell(book, sheet, content, f"tile_{tile.key}", _NUMBER_AT, column, look)
    for column, tile in enumerate(TILES, _LEFT):
        look = base | {
            "font_size": 9,
            "font_color": f"#{styling.MUTED}",
            "num_format": "@",
            "valign": "top",
            "align": "left",
        }
        _cell(book, sheet, content, f"hint_{tile.key}", _HINT_AT, column, look)
    for column, tile in enumerate(TILES, _LEFT):
        if tile.alarm is not None:
            paint = book.add_format(styling.status_paint(tile.alarm))
            wrong = {"type": "formula", "criteria": f"=${chr(65 + column)}${_NUMBER_AT + 1}>0", "format": paint}
            sheet.conditional_format(_LABEL_AT, column, _HINT_AT, column, wrong)


def _to_do(book: Book, sheet: StreamedSheet, content: Content) -> None:
    """The table, its last column going on over those that are not part of it. As many rows as it can ever have are made
    to look like its own, so that those look right that come with a refresh."""
    sheet.text(_TO_DO_AT, _LEFT, TO_DO_TITLE, book.add_format(styling.HEADING))
    table = content.tables[named("to_do")]
    beside = len(TILES) - len(table.columns)
    write_table(
        book, sheet, named("to_do"), table, _TO_DO_AT + 1, first_column=_LEFT, beside=beside, least_rows=MOST_TO_DO
    )


def _cell(
    book: Book, sheet: StreamedSheet, content: Content, key: str, row: int, column: int, look: dict[str, object]
) -> None:
    """A named cell, and its name."""
    value = content.cells[named(key)].value
    if isinstance(value, str):
        sheet.text(row, column, value, book.add_format(look))
    elif value is not None:
        sheet.number(row, column, value, book.add_format(look))
    book.define_name(named(key), f"='{SHEET}'!${chr(65 + column)}${row + 1}")


def _charts(book: Book, sheet: StreamedSheet, drawn: Sequence[Drawn]) -> None:
    """Side by side, as wide as the tiles together."""
    width = (len(TILES) * _TILE_PIXELS - (len(drawn) - 1) * _CHART_GAP) // len(drawn)
    for number, one in enumerate(drawn):
        chart = draw(book, one.sheet, one.panel, one.first, one.last, stacked=one.stacked, small=True)
        chart.set_size({"width": width, "height": _CHART_ROWS * _ROW_PIXELS})
        offset = number * (width + _CHART_GAP)
        place = {"x_offset": offset, "description": one.panel.title, "object_position": 3}
        sheet.insert_chart(_CHARTS_AT, _LEFT, chart, place)
