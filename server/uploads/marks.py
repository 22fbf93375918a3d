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

#: *Applied #12*, *Error (applied #12)*, and whatever people write beside it: only a person who empties a status makes
#: the row a new one.
_MARK = re.compile(r"\bapplied\s*#\s*(\d{1,18})(?!\d)", re.IGNORECASE)
_LIVE = ("applied", "partly_applied")


@dataclass(frozen=True)
class Marks:
    """What the marks of a sheet's rows are worth. `of`: by row, the upload that its mark names, where that is still
    applied; whatever comes of the row keeps that mark. `skipped`: those of them whose content it applied; `agreed`:
    those of the skipped that said what was so already when it was applied."""

    of: Mapping[int, int]
    skipped: Set[int]
    agreed: Set[int] = frozenset()
    findings: Sequence[Finding] = ()


def look_at_marks(session: Session, rows: Rows, *, locking: bool = False) -> Marks:
    """Rows to skip, and rows whose mark does not fit their content. `locking`: nobody undoes those uploads before the
    transaction ends.

    The server checks, not the mark alone: a row is skipped only where that upload is still applied, of this template,
    and has a row of the same content left that it applied or found to be so already. One of the latter kind that says
    something else by now is a new row, for nothing was posted for it.
    """
    if not rows.workbook.posts_stock:
        return Marks({}, set())
    marked: dict[int, list[int]] = defaultdict(list)
    for number, mark in zip(rows.numbers, rows.marks, strict=True):
        if mark and (found := _MARK.search(mark)):
            marked[int(found[1])].append(number)
    of: dict[int, int] = {}
    skipped: set[int] = set()
    agreed: set[int] = set()
    findings: list[Finding] = []
    # Undone, of another template, or never there: the mark means nothing and the row is handed in like any other.
    for upload_id in _live(session, rows.workbook.id, marked, locking=locking):
        applied, agreeing = _rows_of(session, upload_id)
        for number in marked[upload_id]:
            digest = rows.hashes[rows.place[number]]
            if applied[digest]:
                applied[digest] -= 1
                skipped.add(number)
            elif agreeing[digest]:
                agreeing[digest] -= 1
                agreed.add(number)
            elif outcome.is_agreement(rows.marks[rows.place[number]]):
                continue
            else:
                column = rows.workbook.key[0]
                findings.append(Finding("already-applied", number, column, {"upload": upload_id}))
            of[number] = upload_id
    return Marks(of, skipped | agreed, agreed, findings)


def marks_of_duplicate(session: Session, rows: Rows, earlier: int) -> Marks:
    """The marks that the sheet would carry had it kept what came of upload `earlier`, which had the same content: its
    applied rows are skipped, in every workbook; so are those that it skipped, as long as what had applied them is not
    undone. The rows that were not applied there are judged like any others."""
    found = look_at_marks(session, rows)
    pairs = list(zip(rows.numbers, outcome.stored_rows(session, earlier), strict=True))
    marks = {number: mark for number, row in pairs if (mark := outcome.mark_of(row))}
    live = {earlier, *_live(session, rows.workbook.id, set(marks.values()) - {earlier})}
    of = {number: mark for number, mark in marks.items() if mark in live}
    agreed = {number for number, row in pairs if number in of and row.get("agreed")}
    return Marks(
        {**found.of, **of},
        found.skipped | of.keys(),
        found.agreed - of.keys() | agreed,
        [finding for finding in found.findings if finding.row not in of],
    )


def _live(session: Session, template: str, upload_ids: Iterable[int], *, locking: bool = False) -> list[int]:
    """Those of the uploads that are of this template, applied and not undone."""
    with relation(session, {"id": NUMBER}, [(number,) for number in upload_ids]) as r:
        query = select(Upload.id).join(r, r.c.id == Upload.id).order_by(Upload.id)
        if locking:
            query = query.with_for_update(read=True, of=Upload)
        return list(session.scalars(query.where(Upload.template == template, Upload.status.in_(_LIVE))))


def _rows_of(session: Session, upload_id: int) -> tuple[Counter[str], Counter[str]]:
    """Contents of the rows that an upload applied, and of those that it found to be so already. What it skipped is
    another upload's."""
    applied: Counter[str] = Counter()
    agreeing: Counter[str] = Counter()
    for row in outcome.stored_rows(session, upload_id):
        if outcome.mark_of(row) == upload_id:
            (agreeing if row.get("agreed") else applied)[row["hash"]] += 1
    return applied, agreeing


def earlier_upload(session: Session, content: str) -> int | None:
    """The upload that applied the same content and is not undone, None if there is none."""
    query = select(Upload.id).where(Upload.content == content, Upload.status.in_(_LIVE)).order_by(Upload.id)
    return session.scalars(query.limit(1)).first()
