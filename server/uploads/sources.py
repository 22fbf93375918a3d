"""Where an upload's rows come from: a file on disk, or JSON rows; and where originals are kept."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, Protocol

import pandas as pd

from server.errors import Busy
from server.settings import Settings
from server.uploads.rows import Rows
from validators.checking.steps import check
from validators.extracting.addresses import column_number, letters
from validators.messages import Finding
from validators.reading import Busy as ReadersBusy
from validators.reading import Limits, RawSheet, SheetFacts, from_rows, read
from validators.registry import WORKBOOKS

_CHUNK = 256 * 1024
#: Limits of reading that are settings of the same name.
_READING = [
    setting.name.removeprefix("reading_") for setting in fields(Settings) if setting.name.startswith("reading_")
]


@dataclass(frozen=True)
class Checked:
    """Rows that were read and checked as far as no database is needed, with what was found."""

    rows: Rows
    findings: list[Finding]
    layout: dict[str, Any]


class Source(Protocol):
    """Something that rows can be read from; made anew from `stored_as` after a restart."""

    @property
    def stored_as(self) -> str:
        """Its name in the upload folder."""
        ...

    @property
    def filename(self) -> str:
        """What people called it."""
        ...

    def read(self, settings: Settings) -> RawSheet:
        """The raw sheet. Raises `Unreadable` in words, `errors.Busy` when too many files are being read."""
        ...


def limits_of(settings: Settings) -> Limits:
    """How large a file may be, and what reading it may take."""
    reading = {name: getattr(settings, f"reading_{name}") for name in _READING}
    return Limits(file=settings.upload_max_bytes, rows=settings.upload_max_rows, **reading)


@dataclass(frozen=True)
class FileSource:
    """A file that lies in the upload folder under a made-up name."""

    stored_as: str
    filename: str
    template: str | None = None

    def read(self, settings: Settings) -> RawSheet:
        """See `Source`."""
        path, limits = folder(settings) / self.stored_as, limits_of(settings)
        try:
            return read(path, filename=self.filename, workbooks=WORKBOOKS, template=self.template, limits=limits)
        except ReadersBusy as error:
            raise Busy("other files are being read; try it again", retry_after=error.retry_after) from error


@dataclass(frozen=True)
class RowsSource:
    """Rows from the API, kept as a JSON file."""

    stored_as: str
    filename: str = ""

    def read(self, settings: Settings) -> RawSheet:
        """See `Source`."""
        given = json.loads((folder(settings) / self.stored_as).read_text(encoding="utf-8"))
        workbook = WORKBOOKS[given["template"]]
        marks = [(mark["row"], mark["column"], mark["kind"]) for mark in given.get("marks", ())]
        beside = SheetFacts(given.get("version"), marks, given.get("hidden", ()))
        raw = from_rows(workbook, given["rows"], int(given.get("first_row") or 4), given.get("sheet") or None, beside)
        if len(raw) > settings.upload_max_rows:
            facts = {"rows": len(raw), "limit": settings.upload_max_rows}
            raw.findings.insert(0, Finding("file-too-many-rows", facts=facts))
        return raw


def folder(settings: Settings) -> Path:
    """Where originals are kept."""
    path = settings.data_dir / "uploads"
    path.mkdir(parents=True, exist_ok=True)
    return path


def made_up_name(suffix: str) -> str:
    """A name that nobody else chose: what a file is called by its sender is only ever shown."""
    return f"{secrets.token_hex(16)}{suffix}"


def keep_file(
    settings: Settings, sent: IO[bytes], called: str, template: str | None = None
) -> tuple[FileSource, bytes]:
    """Store a file as it comes, in bites; its source, and the hash of its content. `called`: by its sender."""
    source = FileSource(made_up_name(".upload"), _shown_name(called), template)
    digest = hashlib.sha256()
    with (folder(settings) / source.stored_as).open("wb") as target:
        while chunk := sent.read(_CHUNK):
            digest.update(chunk)
            target.write(chunk)
    return source, digest.digest()


def _shown_name(called: str) -> str:
    """What the sender calls it, to be shown: the last part, printable, never used as a path."""
    last = called.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:255]


def keep_rows(settings: Settings, given: Mapping[str, Any]) -> RowsSource:
    """Store JSON rows as they came."""
    name = made_up_name(".json")
    (folder(settings) / name).write_text(json.dumps(given, ensure_ascii=False), encoding="utf-8")
    return RowsSource(name)


def source_of(stored_as: str, filename: str, template: str | None = None) -> Source:
    """The source that an upload was made from."""
    return RowsSource(stored_as) if stored_as.endswith(".json") else FileSource(stored_as, filename, template)


def checked(raw: RawSheet) -> Checked:
    """Normalise and check a raw sheet, and lay its rows out for handlers."""
    frame = check(raw)
    numbers = [int(number) for number in frame.frame.index]
    marks, said = _tool_column(raw.status, len(raw)), _tool_column(raw.message, len(raw))
    rows = Rows(
        workbook=raw.workbook,
        numbers=numbers,
        values={column.name: _values(frame.frame[column.name]) for column in raw.workbook.columns},
        cleared={name: frozenset(numbers) for name, numbers in frame.cleared.items()},
        versions=_tool_column(raw.version, len(raw)),
        marks=marks,
        emptied=frozenset(n for n, mark, text in zip(numbers, marks, said, strict=True) if text and not mark),
    )
    return Checked(rows, [*raw.findings, *frame.findings], layout_of(raw))


def layout_of(raw: RawSheet) -> dict[str, Any]:
    """Where an outcome's cells go. A sheet without Status and Message gets them behind its last column."""
    status, message = raw.status, raw.message
    last = raw.last_letter
    return {
        "sheet": raw.sheet,
        "header_row": raw.header_row,
        "columns": dict(raw.letters) or {name: column.letter for name, column in raw.columns.items()},
        "status": status.letter if status else _behind(last),
        "message": message.letter if message else _behind(last if status else _behind(last)),
        "new_columns": status is None or message is None,
        "kind": raw.kind,
    }


def _behind(letter: str) -> str:
    """The column behind one: Z -> AA."""
    return letters(column_number(letter) + 1)


def _values(series: pd.Series) -> Sequence[Any]:
    values: list[Any] = series.tolist()
    if series.dtype == object or not series.hasnans:  # among objects what is missing is None already
        return values
    return [None if missing else value for value, missing in zip(values, series.isna(), strict=True)]


def _tool_column(column: Any, length: int) -> list[str | None]:
    if column is None:
        return [None] * length
    return [str(value).strip() or None if value is not None else None for value in column.values]
