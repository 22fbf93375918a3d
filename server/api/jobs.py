"""Jobs, their interval, running them now, and what became of a run (JOB-1, JOB-4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, cast

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.api.auth import caller
from server.api.frame import PREFIX, Answer, Body, ById, answer, needs, resource, services, show
from server.api.once import once
from server.api.paging import Page, Paging, page
from server.jobs import service
from server.jobs.models import Job, Run

api = resource("jobs", "Jobs")

RunState = Literal["waiting", "running", "done", "failed"]


class RunShown(BaseModel):
    """One run of a job."""

    id: int
    job: str
    status: RunState
    due_at: datetime
    asked_by: str
    started_at: datetime | None
    ended_at: datetime | None
    attempts: int
    progress: dict[str, Any] = Field(description="`done`, `total` (null: not known), `text`.")
    counts: dict[str, Any]
    error: str


class JobShown(BaseModel):
    """A job and its last run."""

    name: str
    title: str
    every_seconds: int
    active: bool
    arguments: dict[str, Any]
    last_run: RunShown | None


class JobList(BaseModel):
    """All jobs: there are few, so this is always one page."""

    items: list[JobShown]
    next: None = None


class JobChange(Body):
    """What to change of a job."""

    every_seconds: int | None = Field(None, ge=1, le=service.LONGEST_INTERVAL_SECONDS)
    active: bool | None = None
    arguments: dict[str, Any] | None = None


class RunRequest(Body):
    """What to add to the job's own arguments, for this run."""

    arguments: dict[str, Any] = {}


class ByName(BaseModel):
    """A path with a job's name."""

    name: str = Field(max_length=60)


class RunFilter(Paging):
    """Which runs."""

    job: str | None = None
    status: RunState | None = None


def shown_run(run: Run, job_name: str) -> RunShown:
    """A run as the API shows it."""
    return RunShown(
        id=run.id,
        job=job_name,
        status=cast(RunState, run.state),
        due_at=run.due_at,
        asked_by=run.asked_by,
        started_at=run.started_at,
        ended_at=run.ended_at,
        attempts=run.attempts,
        progress=run.progress,
        counts=run.counts,
        error=run.error,
    )


def accepted(run: Run, job_name: str) -> Answer:
    """202 for work that goes on in a run, with the place to ask. Other resources answer long work with it too."""
    return answer(shown_run(run, job_name), 202, location=f"{PREFIX}/runs/{run.id}")


def shown_job(state: service.JobState) -> JobShown:
    """A job as the API shows it."""
    job = state.job
    return JobShown(
        name=job.name,
        title=state.title,
        every_seconds=job.every_seconds,
        active=job.active,
        arguments=job.arguments,
        last_run=None if state.last is None else shown_run(state.last, job.name),
    )


@api.get("/jobs", responses={200: JobList})
@needs("read")
def list_jobs() -> Response:
    """Every job with its interval and its last run."""
    with services().db.read() as session:
        return show(JobList(items=[shown_job(state) for state in service.jobs(session)]))


@api.patch("/jobs/<name>", responses={200: JobShown})
@needs("jobs.write")
def change_job(path: ByName, body: JobChange) -> Response:
    """Change when a job runs, or switch it off."""
    by = caller().name

    def change(session: Session) -> JobShown:
        service.change_job(
            session,
            path.name,
            every_seconds=body.every_seconds,
            active=body.active,
            arguments=body.arguments,
            by=by,
        )
        session.flush()
        return next(shown_job(state) for state in service.jobs(session) if state.job.name == path.name)

    return once(change)


@api.post("/jobs/<name>/run", responses={202: RunShown})
@needs("jobs.run")
def run_job(path: ByName, body: RunRequest) -> Response:
    """Run a job now. Answers at once; ask `Location` how far it is (JOB-4)."""
    by = caller().name
    return once(lambda session: accepted(service.ask(session, path.name, body.arguments, by=by), path.name))


@api.get("/runs", responses={200: Page[RunShown]})
@needs("read")
def list_runs(query: RunFilter) -> Response:
    """Runs, newest first."""
    rows = select(Run)
    with services().db.read() as session:
        names = {job.id: job.name for job in session.scalars(select(Job))}
        if query.job is not None:
            rows = rows.where(Run.job_id.in_([id for id, name in names.items() if name == query.job]))
        if query.status is not None:
            rows = rows.where(Run.state == query.status)
        return show(
            page(session, rows, Run.id, query, lambda run: shown_run(run, names[run.job_id]), newest_first=True)
        )


@api.get("/runs/<int:id>", responses={200: RunShown})
@needs("read")
def get_run(path: ById) -> Response:
    """How far a run is, or how it ended."""
    with services().db.read() as session:
        run, job = service.run_numbered(session, path.id)
        return show(shown_run(run, job.name))
