"""Uploads: hand one in, its outcome, the history, the result workbook, taking it back; and the templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from secrets import token_urlsafe
from typing import Any

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.access import request_keys
from server.access.declaring import shown_to
from server.access.roles import demand
from server.errors import NotFound, StockbookError, WrongUse
from server.uploads import downloads, outcome, undo
from server.uploads.models import Upload
from server.uploads.pipeline import Request, Who
from server.uploads.running import HandedIn
from server.uploads.sources import Source, keep_file, source_of
from server.web.frame import console, go, here_with, number_given, pages, show, visitor
from validators.registry import WORKBOOKS

page = pages("uploads")

#: How long a browser waits for the outcome; then it is shown how far it is.
PATIENCE_SECONDS = 10.0
LINES, ROWS = 50, 200
#: Statuses of rows that somebody has to look at.
BAD = ("error", "conflict", "warning")
#: What is wrong with a file of which nobody can tell what it is: whoever handed it in may know.
UNCLEAR = ("file-no-template", "file-ambiguous-template")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@page.get("/uploads")
@shown_to("read")
def uploads() -> Response:
    """Hand a workbook in; what was handed in before."""
    return _history()


@page.post("/uploads")
@shown_to("upload.validate", max_body=None)
def hand_in_file() -> Response:
    """Check a workbook, or apply it."""
    try:
        sent, template = request.files.get("file"), request.form.get("template") or None
        if sent is None or not sent.filename:
            raise WrongUse("choose a workbook first, or drop one on the page", field="file")
        if template is not None:
            downloads.template_of(template)
        console().uploads.allow(visitor().user_id)
        source, _ = keep_file(console().settings, sent.stream, sent.filename, template)
        return _shown_soon(_hand_in(source, template))
    except StockbookError as problem:
        return _history(problem)


@page.get("/uploads/<int:id>")
@shown_to("read")
def upload(id: int) -> Response:
    """What came of an upload, row by row."""
    return _outcome(id)


@page.post("/uploads/<int:id>/again")
@shown_to("upload.validate")
def hand_in_again(id: int) -> Response:
    """Apply what was checked before, or what was a duplicate: the very file that is kept.

    A form that is sent twice has it handed in once, also where it says to apply a duplicate."""
    with console().db.read() as session:
        known = downloads.find_upload(session, id)

    def work() -> HandedIn:
        console().uploads.allow(visitor().user_id)
        downloads.kept_file(console().settings, known)
        template = known.template or request.form.get("template") or None
        if template is not None:
            downloads.template_of(template)
        return _hand_in(source_of(known.stored_as, known.filename, template), template)

    try:
        return _once(request.form.get("once", ""), work)
    except StockbookError as problem:
        return _outcome(id, problem)


@page.get("/uploads/<int:id>/result.xlsx")
@shown_to("read")
def upload_result(id: int) -> Response:
    """The same workbook with status, message, colours and notes."""
    content = downloads.result_file(console().db, console().settings, id)
    return _workbook(content, f"upload-{id}-result.xlsx")


@page.post("/uploads/<int:id>/undo")
@shown_to("upload.undo")
def take_back_upload(id: int) -> Response:
    """Take back what it applied, all or nothing."""
    by = visitor().name
    try:
        console().db.write(lambda session: undo.undo(session, id, by=by))
    except NotFound:
        raise
    except StockbookError as problem:
        return _outcome(id, problem)
    return go(f"/uploads/{id}", f"Upload {id} is taken back: every figure and value is as it was before it.")


@page.get("/templates/<template>.xlsx")
@shown_to("read")
def template_file(template: str) -> Response:
    """A workbook to fill in; `?with_data=true` for one with current data."""
    with_data = request.args.get("with_data") == "true"
    with console().db.read() as session:
        return _workbook(downloads.template_file(session, template, with_data=with_data), f"{template}.xlsx")


def _once(key: str, work: Callable[[], HandedIn]) -> Response:
    """Hand in under the key of the form that was sent; sent a second time, it leads to what it came to the first."""
    if not key:
        return _shown_soon(work())
    db, scope = console().db, f"form:{visitor().user_id}"
    claim = db.write(lambda session: request_keys.claim(session, scope, key, b""))
    if claim.stored is not None:
        return go(claim.stored.body.decode())
    try:
        at_work = work()
    except StockbookError:
        db.write(lambda session: request_keys.give_up(session, claim))
        raise
    there = f"/uploads/{at_work.upload_id}".encode()
    db.write(lambda session: request_keys.finish(session, claim, 303, {}, there))
    return _shown_soon(at_work)


def _hand_in(source: Source, template: str | None) -> HandedIn:
    given, who = request.form, visitor()
    mode = "apply" if given.get("mode") == "apply" else "validate"
    if mode == "apply":
        demand(who.role, "upload.apply")
    wanted = Request(mode, given.get("on_error") == "apply_good", given.get("again") == "yes", template)
    return console().uploads.hand_in(source, wanted, Who(who.name, who.user_id, who.role))


def _shown_soon(at_work: HandedIn) -> Response:
    with suppress(StockbookError):  # it stands in the history, and its page says it
        at_work.wait(PATIENCE_SECONDS)
    return go(f"/uploads/{at_work.upload_id}")


def _history(problem: StockbookError | None = None) -> Response:
    template, before = request.args.get("template", ""), number_given("before")
    query = select(Upload).order_by(Upload.id.desc()).limit(LINES + 1)
    if template:
        query = query.where(Upload.template == template)
    if before is not None:
        query = query.where(Upload.id < before)
    with console().db.read() as session:
        found = session.scalars(query).all()
    lines = found[:LINES]
    following = here_with(before=lines[-1].id) if len(found) > LINES else ""
    shown: dict[str, Any] = {"uploads": lines, "following": following, "template": template, "given": request.form}
    return show("uploads.html", problem=problem, workbooks=WORKBOOKS, **shown)


def _outcome(upload_id: int, problem: StockbookError | None = None) -> Response:
    every, after = request.args.get("rows") == "all", number_given("after") or 0
    with console().db.read() as session:
        found = downloads.find_upload(session, upload_id)
        rows = list(islice(_rows(session, found, every=every, after=after), ROWS + 1))
    shown = rows[:ROWS]
    following = here_with(after=shown[-1]["row"]) if len(rows) > ROWS else ""
    facts: dict[str, Any] = {"upload": found, "summary": outcome.summary(found), "rows": shown, "every": every}
    facts |= {"following": following, "workbook": WORKBOOKS.get(found.template), "statuses": outcome.STATUSES}
    facts |= {"workbooks": WORKBOOKS, "which": (found.problem or {}).get("code") in UNCLEAR}
    return show("upload.html", problem=problem, once=token_urlsafe(16), **facts)


def _rows(session: Session, found: Upload, *, every: bool, after: int) -> Iterator[dict[str, Any]]:
    for row in outcome.stored_rows(session, found.id, after=after):
        if every or row["status"] in BAD:
            yield outcome.public_row(row)


def _workbook(content: Any, name: str) -> Response:
    response = Response(content, content_type=XLSX)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
