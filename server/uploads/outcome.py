"""What came of an upload: every row's verdict, in pages of a thousand, and as the JSON of the contract."""

from __future__ import annotations

import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db.bulk import insert_rows
from server.uploads.models import Upload, UploadPage
from server.uploads.plan import Change, Plan
from server.uploads.rows import Rows
from validators.messages import Finding, Severity
from validators.workbooks import Workbook
from validators.writing.outcome_cells import Cell, Style

PAGE = 1_000
#: How many cells of one upload get a note; the others have their message all the same.
NOTES = 200
STATUSES = ("ok", "warning", "error", "conflict", "unchanged", "skipped")
_WORST = {Severity.ERROR: "error", Severity.CONFLICT: "conflict", Severity.WARNING: "warning"}
#: What a status of an earlier outcome begins with where it coloured cells of its row; those are cleared before new ones
#: are painted.
_PAINTED = ("error", "warning", "conflict")
_STYLES = {
    "ok": Style.OK,
    "unchanged": Style.OK,
    "warning": Style.WARNING,
    "error": Style.ERROR,
    "conflict": Style.CONFLICT,
    "skipped": Style.SKIPPED,
}


@dataclass(frozen=True)
class Outcome:
    """What came of every row, in their order. `applied`: the upload whose mark rows without an error carry; `marks`: by
    row, the earlier upload whose mark it keeps (WB-13); `agreed`: those of them that said what was so already then."""

    rows: Rows
    plan: Plan
    statuses: Sequence[str]
    findings: Mapping[int, Sequence[Finding]]
    applied: int | None = None
    marks: Mapping[int, int] = field(default_factory=dict)
    agreed: Set[int] = frozenset()

    @property
    def counts(self) -> dict[str, int]:
        """How many rows there are of each status."""
        counts = Counter(self.statuses)
        return {"rows": len(self.statuses), **{status: counts[status] for status in STATUSES}}

    def verdicts(self) -> Iterator[dict[str, Any]]:
        """Each row's status, messages and changes, with its content's hash beside: made anew with each call and never
        held together, for a large sheet has half a million changes."""
        rows, workbook = self.rows, self.rows.workbook
        name, changed = self._changes()
        columns = (rows.numbers, self.statuses, rows.hashes, rows.marks, changed)
        for number, status, digest, mark, changes in zip(*columns, strict=True):
            verdict: dict[str, Any] = {"row": number, "status": status, "hash": digest}
            if number in rows.emptied or (mark and mark.lower().startswith(_PAINTED)):
                verdict["painted"] = True
            if number in self.marks and status in ("skipped", "error", "conflict"):
                verdict["mark"] = self.marks[number]
                if number in self.agreed and status == "skipped":
                    verdict["agreed"] = True
            if number in self.findings:
                verdict["messages"] = [_message(workbook, finding) for finding in self.findings[number]]
            if status not in ("error", "conflict", "skipped"):
                if changes:
                    verdict[name] = changes
                if self.applied is not None:
                    verdict |= self._mark_here(number, status)
            yield verdict

    def _mark_here(self, number: int, status: str) -> dict[str, Any]:
        """The mark of a row that was just applied. Where rows post stock, one that said what was so already has one
        too: the next Apply would set on hand to what it was before all that was sold since (WB-13)."""
        if status != "unchanged":
            return {"applied": self.applied}
        workbook = self.rows.workbook
        said = workbook.posts_stock and any(self.rows.value(c.name, number) is not None for c in workbook.editable)
        return {"mark": self.applied, "agreed": True} if said else {}

    def _changes(self) -> tuple[str, Iterator[Sequence[Any]]]:
        """Every row's changes and what they are called: where all rows set the same columns, their values alone."""
        numbers, plan = self.rows.numbers, self.plan
        if plan.sets:
            return "sets", plan.set_values(numbers)
        return "changes", (plan.changes.get(number, ()) for number in numbers)


def judge(
    rows: Rows,
    plan: Plan,
    findings: Iterable[Finding],
    skipped: Set[int],
    marks: Mapping[int, int],
    agreed: Set[int],
    *,
    applied: int | None = None,
) -> Outcome:
    """The outcome of every row; for the last four see `Outcome` and `marks.Marks`."""
    by_row = _worth_saying(findings)
    statuses = [_status(by_row.get(number, ()), number in skipped, number in plan.unchanged) for number in rows.numbers]
    return Outcome(rows, plan, statuses, by_row, applied, marks, agreed)


def _worth_saying(findings: Iterable[Finding]) -> dict[int, list[Finding]]:
    """By row, each thing once. That a row's quantity adds up to another's is no news where one of the two is wrong."""
    told = list(findings)
    bad = {finding.row for finding in told if finding.severity is not Severity.WARNING}
    by_row: dict[int, list[Finding]] = defaultdict(list)
    for finding in told:
        adds_up_to = (finding.row, finding.facts["other"]) if finding.code == "same-line" else ()
        if finding.row is None or bad.intersection(adds_up_to) or finding in by_row[finding.row]:
            continue
        by_row[finding.row].append(finding)
    return {row: said for row, said in by_row.items() if said}


def _status(findings: Sequence[Finding], skipped: bool, unchanged: bool) -> str:
    worst = {finding.severity for finding in findings} if findings else ()
    for severity in (Severity.ERROR, Severity.CONFLICT):
        if severity in worst:
            return _WORST[severity]
    if skipped:
        return "skipped"
    if unchanged:
        return "unchanged"
    return "warning" if worst else "ok"


def _message(workbook: Workbook, finding: Finding) -> dict[str, Any]:
    column = workbook.by_name.get(finding.column or "")
    return {
        "column": column.title if column else None,
        "code": finding.code,
        "text": finding.text,
        "severity": finding.severity.value,
        "key": finding.column,
    }


# -- pages ------------------------------------------------------------------------------------------------------------


def store_pages(session: Session, upload_id: int, outcome: Outcome) -> None:
    """Keep the rows' verdicts, compressed, a thousand to a page; a change as three values without their names, a row
    that sets columns as their values, the columns once a page."""
    sets = list(outcome.plan.sets)
    pages = (
        (upload_id, number, page[0]["row"], page[-1]["row"], pack({"sets": sets, "rows": page}))
        for number, page in enumerate(_cut(outcome.verdicts()))
    )
    insert_rows(session, UploadPage, ("upload_id", "page", "first_row", "last_row", "body"), pages)


def pack(value: Any) -> bytes:
    """JSON, compressed."""
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def unpack(body: bytes) -> Any:
    """The value that was packed."""
    return json.loads(zlib.decompress(body))


def stored_rows(session: Session, upload_id: int, *, after: int = 0) -> Iterator[dict[str, Any]]:
    """Rows' verdicts in order, those behind row `after`, page by page."""
    query = (
        select(UploadPage.body)
        .where(UploadPage.upload_id == upload_id, UploadPage.last_row > after)
        .order_by(UploadPage.page)
    )
    for body in session.scalars(query.execution_options(yield_per=4)):
        page = unpack(body)
        for row in page["rows"]:
            if row["row"] > after:
                changes = row.get("changes", ())
                if "sets" in row:
                    values = zip(page["sets"], row.pop("sets"), strict=True)
                    changes = [(name, None, value) for name, value in values if value is not None]
                if changes:
                    row["changes"] = [Change(*change)._asdict() for change in changes]
                yield row


def _cut(verdicts: Iterable[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    waiting = iter(verdicts)
    while page := list(islice(waiting, PAGE)):
        yield page


# -- as the contract has it -------------------------------------------------------------------------------------------


def public_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict as clients see it."""
    messages = [{name: m[name] for name in ("column", "code", "text", "severity")} for m in row.get("messages", ())]
    return {
        "row": row["row"],
        "status": row["status"],
        "messages": messages,
        "changes": row.get("changes", []),
    }


def mark_of(row: Mapping[str, Any]) -> int | None:
    """The upload that a row without an error is marked with: the one that applied it, or found it to be so already."""
    applied: int | None = row.get("applied")
    return applied or (row.get("mark") if row["status"] in ("skipped", "unchanged") else None)


def is_agreement(status: str | None) -> bool:
    """Whether a status cell is that of a row which said what was so already when its upload was applied."""
    return (status or "").lower().startswith("unchanged")


def status_word(row: Mapping[str, Any], *, undone: bool = False) -> str:
    """What the status cell says (WB-13 for the mark of an applied row, WB-8 once that was taken back). A row keeps the
    mark that it came with: without it, the next Apply would post the row once more."""
    if row.get("applied"):
        return f"{'Undone' if undone else 'Applied'} #{row['applied']}"
    word = "OK" if row["status"] == "ok" else str(row["status"]).capitalize()
    mark = row.get("mark")
    if mark is None or (undone and row["status"] == "unchanged"):
        return word
    if row["status"] == "skipped" and not row.get("agreed"):
        return f"Applied #{mark}"
    return f"{'Unchanged' if row.get('agreed') else word} (applied #{mark})"


def cells_of(
    rows: Iterable[Mapping[str, Any]], layout: Mapping[str, Any], *, headers: bool = True, undone: bool = False
) -> Iterator[Cell]:
    """Everything a client needs to write back: status and message cells, colours, a note on the very cell that is
    wrong. Cells of a row that an earlier outcome coloured are cleared. `undone`: the upload was taken back."""
    sheet, letters = layout["sheet"], layout["columns"]
    status, message = layout["status"], layout["message"]
    if headers and layout.get("new_columns"):
        yield Cell(sheet, f"{status}{layout['header_row']}", "Status", Style.CLEAR)
        yield Cell(sheet, f"{message}{layout['header_row']}", "Message", Style.CLEAR)
    notes = 0
    for row in rows:
        number = row["row"]
        style = Style.SKIPPED if undone and row.get("applied") else _STYLES[row["status"]]
        messages = row.get("messages", ())
        yield Cell(sheet, f"{status}{number}", status_word(row, undone=undone), style)
        yield Cell(sheet, f"{message}{number}", _sentence(messages), Style.CLEAR)
        at_column: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for said in messages:
            if said["key"] in letters:
                at_column[said["key"]].append(said)
        if row.get("painted"):
            for key, letter in letters.items():
                if key not in at_column:
                    yield Cell(sheet, f"{letter}{number}", None, Style.CLEAR)
        for key, said_here in at_column.items():
            worst = "error" if any(m["severity"] != "warning" for m in said_here) else "warning"
            note = " ".join(_capital(m["text"]) for m in said_here) if notes < NOTES else None
            notes += 1
            yield Cell(sheet, f"{letters[key]}{number}", None, _STYLES[worst], note)


def _sentence(messages: Sequence[Mapping[str, Any]]) -> str:
    return " ".join(f"{m['column']}: {m['text']}" if m["column"] else _capital(m["text"]) for m in messages)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def is_undone(upload: Upload) -> bool:
    """Whether what it applied was taken back (WB-8)."""
    return upload.status == "undone"


def cell_json(cell: Cell) -> dict[str, Any]:
    """A cell as the contract has it."""
    return {
        "sheet": cell.sheet,
        "address": cell.address,
        "value": cell.value,
        "style": cell.style.value,
        "note": cell.note,
    }


def summary(upload: Upload) -> dict[str, Any]:
    """An upload as a line of the history (WB-11)."""
    ended = upload.finished_at
    return {
        "id": upload.id,
        "template": upload.template,
        "mode": upload.mode,
        "status": upload.status,
        "counts": upload.counts,
        "messages": upload.messages,
        "filename": upload.filename,
        "kept_bytes": upload.kept_bytes,
        "by": upload.actor,
        "created_at": upload.created_at.isoformat(),
        "seconds": round((ended - upload.created_at).total_seconds(), 3) if ended else None,
        "duplicate_of": upload.duplicate_of,
        "progress": upload.progress,
        "problem": upload.problem,
    }


def document(session: Session, upload: Upload) -> dict[str, Any]:
    """The outcome of the contract: the first thousand rows and their cells, the rest is paged."""
    rows: list[dict[str, Any]] = []
    for row in stored_rows(session, upload.id):
        rows.append(row)
        if len(rows) == PAGE:
            break
    return {
        **summary(upload),
        "rows": [public_row(row) for row in rows],
        "cells": [cell_json(cell) for cell in cells_of(rows, upload.layout, undone=is_undone(upload))] if rows else [],
    }
