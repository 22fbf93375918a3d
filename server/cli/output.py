"""What commands print: tables and bars on a terminal, plain lines in a pipe, JSON for programs."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

_LINE_EVERY_SECONDS = 5.0
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127, *range(128, 160))}


class Told(Protocol):
    """Takes how far something is."""

    def __call__(self, done: int, total: int | None = None, text: str = "") -> None: ...


def table(rows: Sequence[Mapping[str, Any]], *, as_json: bool, columns: Sequence[str] = ()) -> None:
    """Rows with the same columns. In a pipe: a line of names, then one line per row, separated by tabs."""
    if as_json:
        value(list(rows))
        return
    names = list(columns or (rows[0] if rows else ()))
    if not sys.stdout.isatty():
        for line in (names, *([_text(row.get(name)) for name in names] for row in rows)):
            print("\t".join(cell.translate(_CONTROL) for cell in line))
        return
    drawn = Table(*(name.replace("_", " ") for name in names), box=None, header_style="bold", pad_edge=False)
    for row in rows:
        drawn.add_row(*(_text(row.get(name)).translate(_CONTROL) for name in names))
    console = Console(markup=False, highlight=False)
    console.print(drawn)
    console.print(f"{len(rows)} in all" if rows else "none")


def record(shown: Mapping[str, Any], *, as_json: bool) -> None:
    """One record, a line per field."""
    if as_json:
        value(shown)
        return
    width = max((len(name) for name in shown), default=0)
    for name, item in shown.items():
        print(f"{name.replace('_', ' '):<{width}}  {_text(item).translate(_CONTROL)}")


def value(shown: Any) -> None:
    """JSON, whatever else is asked."""
    print(json.dumps(shown, indent=2, ensure_ascii=False, default=_text))


def say(text: str) -> None:
    """A line for people, seen at once."""
    print(text, flush=True)


def complain(*lines: str) -> None:
    """What went wrong, on the error stream."""
    for line in lines:
        print(line.translate(_CONTROL), file=sys.stderr, flush=True)


def document(shown: dict[str, Any], *, as_json: bool) -> None:
    """A document with its lines: as JSON one value, else its head and then its `lines` as a table."""
    if as_json:
        value(shown)
        return
    record({name: item for name, item in shown.items() if name != "lines"}, as_json=False)
    table(shown["lines"], as_json=False)


@contextmanager
def progress(what: str, *, quiet: bool = False) -> Iterator[Told]:
    """A bar on a terminal, a line every few seconds in a pipe, nothing where JSON is printed."""
    if quiet:
        yield lambda done, total=None, text="": None
    elif sys.stderr.isatty():
        yield from _bar(what)
    else:
        yield _lines(what)


def _bar(what: str) -> Iterator[Told]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def tell(done: int, total: int | None = None, text: str = "") -> None:
            bar.update(task, completed=done, total=total, description=f"{what} {text}".strip())

        yield tell


def _lines(what: str) -> Told:
    said = time.monotonic()

    def tell(done: int, total: int | None = None, text: str = "") -> None:
        nonlocal said
        if time.monotonic() - said >= _LINE_EVERY_SECONDS:
            said = time.monotonic()
            complain(f"{what}: {done}{'' if total is None else f' of {total}'} {text}".rstrip())

    return tell


def _text(item: Any) -> str:
    if item is None:
        return ""
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, datetime | date):
        return item.isoformat(timespec="seconds") if isinstance(item, datetime) else item.isoformat()
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False, default=str)


class Escaping(logging.Formatter):
    """What users sent may stand in a log line, but can't begin a new one or drive a terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = record.message.translate(_CONTROL)[:2000]
        return super().formatMessage(record)


def log_to_stderr(level: str) -> None:
    """Log lines on the error stream, times in UTC."""
    handler = logging.StreamHandler()
    form = Escaping("%(asctime)sZ %(levelname)s %(name)s: %(message)s", datefmt="%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    handler.setFormatter(form)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("apscheduler", "httpx", "httpcore", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # pages of traces; the run says it in words
