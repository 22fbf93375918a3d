"""Rows that were applied before: the mark *Applied #12* (WB-13), and the same content twice (WB-7)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db.bulk import NUMBER, relation
from server.uploads import outcome
from server.uploads.models import Upload
from server.uploads.rows import Rows
from validators.messages import Finding

#: *Applied #12*, and *Error (applied #12)* where an outcome found such a row changed: it keeps its mark.
_MARK = re.compile(r"(?:[a-z]+\s*\(\s*)?applied\s*#\s*(\d{1,18})\s*\)?", re.IGNORECASE)
_LIVE = ("applied", "partly_applied")


@dataclass(frozen=True)
class Marks:
    """What the marks of a sheet's rows are worth. `of`: by row, the upload that its mark names, where that is still
    applied; whatever comes of the row keeps that mark. `skipped`: those of them whose content it applied."""

    of: Mapping[int, int]
    skipped: Set[int]
    findings: Sequence[Finding] = ()


def look_at_marks(session: Session, rows: Rows) -> Marks:
    """Rows to skip, and rows whose mark does not fit their content.

    The server checks, not the mark alone: a row is skipped only where that upload is still applied, of this template,
    and has an applied row of the same content left.
    """
    if not rows.workbook.posts_stock:
        return Marks({}, set())
    marked: dict[int, list[int]] = defaultdict(list)
    for number, mark in zip(rows.numbers, rows.marks, strict=True):
        if mark and (found := _MARK.fullmatch(mark)):
            marked[int(found[1])].append(number)
    of: dict[int, int] = {}
    skipped: set[int] = set()
    findings: list[Finding] = []
    # Undone, of another template, or never there: the mark means nothing and the row is handed in like any other.
    for upload_id in _live(session, rows.workbook.id, marked):
        applied = _applied_rows(session, upload_id)
        for number in marked[upload_id]:
            of[number] = upload_id
            digest = rows.hashes[rows.place[number]]
            if applied[digest]:
                applied[digest] -= 1
                skipped.add(number)
            else:
                column = rows.workbook.key[0]
                findings.append(Finding("already-applied", number, column, {"upload": upload_id}))
    return Marks(of, skipped, findings)


def marks_of_duplicate(session: Session, rows: Rows, earlier: int) -> Marks:
    """The marks that the sheet would carry had it kept what came of upload `earlier`, which had the same content: its
    applied rows are skipped, in every workbook. The rows that were not applied there are judged like any others."""
    found = look_at_marks(session, rows)
    of: dict[int, int] = {}
    for number, row in zip(rows.numbers, outcome.stored_rows(session, earlier), strict=True):
        if row.get("applied") or row["status"] == "skipped":
            of[number] = row.get("mark") or earlier
    return Marks(
        {**found.of, **of}, found.skipped | of.keys(), [finding for finding in found.findings if finding.row not in of]
    )


def _live(session: Session, template: str, upload_ids: Iterable[int]) -> list[int]:
    """Those of the uploads that are of this template, applied and not undone."""
    with relation(session, {"id": NUMBER}, [(number,) for number in upload_ids]) as r:
        query = select(Upload.id).join(r, r.c.id == Upload.id)
        return list(session.scalars(query.where(Upload.template == template, Upload.status.in_(_LIVE))))


def _applied_rows(session: Session, upload_id: int) -> Counter[str]:
    rows = outcome.stored_rows(session, upload_id)
    return Counter(row["hash"] for row in rows if row.get("applied") or row["status"] == "skipped")


def earlier_upload(session: Session, content: str) -> int | None:
    """The upload that applied the same content and is not undone, None if there is none."""
    query = select(Upload.id).where(Upload.content == content, Upload.status.in_(_LIVE)).order_by(Upload.id)
    return session.scalars(query.limit(1)).first()
