"""Scheduled imports: the places that are watched, what came of their files, and their set-up (JOB-2, WEB-1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server import clock
from server.access.declaring import shown_to
from server.access.users import user_named
from server.errors import NotFound, StockbookError
from server.imports import rules, service
from server.imports.models import ImportFile, ScheduledImport
from server.jobs import service as jobs
from server.jobs import watching
from server.jobs.catalogue import CATALOGUE
from server.jobs.models import Job
from server.stores.credentials import keys_of
from server.web import words
from server.web.frame import allowed, console, go, here_with, number_given, pages, show, visitor
from server.web.intervals import UNITS, in_unit, interval_given
from validators.registry import WORKBOOKS

page = pages("imports")
#: Files that one look at an import shows.
LINES = 30
MODES = {
    "validate": "check only, nothing is changed",
    "apply": "apply all rows, or none",
    "apply_good": "apply the good rows",
}
_SETTING, _SECRET = "setting_", "secret_"


@page.get("/imports")
@shown_to("read")
def imports() -> Response:
    """Every scheduled import with its last round and what came of its files."""
    with console().db.read() as session:
        rows = session.scalars(select(ScheduledImport).order_by(ScheduledImport.key)).all()
        states = {state.job.id: state for state in jobs.jobs(session)}
        files = _files_by_import(session)
    facts: dict[str, Any] = {"imports": rows, "states": states, "files": files, "workbooks": WORKBOOKS}
    return show("imports.html", place_of=place_of, every=words.every, modes=MODES, **facts)


@page.get("/imports/new")
@shown_to("jobs.write")
def new_import() -> Response:
    """The form of an import to be; which fields it has depends on the kind of place."""
    return _new(request.args.get("kind", "folder"))


@page.post("/imports")
@shown_to("jobs.write")
def create_import() -> Response:
    """Add an import, with the job that runs it."""
    kind, who, at = request.form.get("kind", ""), visitor(), clock.now()
    settings, keys = console().settings, keys_of(console().settings)

    def work(session: Session) -> ScheduledImport:
        active = request.form.get("active") == "yes"
        facts: dict[str, Any] = {"settings": settings, "keys": keys, "role": who.role, "by": who.name, "at": at}
        change = _change(session, kind)
        return watching.add_import(session, kind, change, every_seconds=interval_given(), active=active, **facts)

    try:
        made = console().db.write(work)
    except StockbookError as problem:
        return _new(kind, problem)
    return go(f"/imports/{made.id}", f"{made.name} is set up. Put a file there and look now, to see that it works.")


@page.get("/imports/<int:id>")
@shown_to("read")
def one_import(id: int) -> Response:
    """One import: its files and what they became, its set-up."""
    return _one(id)


@page.post("/imports/<int:id>")
@shown_to("jobs.write")
def change_import(id: int) -> Response:
    """Change an import, and when it runs."""
    who, at = visitor(), clock.now()
    settings, keys = console().settings, keys_of(console().settings)

    def work(session: Session) -> None:
        change = _change(session, service.find_import(session, id).kind)
        facts: dict[str, Any] = {"settings": settings, "keys": keys, "role": who.role, "by": who.name, "at": at}
        watching.change_import(session, id, change, every_seconds=interval_given(), **facts)

    return _try(id, work, "It is saved.", changing=True)


@page.post("/imports/<int:id>/active")
@shown_to("jobs.write")
def switch_import(id: int) -> Response:
    """Switch an import on or off; nothing else of it changes."""
    on, by = request.form.get("on") == "yes", visitor().name

    def work(session: Session) -> None:
        name = watching.job_name(service.find_import(session, id))
        jobs.change_job(session, name, active=on, by=by)

    return _try(id, work, "It looks by itself again." if on else "It is off: it looks only when told to.")


@page.post("/imports/<int:id>/run")
@shown_to("jobs.run")
def look_now(id: int) -> Response:
    """Look into the place now; leads to the run (JOB-4)."""
    by = visitor().name
    run, _ = console().db.write(lambda session: watching.run_import(session, id, by=by))
    return go(f"/jobs/runs/{run.id}")


@page.post("/imports/<int:id>/delete")
@shown_to("jobs.write")
def delete_import(id: int) -> Response:
    """Delete an import with its job; what it handed in stays in the history."""
    by, at = visitor().name, clock.now()
    return _try(id, lambda session: watching.remove_import(session, id, by=by, at=at), "The import is gone.", to="")


def place_of(row: ScheduledImport) -> str:
    """Where an import looks, in one line."""
    given: Mapping[str, Any] = row.settings
    path = str(given.get("path", ""))
    if row.kind == "folder":
        return path
    where = f"{given.get('host', '')}{':' + str(given['port']) if given.get('port') else ''}"
    if row.kind == "s3":
        return f"{given.get('bucket', '')}/{path.lstrip('/')} at {where}"
    return f"{row.kind}://{where}/{path.lstrip('/')}"


def _change(session: Session, kind: str) -> service.Change:
    """What the form says. A setting that is empty is emptied; a secret that is empty stays, since it is never shown."""
    given, known = request.form, rules.KINDS.get(kind)
    settings: dict[str, Any] = {}
    if known is not None:
        settings |= {name: given.get(f"{_SETTING}{name}", "") for name in known.settings}
        if allowed("credentials.write"):
            secrets = {name: given.get(f"{_SECRET}{name}", "").strip() for name in known.secrets}
            settings |= {name: value for name, value in secrets.items() if value}
    acts_as = given.get("acts_as", "").strip()
    return service.Change(
        name=given.get("name", ""),
        settings=settings,
        pattern=given.get("pattern", ""),
        template=given.get("template", ""),
        mode=given.get("mode", ""),
        again=given.get("again") == "yes",
        quiet_seconds=number_given("quiet_seconds") or 0,
        user_id=user_named(session, acts_as).id if acts_as else visitor().user_id,
    )


def _try(
    import_id: int, work: Callable[[Session], None], said: str, *, to: str | None = None, changing: bool = False
) -> Response:
    """Do it and go on, to the import's own page or the list's; where it can't be done, the page says why."""
    with console().db.read() as session:
        service.find_import(session, import_id)
    try:
        console().db.write(work)
    except StockbookError as problem:
        return _one(import_id, problem, changing=changing)
    return go(f"/imports/{import_id}" if to is None else f"/imports{to}", said)


def _new(kind: str, problem: StockbookError | None = None) -> Response:
    if kind not in rules.KINDS:
        raise NotFound(f"there is no such kind of place; there are {', '.join(rules.KINDS)}")
    first = {"pattern": "*.xlsx", "mode": "validate", "quiet_seconds": service.QUIET_SECONDS, "active": "yes"}
    amount, unit = in_unit(CATALOGUE[watching.KIND].every_seconds)
    first |= {"acts_as": visitor().name, "every": amount, "unit": unit}
    given = request.form if problem else first
    return show("import_new.html", problem=problem, kind=kind, given=given, secrets_set={}, **_form_facts(kind))


def _one(import_id: int, problem: StockbookError | None = None, *, changing: bool = False) -> Response:
    keys, before = keys_of(console().settings), number_given("before")
    with console().db.read() as session:
        row = service.find_import(session, import_id)
        job = session.get_one(Job, row.job_id)
        [state] = [one for one in jobs.jobs(session) if one.job.id == job.id]
        query = select(ImportFile).where(ImportFile.import_id == import_id).order_by(ImportFile.id.desc())
        if before is not None:
            query = query.where(ImportFile.id < before)
        files = session.scalars(query.limit(LINES + 1)).all()
        counts = _files_by_import(session).get(import_id, {})
        acts_as = service.users_of(session, [row])[row.user_id]
    parts: dict[str, Any] = {"import_": row, "job": job, "last": state.last, "files": files[:LINES], "counts": counts}
    parts["given"] = request.form if changing and problem else _as_form(row, job, acts_as)
    parts["older"] = here_with(before=files[LINES - 1].id) if len(files) > LINES else ""
    parts["secrets_set"] = service.secrets_set(row, keys)
    parts |= {"acts_as": acts_as, "place": place_of(row), "every": words.every, "changing": changing}
    return show("import.html", problem=problem, kind=row.kind, **parts, **_form_facts(row.kind))


def _as_form(row: ScheduledImport, job: Job, acts_as: str) -> dict[str, Any]:
    """What is set, under the names of the form's fields."""
    amount, unit = in_unit(job.every_seconds)
    plain = {name: getattr(row, name) for name in ("name", "pattern", "template", "mode", "quiet_seconds")}
    plain |= {"again": "yes" if row.again else "", "acts_as": acts_as, "every": amount, "unit": unit}
    return plain | {f"{_SETTING}{name}": value for name, value in row.settings.items()}


def _form_facts(kind: str) -> dict[str, Any]:
    limits = {"longest_name": service.LONGEST_NAME, "most_quiet": service.MOST_QUIET_SECONDS}
    return {
        "kinds": rules.KINDS,
        "fields": rules.KINDS[kind],
        "units": UNITS,
        "modes": MODES,
        "workbooks": WORKBOOKS,
        **limits,
    }


def _files_by_import(session: Session) -> dict[int, dict[str, int]]:
    """How many files of each import are in which state."""
    query = select(ImportFile.import_id, ImportFile.state, func.count()).group_by(
        ImportFile.import_id, ImportFile.state
    )
    found: dict[int, dict[str, int]] = {}
    for import_id, state, number in session.execute(query):
        found.setdefault(import_id, {})[state] = number
    return found
