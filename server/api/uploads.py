"""Uploads: workbooks and rows handed in, their outcome, their history, and taking them back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from flask import Response, request
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.access.request_keys import Claim
from server.api.auth import caller, require
from server.api.frame import Answer, Body, ById, a_file, answer, needs, resource, services, show
from server.api.once import fingerprint_of, once, once_in_steps, request_target
from server.api.paging import Page, Paging, page
from server.api.problems import raise_wrong_request
from server.api.safety import checked_json
from server.errors import WrongUse
from server.uploads import downloads, outcome, quota, undo
from server.uploads.models import Upload
from server.uploads.pipeline import Request, Who
from server.uploads.sources import RowsSource, Source, folder, keep_file, keep_rows

api = resource("uploads", "Uploads")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: How long a caller waits for its outcome before it is told where to ask for it.
PATIENCE_SECONDS = 20.0


class HandIn(BaseModel):
    """How an upload is handed in."""

    mode: Literal["validate", "apply"] = Field("validate", description="validate changes nothing.")
    on_error: Literal["reject_all", "apply_good"] = Field(
        "reject_all", description="apply_good applies the good rows although others have errors."
    )
    again: bool = Field(False, description="Apply although the same content was applied before.")
    template: str | None = Field(None, max_length=40, description="For files that can't tell their template.")


class CellMark(BaseModel):
    """What a JSON value can't tell of its cell: a number shown as per cent or like 00000, a date, a merged cell."""

    row: int = Field(ge=1, le=1_048_576, description="As Excel shows it.")
    column: str = Field(max_length=255, description="The row's key for it.")
    kind: Literal["percent", "zeros", "date", "time", "merged"]


class GivenRows(Body):
    """Rows instead of a file: keys are column names or titles."""

    template: str = Field(max_length=40)
    rows: list[dict[str, Any]]
    sheet: str | None = Field(None, max_length=31, description="The sheet's name, for the addresses in `cells`.")
    first_row: int | None = Field(None, ge=1, le=1_048_576, description="The row number of the first of `rows`.")
    version: int | None = Field(None, ge=0, le=1_000_000, description="Of the template that the sheet was made with.")
    marks: list[CellMark] = Field([], max_length=1_000_000, description="Cells whose values don't say all.")
    hidden: list[int] = Field([], max_length=1_048_576, description="Row numbers that are hidden in the sheet.")


class RowCounts(BaseModel):
    """Rows by what came of them."""

    rows: int = 0
    ok: int = 0
    warning: int = 0
    error: int = 0
    conflict: int = 0
    unchanged: int = 0
    skipped: int = 0


class UploadShown(BaseModel):
    """An upload as a line of the history."""

    id: int
    template: str
    mode: str
    status: Literal["running", "validated", "applied", "partly_applied", "refused", "duplicate", "failed", "undone"]
    counts: RowCounts
    messages: list[str] = Field(description="About the file as a whole.")
    filename: str
    kept_bytes: int = Field(description="What its file takes of its user's quota; 0 once it is no longer kept.")
    by: str
    created_at: datetime
    seconds: float | None
    duplicate_of: int | None
    progress: dict[str, Any]
    problem: dict[str, Any] | None


class MessageShown(BaseModel):
    """One problem of a row."""

    column: str | None
    code: str
    text: str
    severity: Literal["error", "warning", "conflict"]


class ChangeShown(BaseModel):
    """One value before and after."""

    field: str
    before: Any
    after: Any


class RowShown(BaseModel):
    """What came of a row; `row` is the number Excel shows."""

    row: int
    status: Literal["ok", "warning", "error", "conflict", "unchanged", "skipped"]
    messages: list[MessageShown]
    changes: list[ChangeShown]


class CellShown(BaseModel):
    """A cell to write back: value (null keeps it), colour by style, note."""

    sheet: str
    address: str
    value: str | int | None
    style: Literal["ok", "warning", "error", "conflict", "skipped", "clear"]
    note: str | None


class OutcomeShown(UploadShown):
    """The outcome: the first 1,000 rows and their cells; the rest is paged."""

    rows: list[RowShown] = []
    cells: list[CellShown] = []


class UploadFilter(Paging):
    """Which uploads."""

    template: str | None = None
    status: str | None = None


@api.post("/uploads", responses={200: OutcomeShown, 202: UploadShown})
@needs("upload.validate", max_body=None, raw_body=True)
def hand_in(query: HandIn) -> Response:
    """Validate or apply a workbook (multipart `file`) or rows (JSON)."""
    if query.mode == "apply":
        require("upload.apply")
    services().uploads.allow(caller().user_id)
    source, digest = _source(query)
    try:
        return once_in_steps(
            lambda claim: _work(source, query, claim), fingerprint=fingerprint_of([*request_target(), digest])
        )
    finally:
        _forget_unused(source)


def _work(source: Source, query: HandIn, claim: Claim | None) -> Answer:
    if claim is not None and claim.taken_over and (done := _finished_under(claim)) is not None:
        return answer(done)
    asked = Request(query.mode, query.on_error == "apply_good", query.again, _template(source, query))
    who = Who(caller().name, caller().user_id, caller().role)
    at_work = services().uploads.hand_in(source, asked, who, request_key_id=claim.id if claim else None)
    done_in_time = at_work.wait(PATIENCE_SECONDS)
    with services().db.read() as session:
        upload = downloads.find_upload(session, at_work.upload_id)
        if done_in_time:
            return answer(OutcomeShown(**outcome.document(session, upload)))
        where = f"/api/v1/uploads/{upload.id}"
        return answer(UploadShown(**outcome.summary(upload)), 202, location=where)


def _finished_under(claim: Claim) -> OutcomeShown | None:
    """What an earlier, interrupted request under the same key came to, where it came to an end (P1)."""
    with services().db.read() as session:
        query = select(Upload).where(Upload.request_key_id == claim.id, Upload.status.not_in(("running", "failed")))
        upload = session.scalars(query.order_by(Upload.id.desc()).limit(1)).first()
        return None if upload is None else OutcomeShown(**outcome.document(session, upload))


def _source(query: HandIn) -> tuple[Source, bytes]:
    settings = services().settings
    if request.mimetype == "application/json":
        given = _given_rows()
        downloads.template_of(given.template)
        source = keep_rows(settings, given.model_dump())
        return source, hashlib.sha256((folder(settings) / source.stored_as).read_bytes()).digest()
    if query.template is not None:
        downloads.template_of(query.template)
    sent = request.files.get("file")
    if sent is None:
        raise WrongUse("send the workbook as multipart form field 'file', or rows as JSON", field="file")
    return keep_file(settings, sent.stream, sent.filename or "", query.template)


def _given_rows() -> GivenRows:
    try:
        return GivenRows.model_validate(checked_json())
    except ValidationError as error:
        raise_wrong_request(error)


def _template(source: Source, query: HandIn) -> str | None:
    if isinstance(source, RowsSource):
        return str(request.get_json()["template"])
    return query.template


def _forget_unused(source: Source) -> None:
    """A repeated request stored its file once more, for nothing."""
    with services().db.read() as session:
        used = session.scalar(select(Upload.id).where(Upload.stored_as == source.stored_as).limit(1))
    if used is None:
        (folder(services().settings) / source.stored_as).unlink(missing_ok=True)


@api.get("/uploads", responses={200: Page[UploadShown]})
@needs("read")
def list_uploads(query: UploadFilter) -> Response:
    """The history, newest first."""
    rows = select(Upload)
    if query.template is not None:
        rows = rows.where(Upload.template == query.template)
    if query.status is not None:
        rows = rows.where(Upload.status == query.status)
    with services().db.read() as session:
        return show(
            page(session, rows, Upload.id, query, lambda u: UploadShown(**outcome.summary(u)), newest_first=True)
        )


@api.get("/uploads/<int:id>", responses={200: OutcomeShown})
@needs("read")
def get_upload(path: ById) -> Response:
    """One upload with its outcome, or how far it is."""
    with services().db.read() as session:
        return show(OutcomeShown(**outcome.document(session, downloads.find_upload(session, path.id))))


class RowPage(BaseModel):
    """A page of rows."""

    items: list[RowShown]
    next: int | None = Field(description="Give it back as `after`; null at the end.")


class CellPage(BaseModel):
    """A page of cells: those of a page of rows."""

    items: list[CellShown]
    next: int | None = Field(description="Give it back as `after`; null at the end.")


class AfterRow(BaseModel):
    """From which row on."""

    after: int = Field(0, ge=0, le=2**31 - 1, description="`next` of the page before: a row number.")
    limit: int = Field(outcome.PAGE, ge=1, le=outcome.PAGE)


@api.get("/uploads/<int:id>/rows", responses={200: RowPage})
@needs("read")
def list_rows(path: ById, query: AfterRow) -> Response:
    """What came of the rows behind row `after`."""
    with services().db.read() as session:
        upload = downloads.find_upload(session, path.id)
        rows, following = _rows_behind(session, upload, query)
        return show(RowPage(items=[RowShown(**outcome.public_row(row)) for row in rows], next=following))


@api.get("/uploads/<int:id>/cells", responses={200: CellPage})
@needs("read")
def list_cells(path: ById, query: AfterRow) -> Response:
    """The cells of the rows behind row `after`."""
    with services().db.read() as session:
        upload = downloads.find_upload(session, path.id)
        rows, following = _rows_behind(session, upload, query)
        told = {"headers": query.after == 0, "undone": outcome.is_undone(upload)}
        cells = outcome.cells_of(rows, upload.layout, **told) if rows else ()
        return show(CellPage(items=[CellShown(**outcome.cell_json(cell)) for cell in cells], next=following))


def _rows_behind(session: Session, upload: Upload, query: AfterRow) -> tuple[list[dict[str, Any]], int | None]:
    rows: list[dict[str, Any]] = []
    for row in outcome.stored_rows(session, upload.id, after=query.after):
        if len(rows) == query.limit:
            return rows, rows[-1]["row"]
        rows.append(row)
    return rows, None


@api.get("/uploads/<int:id>/file", responses={200: a_file("application/octet-stream")})
@needs("read")
def get_file(path: ById) -> Response:
    """The file as it was handed in, for its uploader and admins only: links and macros are still in it."""
    with services().db.read() as session:
        upload = downloads.find_upload(session, path.id)
        if downloads.owner_of(session, upload) != caller().user_id:
            require("users.write")
        content, name = downloads.original_file(services().settings, upload)
        return _attachment([content], name, "application/octet-stream")


@api.delete("/uploads/<int:id>/file", responses={200: UploadShown})
@needs("upload.validate")
def delete_file(path: ById) -> Response:
    """Delete the file that was handed in, its uploader or an admin; what came of it stays."""
    settings, by = services().settings, caller().name

    def work(session: Session) -> BaseModel:
        upload = downloads.find_upload(session, path.id)
        if downloads.owner_of(session, upload) != caller().user_id:
            require("users.write")
        quota.drop_file(session, settings, upload, by=by, at=clock.now())
        return UploadShown(**outcome.summary(upload))

    done = once(work)
    services().db.write(
        lambda session: quota.forget_dropped(session, settings, downloads.find_upload(session, path.id))
    )
    return done


@api.get("/uploads/<int:id>/result.xlsx", responses={200: a_file(XLSX)})
@needs("read")
def get_result(path: ById) -> Response:
    """The same workbook with status, message, colours and notes."""
    content = downloads.result_file(services().db, services().settings, path.id)
    return _attachment([content], f"upload-{path.id}-result.xlsx", XLSX)


@api.post("/uploads/<int:id>/undo", responses={200: OutcomeShown})
@needs("upload.undo")
def undo_upload(path: ById) -> Response:
    """Take back what it applied: reversing movements and restored values, all or nothing."""
    by = caller().name

    def work(session: Session) -> BaseModel:
        return OutcomeShown(**outcome.document(session, undo.undo(session, path.id, by=by)))

    return once(work)


def _attachment(content: Iterable[bytes], name: str, kind: str) -> Response:
    response = Response(content, content_type=kind)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
