"""report list, and a command for each report: its options are the parameters that the report declares."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from server import clock
from server.cli.opening import actor, database
from server.cli.output import AsJson, progress, record, say, table
from server.reports import catalogue, making
from server.reports.describing import Parameter, Report
from server.reports.writing import written_aside

group = typer.Typer(help="Reports as workbooks, with tables and charts.", no_args_is_help=True)

Output = Annotated[Path | None, typer.Option("-o", "--output", help="Where to; else NAME-DATE.xlsx in this folder.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="report")


@group.command("list")
def list_reports(as_json: AsJson = False) -> None:
    """Every report with what can be asked of it."""
    rows = [
        {
            "name": report.name,
            "title": report.title,
            "what": report.what,
            "options": " ".join(_option(parameter) for parameter in report.parameters),
        }
        for report in catalogue.REPORTS.values()
    ]
    table(rows, as_json=as_json)


def _make(report: Report, output: Path | None, given: dict[str, str | None], *, as_json: bool) -> None:
    target = output or Path(making.file_name(report.name, clock.now()))
    with (
        database() as found,
        progress(report.name, quiet=as_json) as tell,
        written_aside(target) as file,
    ):
        rows = making.make(found.db, found.settings, report.name, given, file, by=actor(), tell=tell)
    if as_json:
        record({"file": str(target), "rows": rows}, as_json=True)
    else:
        say(f"{target}: {rows:,} {'row' if rows == 1 else 'rows'}")


def _command(report: Report) -> Callable[..., None]:
    """The command of one report. Typer reads options from a signature, so it gets one made from the parameters."""

    def command(output: Path | None = None, as_json: bool = False, **given: str | None) -> None:
        _make(report, output, given, as_json=as_json)

    command.__doc__ = report.what
    options = {parameter.name: _annotated(parameter) for parameter in report.parameters}
    hints: dict[str, Any] = {"output": Output, **options, "as_json": AsJson}
    keyword = inspect.Parameter.KEYWORD_ONLY
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, keyword, annotation=hint, default=False if name == "as_json" else None)
            for name, hint in hints.items()
        ]
    )
    command.__annotations__ = hints
    return command


def _annotated(parameter: Parameter) -> Any:
    choices = f" One of: {', '.join(parameter.choices)}." if parameter.choices else ""
    return Annotated[str | None, typer.Option(_option(parameter), help=f"{parameter.help}{choices}")]


def _option(parameter: Parameter) -> str:
    return f"--{parameter.name.replace('_', '-')}"


for _report in catalogue.REPORTS.values():
    group.command(_report.name)(_command(_report))
