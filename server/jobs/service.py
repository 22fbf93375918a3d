"""Jobs as people see them: the list, their interval, asking for a run, what became of it (JOB-1, JOB-4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server import clock
from server.access.audit import audit
from server.db.upsert import upsert
from server.errors import NotFound, WrongUse
from server.jobs.asking import write_run
from server.jobs.catalogue import CATALOGUE, Catalogue
from server.jobs.models import Job, Run

LONGEST_INTERVAL_SECONDS = 366 * 24 * 3600


@dataclass(frozen=True)
class JobState:
    """A job with its last run."""

    job: Job
    title: str
    last: Run | None


def prepare(session: Session, catalogue: Catalogue = CATALOGUE) -> None:
    """At start: a job for every kind that has none yet; what people changed stays."""
    for kind in catalogue:
        if kind.of_records:
            continue
        session.execute(
            upsert(session, Job)
            .values(
                name=kind.kind,
                kind=kind.kind,
                every_seconds=kind.every_seconds,
                active=kind.active,
                arguments={},
            )
            .on_conflict_do_nothing(index_elements=["name"])
        )


def jobs(session: Session, catalogue: Catalogue = CATALOGUE) -> list[JobState]:
    """Every job by name, with its last run."""
    newest = select(func.max(Run.id)).where(Run.started_at.is_not(None)).group_by(Run.job_id)
    last = {run.job_id: run for run in session.scalars(select(Run).where(Run.id.in_(newest)))}
    return [
        JobState(job, _title(job, catalogue), last.get(job.id))
        for job in session.scalars(select(Job).order_by(Job.name))
    ]


def change_job(
    session: Session,
    name: str,
    *,
    every_seconds: int | None = None,
    active: bool | None = None,
    arguments: Mapping[str, Any] | None = None,
    by: str,
    catalogue: Catalogue = CATALOGUE,
) -> Job:
    """Change when and with what a job runs. Raises `NotFound`; `WrongUse` for an interval or settings that can't be."""
    job = job_named(session, name)
    before = {"every_seconds": job.every_seconds, "active": job.active, "arguments": job.arguments}
    if every_seconds is not None:
        if not 1 <= every_seconds <= LONGEST_INTERVAL_SECONDS:
            raise WrongUse("a job runs every second at most and once a year at least", field="every_seconds")
        job.every_seconds = every_seconds
    job.active = job.active if active is None else active
    if arguments is not None:
        catalogue.check(job.kind, arguments)
        job.arguments = dict(arguments)
    elif active:
        catalogue.check(job.kind, job.arguments)
    after = {"every_seconds": job.every_seconds, "active": job.active, "arguments": job.arguments}
    if after != before:
        audit(session, by, "job.change", name, before=before, after=after)
    return job


def ask(
    session: Session,
    name: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    by: str,
    at: datetime | None = None,
    catalogue: Catalogue = CATALOGUE,
) -> Run:
    """Run a job as soon as a worker is free, beside its schedule (JOB-4). Raises `NotFound`, `WrongUse` for settings
    that can't be.

    `arguments` are added to the job's own.
    """
    job = job_named(session, name)
    at = at or clock.now()
    given = {**job.arguments, **(arguments or {})}
    catalogue.check(job.kind, given)
    return write_run(session, job, given, by=by, at=at)


def job_named(session: Session, name: str) -> Job:
    """The job of that name. Raises `NotFound` naming those there are."""
    job = session.scalar(select(Job).where(Job.name == name))
    if job is None:
        raise NotFound(f"there is no job '{name[:60]}'; there are {_listed(session.scalars(select(Job.name)))}")
    return job


def run_numbered(session: Session, run_id: int) -> tuple[Run, Job]:
    """A run and its job. Raises `NotFound`."""
    found = session.execute(select(Run, Job).join(Job, Run.job_id == Job.id).where(Run.id == run_id)).one_or_none()
    if found is None:
        raise NotFound(f"there is no run {run_id}", id=run_id)
    run, job = found
    return run, job


def _title(job: Job, catalogue: Catalogue) -> str:
    return catalogue[job.kind].title if job.kind in catalogue else job.kind


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
