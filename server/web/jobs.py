"""Jobs: their interval, running one now, how far it is, how it ended (JOB-1, JOB-4)."""

from __future__ import annotations

from flask import Response, request
from sqlalchemy import select

from server.access.declaring import shown_to
from server.errors import NotFound, StockbookError, WrongUse
from server.jobs import service
from server.jobs.models import Job, Run
from server.web import words
from server.web.frame import console, go, here_with, number_given, pages, show, visitor

page = pages("jobs")
LINES = 30
#: What an interval can be said in, in seconds.
UNITS = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}


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
        every, active = _interval(), given.get("active") == "yes"
        console().db.write(lambda s: service.change_job(s, name, every_seconds=every, active=active, by=by))
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


def _interval() -> int:
    amount = number_given("every")
    if amount is None or request.form.get("unit") not in UNITS:
        raise WrongUse("say how often it runs: a whole number of seconds, minutes, hours or days", field="every")
    return amount * UNITS[request.form["unit"]]


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
    return show("jobs.html", problem=problem, units=UNITS, every=words.every, in_unit=_in_unit, **facts)


def _in_unit(seconds: int) -> tuple[int, str]:
    """The interval in the largest unit that it is a whole number of."""
    name, size = next((name, size) for name, size in reversed(UNITS.items()) if seconds % size == 0)
    return seconds // size, name
