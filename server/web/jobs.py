"""Jobs: their interval, reports into a folder, running one now, how far it is, how it ended (JOB-1, JOB-4, REP-2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.access.declaring import shown_to
from server.errors import NotFound, StockbookError
from server.jobs import service
from server.jobs.models import Job, Run
from server.reports.catalogue import REPORTS
from server.reports.delivering import FOLDER, KEEP, NAMES
from server.web import words
from server.web.frame import console, go, here_with, number_given, pages, show, visitor
from server.web.intervals import UNITS, in_unit, interval_given

page = pages("jobs")
LINES = 30
#: The job that writes reports into a folder, whose settings the page has fields for.
REPORTS_JOB = "reports"


@page.get("/jobs")
@shown_to("read")
def jobs() -> Response:
    """Every job with its interval and its last run; the runs."""
    return _list()


@page.post("/jobs/<name>/run")
@shown_to("jobs.run")
def run_job(name: str) -> Response:
    """Run a job now, beside its schedule."""
    by = visitor().name
    try:
        run = console().db.write(lambda session: service.ask(session, name, by=by))
    except NotFound:
        raise
    except StockbookError as problem:
        return _list(problem)
    return go(f"/jobs/runs/{run.id}")


@page.post("/jobs/<name>/change")
@shown_to("jobs.write")
def change_job(name: str) -> Response:
    """Change how often a job runs, or switch it on or off."""
    by, given = visitor().name, request.form
    try:
        every, active = interval_given(), given.get("active") == "yes"

        def work(session: Session) -> None:
            arguments = _arguments(service.job_named(session, name))
            service.change_job(session, name, every_seconds=every, active=active, arguments=arguments, by=by)

        console().db.write(work)
    except NotFound:
        raise
    except StockbookError as problem:
        return _list(problem, changing=name)
    return go("/jobs", f"{name} runs {words.every(every)} now." if active else f"{name} is off now.")


@page.get("/jobs/runs/<int:id>")
@shown_to("read")
def job_run(id: int) -> Response:
    """How far a run is, or how it ended."""
    with console().db.read() as session:
        run, job = service.run_numbered(session, id)
    return show("run.html", run=run, job=job)


def _arguments(job: Job) -> dict[str, Any] | None:
    """The settings that the form has of a job; those that it has no field for stay. None for a job without any."""
    if job.kind != REPORTS_JOB:
        return None
    given = request.form
    names = given.getlist("report")
    if not names and given.get("active") != "yes":
        return None  # one that is off needs not say what it would write
    shown = {NAMES: names, FOLDER: given.get("folder", "").strip(), KEEP: given.get("keep", "").strip() or "0"}
    return {**job.arguments, **shown}


def _delivered(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What the job of reports writes, under the names of the form's fields."""
    names = arguments.get(NAMES) or []
    listed = names.split(",") if isinstance(names, str) else names
    kept = {"folder": arguments.get(FOLDER) or "", "keep": arguments.get(KEEP) or 0}
    return {"names": [str(name).strip() for name in listed], **kept}


def _list(problem: StockbookError | None = None, *, changing: str = "") -> Response:
    before = number_given("before")
    query = select(Run, Job.name).join(Job, Job.id == Run.job_id).order_by(Run.id.desc()).limit(LINES + 1)
    if before is not None:
        query = query.where(Run.id < before)
    with console().db.read() as session:
        known = service.jobs(session)
        runs = session.execute(query).all()
    older = here_with(before=runs[LINES - 1][0].id) if len(runs) > LINES else ""
    facts = {"jobs": known, "runs": runs[:LINES], "older": older, "changing": changing, "given": request.form}
    delivered = next((_delivered(one.job.arguments) for one in known if one.job.kind == REPORTS_JOB), {})
    facts |= {"reports": REPORTS.values(), "delivered": delivered}
    return show("jobs.html", problem=problem, units=UNITS, every=words.every, in_unit=in_unit, **facts)
