"""reference: docs/settings.md and docs/reference/*.md, written from settings, routes, jobs and commands, never by
hand; and the parts of docs/orders.md that come from the state machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated, Any

import typer

from server.access.roles import PERMISSIONS, ROLES
from server.api.frame import Services, needs_of
from server.api.token_uses import TokenUses
from server.app import create_app
from server.cli.commands import Commands
from server.cli.order_page import PAGE, order_page
from server.cli.output import say
from server.db.session import Database
from server.errors import Refused
from server.jobs.catalogue import CATALOGUE
from server.reports.catalogue import REPORTS
from server.reports.describing import Parameter
from server.settings import PREFIX, Settings
from server.uploads.running import Uploads

FOLDER = Path(__file__).parents[2] / "docs"
_NOTE = "<!-- Written by `python -m server reference` from the code; edit the code. -->"


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(reference)


def reference(
    context: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; 1 if a page is out of date.")] = False,
) -> None:
    """For developers: write the reference pages of docs from the code."""
    app = context.find_root().command
    assert isinstance(app, Commands)
    if not check:
        write(app)
        return
    stale = out_of_date(app)
    if stale:
        raise Refused(f"out of date: {', '.join(stale)}; run `make docs`")
    say("the reference pages of docs are up to date")


def write(app: Commands, folder: Path = FOLDER) -> None:
    """Write every page."""
    (folder / "reference").mkdir(parents=True, exist_ok=True)
    PAGE.write_text(order_page(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    for name, text in _pages(app).items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def out_of_date(app: Commands, folder: Path = FOLDER) -> list[str]:
    """The pages that do not say what the code says."""
    by_hand = PAGE.read_text(encoding="utf-8")
    stale = [PAGE.name] if order_page(by_hand) != by_hand else []
    return stale + [
        name
        for name, text in _pages(app).items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]


def _pages(app: Commands) -> dict[str, str]:
    return {
        "settings.md": _page("Settings", _settings()),
        "reference/routes.md": _page("Routes", _routes()),
        "reference/jobs.md": _page("Jobs", _jobs()),
        "reference/reports.md": _page("Reports", _reports()),
        "reference/commands.md": _page("Commands", _commands(app)),
    }


def _page(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"# {title}", "", _NOTE, "", *lines]).rstrip() + "\n"


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(names)} |"
    yield f"|{' --- |' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _settings() -> Iterator[str]:
    yield "Environment variables, or lines of a `.env` file in the working folder; the environment wins."
    yield ""
    yield from _table(
        ("variable", "default", "what it sets"),
        (
            (
                f"`{PREFIX}{setting.name.upper()}`",
                f"`{setting.default}`" if setting.default != "" else "",
                setting.metadata["help"],
            )
            for setting in fields(Settings)
        ),
    )
    yield ""
    yield f"`{PREFIX}LOG` sets how much is logged: debug, info, warning or error."


def _routes() -> Iterator[str]:
    yield "The whole description, with bodies and answers, is served at `/api/v1/openapi.json` and `/api/v1/docs`."
    yield "A role may do what those left of it may: " + " · ".join(ROLES) + "."
    yield ""
    db, settings = Database(f"sqlite:///{Path(gettempdir()) / 'stockbook-unopened.db'}"), Settings()
    app = create_app(Services(db, settings, TokenUses(db), Uploads(db, settings)))
    described: dict[str, Any] = app.api_doc["paths"]
    rows = []
    for rule in app.url_map.iter_rules():
        declared = needs_of(app.view_functions[rule.endpoint])
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            summary = described.get(path, {}).get(method.lower(), {}).get("summary", "")
            summary = summary or (app.view_functions[rule.endpoint].__doc__ or "").strip().splitlines()[0]
            permission = None if declared is None else declared.permission
            role = "anyone" if permission is None else PERMISSIONS[permission]
            rows.append((path, f"`{method} {path}`", role, f"`{permission}`" if permission else "", summary))
    yield from _table(("call", "role", "permission", "what"), (row[1:] for row in sorted(rows)))


def _jobs() -> Iterator[str]:
    yield "Intervals are defaults; each server keeps its own (`python -m server job list`)."
    yield ""
    yield from _table(
        ("job", "every", "on", "what"),
        (
            (f"`{kind.kind}`", f"{kind.every_seconds} s", "yes" if kind.active else "no", kind.title)
            for kind in sorted(CATALOGUE, key=lambda kind: kind.kind)
        ),
    )


def _reports() -> Iterator[str]:
    yield "`GET /reports/{name}.xlsx` and `python -m server report NAME` take the same parameters (`as_of`: `--as-of`)."
    yield "A day means its first moment, with `until` and `as_of` its last; moments are in UTC unless they have a zone."
    yield ""
    rows = ((f"[`{one.name}`](#{one.name})", one.title, one.what) for one in REPORTS.values())
    yield from _table(("report", "title", "what"), rows)
    for report in REPORTS.values():
        yield from ("", f"## {report.name}", "", " ".join([report.what, *report.notes]), "")
        rows = ((f"`{one.name}`", one.takes.value, _said(one)) for one in report.parameters)
        yield from _table(("parameter", "takes", "what"), rows)
        for sheet in report.sheets:
            yield from ("", f"**{sheet.name}**", "")
            yield from _table(("column", "what"), ((column.title, column.help) for column in sheet.columns))
    yield from ("", "## By schedule", "", *_BY_SCHEDULE)


def _said(parameter: Parameter) -> str:
    choices = ", ".join(f"`{choice}`" for choice in parameter.choices)
    return f"{parameter.help} One of {choices}." if choices else parameter.help


#: What the job `reports` can be told.
_BY_SCHEDULE = (
    "The job `reports` writes reports as files, named by report and moment (UTC); it is off until it is told which:",
    "",
    "```sh",
    "python -m server job change reports --on --every 86400 --set reports=inventory,low_stock --set folder=morning",
    "```",
    "",
    "`folder` is one below `STOCKBOOK_REPORTS_DIR`. `keep` is how many files of each report stay (all unless given).",
    "Any parameter of these reports can be set as well, such as `warehouse`; it holds for the reports that take it.",
)


def _commands(app: Commands) -> Iterator[str]:
    yield "`python -m server COMMAND`; exit code 0 done, 1 rows or work refused, 2 wrong use."
    yield ""
    rows = sorted(row for name, command in app.load_all().items() for row in _walk(name, command))
    yield from _table(("command", "options", "what"), rows)


def _walk(name: str, command: Any) -> Iterator[tuple[str, str, str]]:
    children = getattr(command, "commands", None)
    if children is not None:
        for child_name, child in children.items():
            yield from _walk(f"{name} {child_name}", child)
        return
    shown, options = [name], []
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            metavar = (parameter.metavar or parameter.name).upper()
            shown.append(metavar if parameter.required else f"[{metavar}]")
        elif parameter.name != "help":
            options.append(f"`{'/'.join([*parameter.opts, *parameter.secondary_opts])}`")
    yield f"`{' '.join(shown)}`", " ".join(options), (command.help or "").strip().splitlines()[0]
