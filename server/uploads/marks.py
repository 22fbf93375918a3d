"""Rows that were applied before: the mark *Applied #12* (WB-13), and the same content twice (WB-7)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db.bulk import NUMBER, relation
from server.uploads import outcome
from server.uploads.models import Upload
from server.uploads.rows import Rows
from validators.messages import Finding

_MARK = re.compile(r"applied\s*#\s*(\d{1,18})", re.IGNORECASE)
_LIVE = ("applied", "partly_applied")


def look_at_marks(session: Session, rows: Rows) -> tuple[set[int], list[Finding]]:
    """Rows to skip, and rows whose mark does not fit their content.

    The server checks, not the mark alone: a row is skipped only where that upload is still applied, of this template,
    and has an applied row of the same content left.
    """
    if not rows.workbook.posts_stock:
        return set(), []
    marked: dict[int, list[int]] = defaultdict(list)
    for number, mark in zip(rows.numbers, rows.marks, strict=True):
        if mark and (found := _MARK.fullmatch(mark)):
            marked[int(found[1])].append(number)
    skipped: set[int] = set()
    findings: list[Finding] = []
    # Undone, of another template, or never there: the mark means nothing and the row is handed in like any other.
    for upload_id in _live(session, rows.workbook.id, marked):
        applied = _applied_rows(session, upload_id)
        for number in marked[upload_id]:
            digest = rows.hashes[rows.place[number]]
            if applied[digest]:
                applied[digest] -= 1
                skipped.add(number)
            else:
                column = rows.workbook.key[0]
                findings.append(Finding("already-applied", number, column, {"upload": upload_id}))
    return skipped, findings


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
