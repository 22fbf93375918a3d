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
from addin.client.reading import body, fingerprint, unmarked
from addin.client.sheet import Table
from addin.desktop.desk import Desk
from addin.desktop.xlwings_sheet import TemplateSheet

#: After these the server may or may not have done it: the same press must be repeated, not a new one made.
_UNANSWERED = (ServerAway, ServerTooSlow, ServerTrouble, ServerBusy)


class NotWritten(AddinError):
    """Excel did not take the results: the server has done what it said, the sheet does not show it."""

    title = "The results could not be written"

    def __init__(self, said: str) -> None:
        super().__init__(
            f"{said}\n\nExcel did not let this be written into the sheet. Is it protected (Review, Unprotect Sheet), "
            "or is a cell being edited? Then press Validate: what was applied is not applied again."
        )


def validate(desk: Desk) -> None:
    """Check every row; nothing changes but this workbook's own status, message, colours and notes (WB-5)."""
    sheet = desk.sheet()
    table = sheet.read(desk.screen.progress)
    with desk.server() as server:
        outcome = server.hand_in(body(table), mode="validate", progress=desk.screen.progress)
        painted = show(desk, sheet, table, server, outcome)
    desk.screen.tell(summary.of_outcome(outcome, notes_left_out=painted.notes_left_out), "Validate")


def apply(desk: Desk) -> None:
    """Check every row and apply them: all or none, or the good ones if the user says so (WB-6)."""
    sheet = desk.sheet()
    table = sheet.read(desk.screen.progress)
    with desk.server() as server:
        outcome, said = _applied(desk, sheet, table, server)
        flags = {}
        if outcome.status == "duplicate":
            meant = _once_more(desk, sheet, table, outcome, said)
            if meant is None:
                return
            table, flags = meant, {"again": True}
            outcome, said = _applied(desk, sheet, table, server, **flags)
        if outcome.status == "refused" and outcome.good_rows and outcome.bad_rows:
            rows = summary.many(outcome.good_rows, "good row")
            if not desk.screen.ask(f"{said}\n\nApply the {rows} now and leave the others?", "Apply"):
                return
            outcome, said = _applied(desk, sheet, table, server, good_rows=True, **flags)
    desk.screen.tell(said, "Apply")


def _once_more(desk: Desk, sheet: TemplateSheet, table: Table, outcome: Outcome, said: str) -> Table | None:
    """The rows to apply although their content was applied before (WB-7): all of them, or those that were not applied
    then; None if that is not meant."""
    if outcome.good_rows:
        were = "was" if outcome.good_rows == 1 else "were"
        question = f"Apply the {summary.many(outcome.good_rows, 'row')} that {were} not applied then?"
        return sheet.read(desk.screen.progress) if desk.screen.ask(f"{said}\n\n{question}", "Applied before") else None
    if outcome.bad_rows:
        desk.screen.tell(said, "Applied before")
        return None
    question = "Is it meant to be applied once more?"
    return unmarked(table) if desk.screen.ask(f"{said}\n\n{question}", "Applied before") else None


def _applied(desk: Desk, sheet: TemplateSheet, table: Table, server: Server, **flags: bool) -> tuple[Outcome, str]:
    """One apply, painted; what came of it, and that in words."""
    outcome = _apply(desk, server, body(table), **flags)
    painted = show(desk, sheet, table, server, outcome)
    return outcome, summary.of_outcome(outcome, notes_left_out=painted.notes_left_out)


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
    """Paint an outcome. All of it is fetched before the first cell is touched. Raises `NotWritten`."""
    cells = list(server.all_cells(outcome, progress=desk.screen.progress))
    if not cells:
        return Painted(None, 0)
    last = table.first_row + len(table.values) - 1
    try:
        with still(desk.book.app):
            sheet.ready_for_results(table)
            return paint(sheet.paper, cells, rows=(table.first_row, last), progress=desk.screen.progress)
    except Exception as error:  # COM's and AppleScript's, whose classes are only known where they are
        raise NotWritten(summary.of_outcome(outcome, painted=False)) from error


@contextmanager
def still(app: xw.App) -> Iterator[None]:
    """Excel does not redraw meanwhile, which makes many small changes several times as fast."""
    before = app.screen_updating
    app.screen_updating = False
    try:
        yield
    finally:
        app.screen_updating = before
