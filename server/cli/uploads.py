"""template list|get, upload, undo, history, result, preview: workbooks, handed in from here."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from server.cli import outcome as shown
from server.cli.opening import Opened, actor, database
from server.cli.output import AsJson, complain, progress, say, table, value
from server.cli.previews import print_preview
from server.errors import NotFound, Refused, WrongUse
from server.places.queries import warehouse_named
from server.uploads import downloads, outcome, previewing
from server.uploads.models import Upload
from server.uploads.pipeline import FileProblem, Request, Who
from server.uploads.running import HandedIn, Uploads
from server.uploads.sources import FileSource, folder, made_up_name
from server.uploads.undo import undo as take_back
from validators.registry import WORKBOOKS

group = typer.Typer(help="Templates: the workbooks to fill in.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="UPLOAD", help="The upload's number, from `history`.")]

_LOOK_EVERY_SECONDS = 0.2
_HISTORY = ("id", "template", "mode", "status", "rows", "error", "filename", "by", "created_at")
_DONE = ("validated", "applied")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="template")
    app.command()(upload)
    app.command()(undo)
    app.command()(history)
    app.command()(result)
    app.command()(preview)


@group.command("list")
def list_templates(as_json: AsJson = False) -> None:
    """Every template."""
    rows = [
        {
            "id": book.id,
            "title": book.title,
            "version": book.version,
            "with_data": book.with_data,
            "what": book.summary,
        }
        for book in WORKBOOKS.values()
    ]
    table(rows, as_json=as_json)


@group.command()
def get(
    id: Annotated[str, typer.Argument(help="The template's id, from `template list`.")],
    with_data: Annotated[bool, typer.Option("--with-data", help="With current data, to change it.")] = False,
    warehouse: Annotated[str | None, typer.Option(help="Current data of this warehouse only.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The file to write; ID.xlsx unless given.")
    ] = None,
) -> None:
    """Write a template to fill in."""
    if warehouse is not None and not with_data:
        raise WrongUse("--warehouse chooses current data: give --with-data too")
    path = output or Path(f"{downloads.template_of(id).id}.xlsx")
    if output is None and path.exists():
        raise Refused(f"{path} exists; say with -o where to write")
    with database() as found, found.db.read() as session:
        place = None if warehouse is None else warehouse_named(session, warehouse).id
        content = downloads.template_file(session, id, with_data=with_data, warehouse_id=place)
    path.write_bytes(content)
    say(str(path))


def upload(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The filled-in workbook.")],
    template: Annotated[
        str | None, typer.Option(help="For files that can't tell their template, such as .csv.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Post it; unless given it is only validated.")] = False,
    good_rows: Annotated[
        bool, typer.Option("--good-rows", help="Apply the good rows although others are wrong.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Apply although the same content was applied before.")] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the result workbook here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Validate or apply a workbook; 1 if rows, or all of it, were refused."""
    if (good_rows or again) and not apply:
        raise WrongUse("--good-rows and --again say how to apply: give --apply too")
    if template is not None:
        downloads.template_of(template)
    request = Request("apply" if apply else "validate", good_rows, again, template)
    with database() as found:
        number = _hand_in(found, file, request, quiet=as_json)
        refused = _report(found, number, as_json=as_json)
        if output is not None:
            _write_result(found, number, output)
    if refused:
        raise typer.Exit(1)


def undo(id: Number, as_json: AsJson = False) -> None:
    """Take back what an upload applied: all of it or nothing."""
    with database() as found:
        undone = found.db.write(lambda session: take_back(session, id, by=actor()))
    if as_json:
        value(outcome.summary(undone))
    else:
        say(f"upload {id} is undone")


def history(
    template: Annotated[str | None, typer.Option(help="Only of this template.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most uploads.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Uploads, newest first."""
    rows = select(Upload).order_by(Upload.id.desc()).limit(limit)
    if template is not None:
        rows = rows.where(Upload.template == downloads.template_of(template).id)
    with database() as found, found.db.read() as session:
        lines = [{**(line := outcome.summary(row)), **line["counts"]} for row in session.scalars(rows)]
    table(lines, as_json=as_json, columns=_HISTORY)


def result(
    id: Number,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the result workbook here.")] = None,
    original: Annotated[
        Path | None, typer.Option(help="Write the file here as it was handed in: links and macros are still in it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What came of an upload, row by row; with -o the result workbook."""
    with database() as found:
        with found.db.read() as session:
            upload = downloads.find_upload(session, id)
            if original is not None:
                original.write_bytes(downloads.original_file(found.settings, upload)[0])
        if output is not None:
            output.write_bytes(downloads.result_file(found.db, found.settings, id))
        _report(found, id, as_json=as_json)


def preview(id: Number, as_json: AsJson = False) -> None:
    """What every store would show before and after, were an upload applied."""
    with database() as found:
        rows = previewing.preview(found.db, found.settings, id)
    print_preview(rows, as_json=as_json)


def _hand_in(found: Opened, file: Path, request: Request, *, quiet: bool) -> int:
    """Hand the file in and follow it to its end; its number. What goes wrong with it is in the history."""
    size, most = file.stat().st_size, found.settings.upload_max_bytes
    if size > most:
        raise Refused(f"{file.name} has {size:,} bytes; at most {most:,} are taken (STOCKBOOK_UPLOAD_MAX_BYTES)")
    name = made_up_name(".upload")
    shutil.copyfile(file, folder(found.settings) / name)
    uploads = Uploads(found.db, found.settings, at_once=1)
    try:
        at_work = uploads.hand_in(FileSource(name, file.name[:255], request.template), request, Who(actor()))
        _follow(found, at_work, file.name, quiet=quiet)
    finally:
        uploads.close()
    return at_work.upload_id


def _follow(found: Opened, at_work: HandedIn, name: str, *, quiet: bool) -> None:
    with progress(name, quiet=quiet) as tell:
        try:
            while not at_work.wait(_LOOK_EVERY_SECONDS):
                with found.db.read() as session:
                    stage = session.get_one(Upload, at_work.upload_id).progress
                tell(0, stage.get("rows"), str(stage.get("stage", "")))
        except FileProblem:
            return  # the upload says so itself, as `failed`


def _report(found: Opened, number: int, *, as_json: bool) -> bool:
    """Print what came of it; whether anything was refused."""
    with found.db.read() as session:
        done = session.get_one(Upload, number)
        if as_json:
            value(outcome.document(session, done))
        else:
            for line in shown.summary(done):
                say(line)
            for line in shown.problems(session, done):
                complain(line)
    return done.status not in _DONE or bool(done.counts.get("error") or done.counts.get("conflict"))


def _write_result(found: Opened, number: int, path: Path) -> None:
    try:
        content = downloads.result_file(found.db, found.settings, number)
    except (Refused, NotFound) as error:
        complain(error.text)
        return
    path.write_bytes(content)
