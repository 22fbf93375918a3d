"""Scheduled imports: watched places, what is done with files that arrive there, and which were taken (JOB-2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, cast

from cryptography.fernet import MultiFernet
from flask import Response
from pydantic import BaseModel, Field, StrictBool
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.access.users import user_named
from server.api.auth import caller
from server.api.frame import Body, ById, needs, resource, services, show
from server.api.jobs import RunShown, accepted
from server.api.once import once
from server.api.paging import Page, Paging, page, page_of
from server.db.base import fold
from server.errors import WrongUse
from server.imports import service
from server.imports.models import ImportFile, ScheduledImport
from server.imports.rules import Mode
from server.jobs import watching
from server.jobs.models import Job
from server.jobs.service import LONGEST_INTERVAL_SECONDS
from server.stores.credentials import keys_of

api = resource("imports", "Scheduled imports")

_EVERY = Field(None, ge=1, le=LONGEST_INTERVAL_SECONDS, description="Seconds from one look to the next.")
_QUIET = Field(
    None, ge=1, le=service.MOST_QUIET_SECONDS, description="For how long a file must not change before it is taken."
)
_SETTINGS = "The place's settings and secrets alike: folder takes path; ftp host, port, user, path, password; sftp "
_SETTINGS += "those and private_key, host_key; s3 host, port, tls, bucket, region, path, access_key, secret_key."


class ImportShown(BaseModel):
    """A scheduled import. Of its secrets only whether they are set is told."""

    id: int
    name: str
    kind: str
    settings: dict[str, Any]
    secrets: dict[str, bool] = Field(description="Whether each of the place's secrets is set.")
    pattern: str
    template: str | None = Field(description="null: the file tells it.")
    mode: Mode
    again: bool = Field(description="Content that was applied before is applied once more.")
    quiet_seconds: int
    acts_as: str
    job: str = Field(description="The job that runs it, with its runs.")
    every_seconds: int
    active: bool
    created_at: datetime


class ImportChange(Body):
    """What to change; a field that is left out stays. Of `settings` only those named change, null empties one."""

    name: str | None = Field(None, max_length=service.LONGEST_NAME)
    settings: dict[str, Any] = Field({}, description=_SETTINGS)
    pattern: str | None = Field(None, max_length=100, description="Like stock*.xlsx; several separated by commas.")
    template: str | None = Field(None, max_length=40, description="Empty: the file tells it.")
    mode: Mode | None = None
    again: StrictBool | None = None
    quiet_seconds: int | None = _QUIET
    acts_as: str | None = Field(None, max_length=100, description="The user in whose name files are handed in.")
    every_seconds: int | None = _EVERY
    active: StrictBool | None = None


class NewImport(ImportChange):
    """A scheduled import to be. Left out: every file, validated only, in the caller's own name, every 5 minutes, on."""

    name: str = Field(max_length=service.LONGEST_NAME)
    kind: Literal["folder", "ftp", "sftp", "s3"]


class FileShown(BaseModel):
    """A file that was taken."""

    id: int
    name: str
    size: int
    state: Literal["taken", "done", "failed"]
    upload: int | None
    kept_as: str = Field(description="What it is called in done/ or failed/ now.")
    text: str = Field(description="Why, where not all is well.")
    taken_at: datetime
    ended_at: datetime | None


class ImportFilter(Paging):
    """Which imports."""

    name: str | None = None


def shown(session: Session, rows: Sequence[ScheduledImport], keys: MultiFernet) -> list[ImportShown]:
    """Scheduled imports as the API shows them."""
    users = service.users_of(session, rows)
    jobs = {job.id: job for job in session.scalars(select(Job).where(Job.id.in_([row.job_id for row in rows])))}
    return [
        ImportShown(
            id=row.id,
            name=row.name,
            kind=row.kind,
            settings=row.settings,
            secrets=service.secrets_set(row, keys),
            pattern=row.pattern,
            template=row.template or None,
            mode=cast(Mode, row.mode),
            again=row.again,
            quiet_seconds=row.quiet_seconds,
            acts_as=users[row.user_id],
            job=jobs[row.job_id].name,
            every_seconds=jobs[row.job_id].every_seconds,
            active=jobs[row.job_id].active,
            created_at=row.created_at,
        )
        for row in rows
    ]


@api.get("/imports", responses={200: Page[ImportShown]})
@needs("read")
def list_imports(query: ImportFilter) -> Response:
    """Scheduled imports."""
    keys, rows = _keys(), select(ScheduledImport)
    if query.name is not None:
        rows = rows.where(ScheduledImport.key == fold(query.name))
    with services().db.read() as session:
        return show(page_of(session, rows, ScheduledImport.id, query, lambda found: shown(session, found, keys)))


@api.post("/imports", responses={201: ImportShown})
@needs("jobs.write")
def add_import(body: NewImport) -> Response:
    """Add a scheduled import and its job. Giving secrets takes an admin."""
    who, at, keys = caller(), clock.now(), _keys()

    def work(session: Session) -> ImportShown:
        made = watching.add_import(
            session,
            body.kind,
            _change(session, body, mine=who.user_id),
            every_seconds=body.every_seconds,
            active=body.active is not False,
            settings=services().settings,
            keys=keys,
            role=who.role,
            by=who.name,
            at=at,
        )
        return shown(session, [made], keys)[0]

    return once(work, status=201)


@api.get("/imports/<int:id>", responses={200: ImportShown})
@needs("read")
def get_import(path: ById) -> Response:
    """One scheduled import."""
    with services().db.read() as session:
        return show(shown(session, [service.find_import(session, path.id)], _keys())[0])


@api.patch("/imports/<int:id>", responses={200: ImportShown})
@needs("jobs.write")
def change_import(path: ById, body: ImportChange) -> Response:
    """Change a scheduled import. Giving secrets takes an admin, and so does another address for those it has."""
    who, at, keys = caller(), clock.now(), _keys()

    def work(session: Session) -> ImportShown:
        row = watching.change_import(
            session,
            path.id,
            _change(session, body, mine=None),
            every_seconds=body.every_seconds,
            active=body.active,
            settings=services().settings,
            keys=keys,
            role=who.role,
            by=who.name,
            at=at,
        )
        return shown(session, [row], keys)[0]

    return once(work)


@api.delete("/imports/<int:id>", responses={200: ImportShown})
@needs("jobs.write")
def remove_import(path: ById) -> Response:
    """Delete a scheduled import, its job and its runs. What it handed in stays in the history."""
    by, at, keys = caller().name, clock.now(), _keys()

    def work(session: Session) -> ImportShown:
        gone = shown(session, [service.find_import(session, path.id)], keys)[0]
        watching.remove_import(session, path.id, by=by, at=at)
        return gone

    return once(work)


@api.post("/imports/<int:id>/run", responses={202: RunShown})
@needs("jobs.run")
def run_import(path: ById) -> Response:
    """Look now. Answers at once; ask `Location` how far it is (JOB-4)."""
    by = caller().name
    return once(lambda session: accepted(*watching.run_import(session, path.id, by=by)))


@api.get("/imports/<int:id>/files", responses={200: Page[FileShown]})
@needs("read")
def list_import_files(path: ById, query: Paging) -> Response:
    """The files it has taken, newest first."""
    with services().db.read() as session:
        service.find_import(session, path.id)
        rows = select(ImportFile).where(ImportFile.import_id == path.id)
        return show(page(session, rows, ImportFile.id, query, _file, newest_first=True))


def _file(row: ImportFile) -> FileShown:
    return FileShown(
        id=row.id,
        name=row.name,
        size=row.size,
        state=cast(Literal["taken", "done", "failed"], row.state),
        upload=row.upload_id,
        kept_as=row.target,
        text=row.text,
        taken_at=row.taken_at,
        ended_at=row.ended_at,
    )


def _change(session: Session, body: ImportChange, *, mine: int | None) -> service.Change:
    if mine is None and isinstance(body, NewImport) and body.acts_as is None:
        raise WrongUse("say in whose name files are handed in: acts_as", field="acts_as")
    return service.Change(
        name=body.name,
        settings=body.settings,
        pattern=body.pattern,
        template=body.template,
        mode=body.mode,
        again=body.again,
        quiet_seconds=body.quiet_seconds,
        user_id=mine if body.acts_as is None else user_named(session, body.acts_as).id,
    )


def _keys() -> MultiFernet:
    return keys_of(services().settings)
