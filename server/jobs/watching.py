"""Scheduled imports with their jobs: each brings its own, so that it has its interval and its runs (JOB-1, JOB-2)."""

from __future__ import annotations

from datetime import datetime

from cryptography.fernet import MultiFernet
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.access.roles import Role
from server.errors import Refused
from server.imports import service as imports
from server.imports.models import ScheduledImport
from server.imports.service import Change
from server.jobs import service as jobs
from server.jobs.catalogue import CATALOGUE
from server.jobs.models import Job, Run
from server.settings import Settings

KIND = "import"


def add_import(
    session: Session,
    kind: str,
    change: Change,
    *,
    every_seconds: int | None = None,
    active: bool = True,
    settings: Settings,
    keys: MultiFernet,
    role: Role,
    by: str,
    at: datetime,
) -> ScheduledImport:
    """Add a scheduled import and its job. Raises what `apply_change` raises, `WrongUse` for an interval that can't
    be."""
    job = Job(name=f"new {KIND}", kind=KIND, every_seconds=CATALOGUE[KIND].every_seconds, active=False, arguments={})
    session.add(job)
    session.flush()
    row = imports.new_record(kind, job.id, at=at)
    imports.apply_change(session, row, change, settings=settings, keys=keys, role=role)
    session.add(row)
    session.flush()
    job.name, job.arguments = job_name(row), {"import": row.id}
    session.flush()
    jobs.change_job(session, job.name, every_seconds=every_seconds, active=active, by=by)
    audit(session, by, "import.create", row.name, at=at, **imports.audited(row))
    return row


def change_import(
    session: Session,
    import_id: int,
    change: Change,
    *,
    every_seconds: int | None = None,
    active: bool | None = None,
    settings: Settings,
    keys: MultiFernet,
    role: Role,
    by: str,
    at: datetime,
) -> ScheduledImport:
    """Change a scheduled import, and when it runs. Raises what `add_import` raises, and `NotFound`."""
    row = imports.find_import(session, import_id)
    before, sealed = imports.audited(row), row.sealed
    job = session.get_one(Job, row.job_id)
    imports.apply_change(session, row, change, settings=settings, keys=keys, role=role)
    job.name = job_name(row)
    session.flush()
    jobs.change_job(session, job.name, every_seconds=every_seconds, active=active, by=by)
    after = imports.audited(row)
    if after != before or row.sealed != sealed:
        secrets = row.sealed != sealed
        audit(session, by, "import.change", row.name, at=at, before=before, after=after, secrets=secrets)
    return row


def remove_import(session: Session, import_id: int, *, by: str, at: datetime) -> None:
    """Delete a scheduled import with its job and its runs; its uploads stay. Raises `NotFound`, `Refused` while it
    runs."""
    row = imports.find_import(session, import_id)
    running = select(Run.id).where(Run.job_id == row.job_id, Run.state == "running", Run.lease_until >= at)
    if session.scalar(running.limit(1)) is not None:
        raise Refused(f"'{row.name}' is running; try again when it has come to its end")
    imports.delete_record(session, row)
    session.execute(delete(Run).where(Run.job_id == row.job_id))
    session.execute(delete(Job).where(Job.id == row.job_id))
    audit(session, by, "import.delete", row.name, at=at, id=import_id)


def run_import(session: Session, import_id: int, *, by: str) -> tuple[Run, str]:
    """Ask for a run now (JOB-4); the run and its job's name. Raises `NotFound`."""
    name = job_name(imports.find_import(session, import_id))
    return jobs.ask(session, name, by=by), name


def job_name(row: ScheduledImport) -> str:
    """What an import's job is called."""
    return f"{KIND} {row.name}"
