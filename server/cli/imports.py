"""import list|add|change|remove|run."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.access.users import user_named
from server.cli.jobs import ended, run_job
from server.cli.opening import actor, database
from server.cli.output import AsJson, record, say, table
from server.errors import Refused, WrongUse
from server.imports import service
from server.imports.models import ScheduledImport
from server.jobs import watching
from server.jobs.models import Job
from server.stores.credentials import keys_of

#: Who is at this machine's command line has the database and its key, and so acts as an admin.
ROLE: Final = "admin"

group = typer.Typer(help="Scheduled imports: workbooks that appear in a watched place.", no_args_is_help=True)

Sets = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting of the place, like path=stock or host=ftp.example.com; several times."),
]
Asks = Annotated[
    list[str] | None,
    typer.Option("--ask", help="A secret that is typed unseen, or read from a line of the input in a pipe."),
]
Pattern = Annotated[str | None, typer.Option(help="Which files, like stock*.xlsx; several separated by commas.")]
Template = Annotated[str | None, typer.Option(help="For files that can't tell their template; '' where they can.")]
Mode = Annotated[str | None, typer.Option(help="validate, apply (all or nothing) or apply_good (the good rows).")]
Again = Annotated[bool | None, typer.Option("--again/--not-again", help="Apply also content that was applied before.")]
Quiet = Annotated[int | None, typer.Option(help="Seconds that a file must not change before it is taken.")]
ActsAs = Annotated[str | None, typer.Option("--as", help="The user in whose name files are handed in.")]
Every = Annotated[int | None, typer.Option(min=1, help="Seconds from one look to the next.")]
Active = Annotated[bool | None, typer.Option("--on/--off", help="Whether it looks by itself.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="import")


@group.command("list")
def list_imports(as_json: AsJson = False) -> None:
    """Every scheduled import."""
    with database() as found, found.db.read() as session:
        rows = session.scalars(select(ScheduledImport).order_by(ScheduledImport.key)).all()
        table(_shown(session, rows), as_json=as_json)


@group.command()
def add(
    name: str,
    kind: Annotated[str, typer.Argument(help="folder, ftp, sftp or s3.")],
    acts_as: Annotated[str, typer.Option("--as", help="The user in whose name files are handed in.")],
    settings: Sets = None,
    ask: Asks = None,
    pattern: Pattern = None,
    template: Template = None,
    mode: Mode = None,
    again: Again = None,
    quiet: Quiet = None,
    every: Every = None,
    active: Active = True,
    as_json: AsJson = False,
) -> None:
    """Add a scheduled import: every file, validated only, every 5 minutes unless told otherwise."""
    given = _settings(settings, ask)

    def work(session: Session) -> dict[str, Any]:
        user_id = user_named(session, acts_as).id
        change = service.Change(name, given, pattern, template, mode, again, quiet, user_id)
        made = watching.add_import(
            session,
            kind,
            change,
            every_seconds=every,
            active=active is not False,
            settings=found.settings,
            keys=keys_of(found.settings),
            role=ROLE,
            by=actor(),
            at=clock.now(),
        )
        return _shown(session, [made])[0]

    with database() as found:
        record(found.db.write(work), as_json=as_json)


@group.command()
def change(
    name: str,
    new_name: Annotated[str | None, typer.Option("--name", help="Another name.")] = None,
    settings: Sets = None,
    ask: Asks = None,
    pattern: Pattern = None,
    template: Template = None,
    mode: Mode = None,
    again: Again = None,
    quiet: Quiet = None,
    acts_as: ActsAs = None,
    every: Every = None,
    active: Active = None,
    as_json: AsJson = False,
) -> None:
    """Change a scheduled import; what is not named stays."""
    given = _settings(settings, ask)

    def work(session: Session) -> dict[str, Any]:
        user_id = None if acts_as is None else user_named(session, acts_as).id
        changed = watching.change_import(
            session,
            service.import_named(session, name).id,
            service.Change(new_name, given, pattern, template, mode, again, quiet, user_id),
            every_seconds=every,
            active=active,
            settings=found.settings,
            keys=keys_of(found.settings),
            role=ROLE,
            by=actor(),
            at=clock.now(),
        )
        return _shown(session, [changed])[0]

    with database() as found:
        record(found.db.write(work), as_json=as_json)


@group.command()
def remove(name: str) -> None:
    """Delete a scheduled import; what it handed in stays in the history."""

    def work(session: Session) -> None:
        watching.remove_import(session, service.import_named(session, name).id, by=actor(), at=clock.now())

    with database() as found:
        found.db.write(work)
    say(f"scheduled import '{name}' is deleted")


@group.command()
def run(name: str, as_json: AsJson = False) -> None:
    """Look now and wait for the end; here, unless a running server takes it first."""
    with database() as found:
        with found.db.read() as session:
            job = watching.job_name(service.import_named(session, name))
        done = run_job(found, job, {}, quiet=as_json)
        record({**ended(done, job), "said": done.progress.get("text", "")}, as_json=as_json)
    if done.state == "failed":
        raise Refused(done.error)


def _shown(session: Session, rows: Sequence[ScheduledImport]) -> list[dict[str, Any]]:
    users = service.users_of(session, rows)
    jobs = {row.id: session.get_one(Job, row.job_id) for row in rows}
    return [
        {
            "id": row.id,
            "name": row.name,
            "kind": row.kind,
            "settings": row.settings,
            "has_secrets": row.sealed is not None,
            "pattern": row.pattern,
            "template": row.template or None,
            "mode": row.mode,
            "again": row.again,
            "quiet_seconds": row.quiet_seconds,
            "acts_as": users[row.user_id],
            "every_seconds": jobs[row.id].every_seconds,
            "active": jobs[row.id].active,
        }
        for row in rows
    ]


def _settings(pairs: list[str] | None, asked: list[str] | None) -> dict[str, str | None]:
    given: dict[str, str | None] = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not equals:
            raise WrongUse(f"'{pair[:60]}' is no setting; write it like path=stock")
        given[name.strip()] = value.strip() or None
    for name in asked or ():
        given[name] = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    return given
