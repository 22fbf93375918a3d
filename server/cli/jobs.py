"""job list|run|change."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from server.cli.opening import Opened, actor, database
from server.cli.output import AsJson, progress, record, table
from server.db.session import Database
from server.errors import Refused, WrongUse
from server.jobs import service
from server.jobs.models import Run
from server.jobs.runner import Runner

group = typer.Typer(help="Jobs: what runs by itself.", no_args_is_help=True)

_LOOK_EVERY_SECONDS = 0.2


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="job")


@group.command("list")
def list_jobs(as_json: AsJson = False) -> None:
    """Every job with its interval and its last run."""
    with database() as found, found.db.read() as session:
        rows = [_shown(state) for state in service.jobs(session)]
    table(rows, as_json=as_json)


@group.command()
def run(
    name: str,
    argument: Annotated[list[str] | None, typer.Option("--set", help="An argument of this run, as name=value.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run a job now and wait for its end; here, unless a running server takes it first."""
    arguments = dict(_pair(text) for text in argument or [])
    with database() as found:
        done = run_job(found, name, arguments, quiet=as_json)
        record(ended(done, name), as_json=as_json)
    if done.state == "failed":
        raise Refused(done.error)


@group.command()
def change(
    name: str,
    every: Annotated[int | None, typer.Option(min=1, help="Seconds from one run to the next.")] = None,
    active: Annotated[bool | None, typer.Option("--on/--off", help="Whether it runs by itself.")] = None,
    argument: Annotated[list[str] | None, typer.Option("--set", help="A setting of its own, as name=value.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change when a job runs, and with what; settings that are not named stay."""
    given = dict(_pair(text) for text in argument or [])

    def work(session: Session) -> dict[str, Any]:
        known = service.job_named(session, name).arguments
        arguments = {key: value for key, value in {**known, **given}.items() if value != ""} if given else None
        job = service.change_job(session, name, every_seconds=every, active=active, arguments=arguments, by=actor())
        return {"name": job.name, "every_seconds": job.every_seconds, "active": job.active, "arguments": job.arguments}

    with database() as found:
        record(found.db.write(work), as_json=as_json)


def run_job(found: Opened, name: str, arguments: dict[str, Any], *, quiet: bool = False) -> Run:
    """Ask for a run of `name` and follow it to its end, with a bar. Other commands start long work with it too."""
    asked = found.db.write(lambda session: service.ask(session, name, arguments, by=actor()))
    runner = Runner(found.db, found.settings)
    try:
        with progress(name, quiet=quiet) as tell:
            while True:
                current = _look(found.db, asked.id)
                if current.state in ("done", "failed"):
                    return current
                if current.state == "waiting":
                    runner.take(asked.id)
                else:
                    runner.keep()
                told = current.progress
                tell(int(told.get("done", 0)), told.get("total"), str(told.get("text", "")))
                time.sleep(_LOOK_EVERY_SECONDS)
    finally:
        runner.stop()


def _look(db: Database, run_id: int) -> Run:
    with db.read() as session:
        found, _ = service.run_numbered(session, run_id)
        session.expunge(found)
    return found


def _pair(text: str) -> tuple[str, str]:
    name, equals, given = text.partition("=")
    if not name or not equals:
        raise WrongUse(f"'{text}' is not name=value")
    return name, given


def _shown(state: service.JobState) -> dict[str, Any]:
    last = state.last
    return {
        "name": state.job.name,
        "title": state.title,
        "every_seconds": state.job.every_seconds,
        "active": state.job.active,
        "last_run": None if last is None else last.started_at,
        "last_status": None if last is None else last.state,
    }


def ended(run: Run, name: str) -> dict[str, Any]:
    """How a run ended, as commands print it."""
    return {
        "id": run.id,
        "job": name,
        "status": run.state,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "counts": run.counts,
        "error": run.error,
    }
