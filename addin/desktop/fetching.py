"""Workbooks that are fetched and opened: templates, reports, results of earlier uploads."""

from __future__ import annotations

from addin.client.errors import Refused
from addin.client.outcome import Outcome
from addin.desktop import dialogs
from addin.desktop.desk import Desk

_STATUS = {"partly_applied": "partly applied"}


def get_template(desk: Desk) -> None:
    """Choose a template, empty or with current data, and open it."""
    with desk.server() as server:
        templates = server.templates()
        place = dialogs.choose(
            "Get template", "Which workbook?", [f"{each.title}: {each.summary}" for each in templates]
        )
        if place is None:
            return
        chosen = templates[place]
        with_data = False
        if chosen.with_data:
            answer = desk.screen.choose(f"{chosen.title}: with current data?\n\nNo gives it empty.", "Get template")
            if answer == "cancel":
                return
            with_data = answer == "yes"
        desk.screen.progress(f"fetching {chosen.title}")
        content = server.template(chosen.id, with_data=with_data)
    desk.open(content, chosen.title)


def reports(desk: Desk) -> None:
    """Choose a report and open it."""
    with desk.server() as server:
        found = server.reports()
        if not found:
            raise Refused("This server has no reports yet.")
        place = dialogs.choose("Reports", "Which report?", [title for _, title in found])
        if place is None:
            return
        name, title = found[place]
        desk.screen.progress(f"fetching {title}")
        content = server.report(name)
    desk.open(content, title)


def history(desk: Desk) -> None:
    """Choose one of the latest uploads and open it with its results."""
    with desk.server() as server:
        uploads = server.history()
        if not uploads:
            desk.screen.tell("Nothing was handed in yet.", "History")
            return
        place = dialogs.choose("History", "Open which upload, with its results?", [_line(each) for each in uploads])
        if place is None:
            return
        chosen = uploads[place]
        desk.screen.progress(f"fetching upload {chosen.id}")
        content = server.result(chosen.id)
    desk.open(content, f"Upload {chosen.id} {chosen.template}")


def _line(upload: Outcome) -> str:
    counts = upload.counts
    bad = f", {upload.bad_rows} wrong" if upload.bad_rows else ""
    moment = upload.created_at[:16].replace("T", " ")
    status = _STATUS.get(upload.status, upload.status)
    return f"{upload.id}  {moment}  {upload.template}  {status}, {counts.get('rows', 0)} rows{bad}  {upload.by}"
