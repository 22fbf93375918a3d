"""The sheet of charts: each a small table of its figures with a native chart beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlsxwriter import Workbook as Book

from server.reports.cells import RowWriter
from server.reports.describing import Asked, Bars, Panel, Report
from server.reports.streaming import StreamedSheet
from validators.writing import styling

_TITLE_HEIGHT, _HEADER_HEIGHT, _ROW_HEIGHT = 30, 22, 18  # points
#: Rows that a chart is high at least; one with many bars grows with its table.
_LEAST_ROWS = 14
_ROW_PIXELS, _WIDTH_PIXELS = 24, 760
_GAP_WIDTH = 4
_COLOURS = (styling.ACCENT, "F0B429", styling.MUTED)
_LIGHT = ("F0B429",)


def write_charts(book: Book, sheet: StreamedSheet, report: Report, asked: Asked, panels: Sequence[Panel]) -> None:
    """Write the panels one below the other."""
    sheet.hide_gridlines(2)
    sheet.set_default_row(_ROW_HEIGHT)
    sheet.paper(report.title, asked.at)
    sheet.set_portrait()  # two charts to a page
    sheet.set_row(0, _TITLE_HEIGHT)
    sheet.text(0, 0, f"{report.title}: charts", book.add_format(styling.TITLE))
    if not panels:
        sheet.text(2, 0, "Nothing to show because the tables are empty.", book.add_format(styling.SUBTITLE))
        return
    width = max(len(panel.columns) for panel in panels)
    for index in range(width):
        widths = [panel.columns[index].width for panel in panels if index < len(panel.columns)]
        sheet.set_column(index, index, max(widths))
    sheet.set_column(width, width, _GAP_WIDTH)
    at = 2
    for number, panel in enumerate(panels, start=1):
        at = _write_panel(book, sheet, panel, f"tbl_{report.name}_chart_{number}", at, width + 1)


def _write_panel(book: Book, sheet: StreamedSheet, panel: Panel, name: str, at: int, chart_column: int) -> int:
    """Heading, table and chart from row `at` on; the row where the next one begins."""
    first, last = write_figures(book, sheet, panel, name, at)
    high = max(_LEAST_ROWS, len(panel.rows) + 3)
    chart = draw(book, sheet, panel, first, last)
    chart.set_size({"width": _WIDTH_PIXELS, "height": high * _ROW_PIXELS})
    sheet.insert_chart(at, chart_column, chart, {"description": panel.title})
    return at + high + 2


def write_figures(book: Book, sheet: StreamedSheet, panel: Panel, name: str, at: int) -> tuple[int, int]:
    """Heading and table from row `at` on; the table's first and last row."""
    sheet.text(at, 0, panel.title, book.add_format(styling.HEADING))
    writer = RowWriter(book, sheet, panel.columns)
    header = at + 1
    sheet.set_row(header, _HEADER_HEIGHT)
    writer.header(header)
    for number, row in enumerate(panel.rows, start=header + 1):
        writer.row(number, row)
    last = header + len(panel.rows)
    sheet.close_table(name, [column.title for column in panel.columns], header, last)
    return header + 1, last


def draw(
    book: Book,
    sheet: StreamedSheet,
    panel: Panel,
    first: int,
    last: int,
    *,
    stacked: bool = False,
    small: bool = False,
) -> Any:
    """The chart of a panel whose rows stand on `sheet` from column A on. `stacked`: bars on top of each other; `small`:
    without an axis of figures, each bar says its own, save those of 0."""
    chart = book.add_chart({"type": panel.bars.value, **({"subtype": "stacked"} if stacked else {})})
    names = [str(row[0] or "") for row in panel.rows]
    for index, column in enumerate(panel.drawn):
        chart.add_series(
            {
                "name": panel.columns[column].title,
                "categories": [sheet.name, first, 0, last, 0],
                "values": [sheet.name, first, column, last, column],
                # A streamed sheet's cells have left memory, so what the chart shows before it is recalculated is given.
                "categories_data": names,
                "values_data": [float(row[column] or 0) for row in panel.rows],
                "fill": {"color": f"#{_COLOURS[index]}"},
                "gap": 60,
                "data_labels": _labels(index, len(panel.drawn), small=small),
            }
        )
    chart.set_title({"name": panel.title, "name_font": _font(12), "overlay": False})
    chart.set_legend({"none": True} if len(panel.drawn) == 1 else {"position": "bottom", "font": _font(9)})
    values = {"major_gridlines": {"visible": not small, "line": {"color": f"#{styling.LINE}"}}, "line": {"none": True}}
    values |= {"num_font": _font(9), "num_format": "#,##0", "visible": not small}
    names_axis: dict[str, Any] = {"num_font": _font(9), "line": {"color": f"#{styling.LINE}"}}
    if panel.bars is Bars.ACROSS:
        names_axis |= {"reverse": True, "crossing": "max"}  # the first row on top, the figures at the foot
        names_axis, values = values, names_axis  # XlsxWriter's x is across, whatever stands there
    chart.set_x_axis(names_axis)
    chart.set_y_axis(values)
    chart.set_chartarea({"border": {"color": f"#{styling.LINE}"}})
    return chart


def _labels(index: int, drawn: int, *, small: bool) -> dict[str, Any]:
    """What stands at the bars: where several share a place, inside of them and in what can be read on their colour."""
    if not small:
        return {"value": drawn == 1, "num_format": "#,##0", "font": _font(9)}
    ink = styling.INK if drawn == 1 or _COLOURS[index] in _LIGHT else "FFFFFF"
    return {"value": True, "num_format": "#,##0;-#,##0;", "font": _font(9, ink)}


def _font(size: int, colour: str = styling.INK) -> dict[str, Any]:
    return {"name": styling.FONT, "size": size, "bold": False, "color": f"#{colour}"}
