"""Validate and Apply: the open sheet's rows to the server, what came of them back into its own cells (ADD-2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import xlwings as xw

from addin.client import summary
from addin.client.errors import AddinError, ServerAway, ServerBusy, ServerTooSlow, ServerTrouble
from addin.client.http import Server
from addin.client.outcome import Outcome
from addin.client.painting import Painted, paint
from addin.client.reading import body, fingerprint
from addin.client.sheet import Table
from addin.desktop.desk import Desk
from addin.desktop.xlwings_sheet import TemplateSheet

#: After these the server may or may not have done it: the same press must be repeated, not a new one made.
_UNANSWERED = (ServerAway, ServerTooSlow, ServerTrouble, ServerBusy)


def validate(desk: Desk) -> None:
    """Check every row; nothing changes but this workbook's own status, message, colours and notes (WB-5)."""
    sheet = desk.sheet()
    table = sheet.read(desk.screen.progress)
    with desk.server() as server:
        outcome = server.hand_in(body(table), mode="validate", progress=desk.screen.progress)
        painted = show(desk, sheet, table, server, outcome)
    desk.screen.tell(summary.of_outcome(outcome, notes_left_out=painted.notes_left_out))


def apply(desk: Desk) -> None:
    """Check every row and apply them: all or none, or the good ones if the user says so (WB-6)."""
    sheet = desk.sheet()
    table = sheet.read(desk.screen.progress)
    sent = body(table)
    with desk.server() as server:
        outcome = _apply(desk, server, sent)
        if outcome.status == "duplicate" and desk.screen.ask(
            f"{summary.of_outcome(outcome)}\n\nIs it meant to be applied once more?", "Applied before"
        ):
            outcome = _apply(desk, server, sent, again=True)
        painted = show(desk, sheet, table, server, outcome)
        good = outcome.counts.get("rows", 0) - outcome.bad_rows
        if outcome.status == "refused" and good and outcome.bad_rows:
            said = summary.of_outcome(outcome, notes_left_out=painted.notes_left_out)
            if not desk.screen.ask(f"{said}\n\nApply the {good:,} good rows now and leave the others?"):
                return
            outcome = _apply(desk, server, sent, good_rows=True)
            painted = show(desk, sheet, table, server, outcome)
    desk.screen.tell(summary.of_outcome(outcome, notes_left_out=painted.notes_left_out))


def _apply(desk: Desk, server: Server, sent: Mapping[str, Any], **flags: bool) -> Outcome:
    """One apply under the key of this sheet's state, so that pressing twice applies once."""
    mark = fingerprint(server.address, "apply", flags, sent)
    key = desk.presses.key(mark)
    try:
        outcome = server.hand_in(sent, mode="apply", key=key, progress=desk.screen.progress, **flags)
    except _UNANSWERED:
        raise
    except AddinError:
        desk.presses.answered(mark)
        raise
    desk.presses.answered(mark)
    return outcome


def show(desk: Desk, sheet: TemplateSheet, table: Table, server: Server, outcome: Outcome) -> Painted:
    """Paint an outcome. All of it is fetched before the first cell is touched."""
    cells = list(server.all_cells(outcome, progress=desk.screen.progress))
    if not cells:
        return Painted(None, 0)
    with still(desk.book.app):
        sheet.ready_for_results(table)
        last = table.first_row + len(table.values) - 1
        return paint(sheet.paper, cells, rows=(table.first_row, last), progress=desk.screen.progress)


@contextmanager
def still(app: xw.App) -> Iterator[None]:
    """Excel does not redraw meanwhile, which makes many small changes several times as fast."""
    before = app.screen_updating
    app.screen_updating = False
    try:
        yield
    finally:
        app.screen_updating = before
