"""Load current data: the open template brought up to date, what was typed and not applied kept as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from addin.client import summary
from addin.client.errors import Refused
from addin.client.http import Server, Template
from addin.client.merging import Merged, Values, merge, names_of, typed_rows
from addin.client.painting import FILLS, own_part
from addin.client.reading import STATUS, VERSION, body
from addin.client.sheet import Area, Table, runs
from addin.desktop.control import ControlBook
from addin.desktop.desk import Desk
from addin.desktop.uploading import still
from addin.desktop.xlwings_sheet import TemplateSheet


def load_current_data(desk: Desk) -> None:
    """The control workbook takes what is so now, a template its records' values: save in rows that were typed and not
    applied; new records go below."""
    control = ControlBook.of(desk.book)
    if control is not None:
        _refresh(desk, control)
        return
    sheet = desk.sheet()
    with desk.server() as server:
        template = _template(server, sheet.template)
        if not template.with_data:
            raise Refused(f"'{template.title}' has no current data to load: it is filled in from empty.")
        table = sheet.read(desk.screen.progress)
        typed = _typed(desk, server, table)
        desk.screen.progress("fetching current data")
        data = server.current_data(template.id)
        merged = merge(table, typed, data, template, default_warehouse=server.default_warehouse())
    with still(desk.book.app):
        _write(desk, sheet, table, template, merged, typed)
    desk.screen.tell(summary.of_load(template.title, merged.loaded, merged.kept))


def _refresh(desk: Desk, control: ControlBook) -> None:
    """All of it is fetched before the first cell is touched."""
    desk.screen.progress("fetching what waits")
    with desk.server() as server:
        now = server.control(control.version)
    with still(desk.book.app):
        written = control.write(now, desk.screen.progress)
    desk.screen.tell(summary.of_refresh(now.said, written))


def _template(server: Server, wanted: str) -> Template:
    for template in server.templates():
        if template.id == wanted:
            return template
    raise Refused(f"This server has no template '{wanted}'. Is it the right server?")


def _typed(desk: Desk, server: Server, table: Table) -> set[int]:
    """The rows to keep, as the server judges them."""
    if not table.values:
        return set()
    desk.screen.progress("looking for what was typed")
    outcome = server.hand_in(body(table), mode="validate", progress=desk.screen.progress)
    return typed_rows(server.all_rows(outcome))


def _write(desk: Desk, sheet: TemplateSheet, table: Table, template: Template, merged: Merged, typed: set[int]) -> None:
    """The template's own columns, in stretches of rows that change; columns of the user's own are not touched."""
    headers = sheet.ready_for_results(table, VERSION)
    names = names_of(headers, template)
    kinds = {str(column["name"]): str(column["type"]) for column in template.columns}
    rows = [*merged.rows, *([{}] * max(0, len(table.values) - len(merged.rows)))]
    first, last = table.first_row, table.first_row + max(len(rows), 1) - 1
    sheet.reach(last, len(headers))
    changing = [number for number, row in enumerate(rows, first) if row is not None]
    for column, name in enumerate(names, 1):
        if not name:
            continue
        desk.screen.progress(f"writing {headers[column - 1].rstrip('*')}")
        for top, bottom in runs(changing):
            values = _values(rows[top - first : bottom - first + 1], name)
            sheet.paper.write_column(top, column, values, kinds.get(name, "text"))
    if VERSION not in table.headers:
        sheet.hide_column(names.index(VERSION) + 1)
    _take_colours_back(sheet, table, names, set(changing) - typed)


def _values(rows: Sequence[Values | None], name: str) -> list[Any]:
    """One column of the rows. Records have no status: what was said of a row before goes when it takes its record."""
    return [None if row is None else row.get(name) for row in rows]


def _take_colours_back(sheet: TemplateSheet, table: Table, names: Sequence[str], changed: set[int]) -> None:
    """Colours and notes of an earlier outcome, in rows that it had painted and that took their record's values now."""
    status = table.column(STATUS)
    ours = set(FILLS.values())
    for number, values in enumerate(table.values, table.first_row):
        if status is not None and values[status] and number in changed:
            for column in range(1, len(names) + 1):
                if sheet.paper.fill_of(number, column) in ours:
                    sheet.paper.fill(Area(number, column), None)
    for (row, column), text in sheet.paper.notes().items():
        if row in changed and own_part(text) != text:
            sheet.paper.set_note(row, column, own_part(text) or None)
