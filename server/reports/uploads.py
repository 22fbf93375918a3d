"""Upload history: what was handed in, by whom, and what came of it (WB-11)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.reports.describing import Asked, Column, Look, Report, Row, Sheet
from server.reports.parameters import SINCE, UNTIL
from server.reports.querying import stream
from server.uploads.models import Upload
from server.uploads.outcome import STATUSES
from validators.registry import WORKBOOKS

_TITLES = {"ok": "OK", "warning": "Warnings", "error": "Errors", "conflict": "Conflicts"}
_WORDS = {
    "ok": "Rows that are in order.",
    "warning": "Rows with a warning.",
    "error": "Rows with an error.",
    "conflict": "Rows whose record had changed meanwhile.",
    "unchanged": "Rows that say what is so already.",
    "skipped": "Rows that an earlier upload had applied.",
}


def _rows(session: Session, asked: Asked) -> Iterator[Row]:
    query = (
        select(
            Upload.id,
            Upload.created_at,
            Upload.actor,
            Upload.template,
            Upload.filename,
            Upload.mode,
            Upload.status,
            Upload.counts,
            Upload.finished_at,
            Upload.duplicate_of,
            Upload.undone_by,
            Upload.undone_at,
        )
        .where(*asked.only(at=Upload.created_at))
        .order_by(Upload.id.desc())
    )
    for number, at, by, template, filename, mode, status, counts, finished, duplicate, undone_by, undone in stream(
        session, query
    ):
        title = WORKBOOKS[template].title if template in WORKBOOKS else template
        took = None if finished is None else round((finished - at).total_seconds(), 1)
        sums = [counts.get(name) for name in ("rows", *STATUSES)]
        yield (number, at, by, title, filename, mode, status, *sums, took, duplicate, undone_by, undone)


REPORT = Report(
    "uploads",
    "Upload history",
    "Every workbook that was handed in: who, when, which template, what came of its rows; newest first.",
    (
        Sheet(
            "Uploads",
            (
                Column("No.", Look.NUMBER, "The upload's number.", 9),
                Column("Handed in", Look.MOMENT, "When it was handed in.", 20),
                Column("By", Look.TEXT, "Who handed it in.", 20),
                Column("Template", Look.TEXT, "Which workbook it is.", 20),
                Column("File", Look.TEXT, "What the file is called.", 32),
                Column("Mode", Look.WORD, "Whether it was to be looked at only, or applied.", 12),
                Column("Status", Look.WORD, "What came of it.", 15),
                Column("Rows", Look.UNITS, "Rows with something in them.", 10),
                *(Column(_TITLES.get(name, name.title()), Look.UNITS, _WORDS[name], 12) for name in STATUSES),
                Column("Seconds", Look.DECIMAL, "How long it took.", 11),
                Column("Duplicate of", Look.NUMBER, "The upload with the same content.", 15),
                Column("Undone by", Look.TEXT, "Who took it back.", 18),
                Column("Undone at", Look.MOMENT, "When it was taken back.", 20),
            ),
            _rows,
            "nothing was handed in in this time",
            keys=2,
        ),
    ),
    (SINCE, UNTIL),
)
