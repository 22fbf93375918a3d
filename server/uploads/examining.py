"""Checked rows against the database: marks, references, plan. Validate stops here; apply goes on from here (WB-5)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.db.base import fold
from server.uploads.handlers.protocol import Handler
from server.uploads.holding import hold
from server.uploads.marks import Marks, look_at_marks
from server.uploads.plan import Plan
from server.uploads.references import resolve
from server.uploads.rows import Rows
from server.uploads.same_keys import same_by_default
from server.uploads.sources import Checked
from validators.messages import Finding, Severity


@dataclass(frozen=True)
class Examined:
    """What applying would do (`plan`, good rows only), everything found, and the rows that were applied before."""

    rows: Rows
    plan: Plan
    findings: list[Finding]
    marks: Marks

    @property
    def bad_rows(self) -> set[int]:
        """Rows that count as errors for WB-6."""
        return _bad(self.findings)


def examine(
    session: Session, handler: Handler, checked: Checked, *, marks: Marks | None = None, locking: bool = False
) -> Examined:
    """Look at every row; reads only. `marks`: instead of those that the sheet's status cells carry. `locking`: for
    applying, the uploads of their marks and what rows were downloaded with is held first (WB-13, WB-4).

    The plan is made of the good rows. Where it finds more that is wrong, it is made again without those rows, so that
    what it says is what *apply good rows* would do.
    """
    findings = [finding for finding in checked.findings if finding.row is not None]
    if marks is None:
        marks = look_at_marks(session, checked.rows, locking=locking)
    skipped = marks.skipped
    findings += marks.findings
    rows, unknown = resolve(session, checked.rows)
    if locking:
        hold(session, rows)
    told = {(finding.row, finding.column) for finding in findings if finding.severity is Severity.ERROR}
    findings += [f for f in unknown if f.row not in skipped and (f.row, f.column) not in told]
    findings += [f for f in same_by_default(rows) if f.row not in skipped]
    findings += _companions(rows, findings)
    good = rows.without(_bad(findings) | skipped)
    plan = handler.plan(session, good)
    while plan.bad_rows:
        findings += [finding for finding in plan.findings if finding.row in plan.bad_rows]
        findings += _companions(good, findings)
        good = good.without(_bad(findings))
        plan = handler.plan(session, good)
    return Examined(rows, plan, findings + plan.findings, marks)


def _companions(rows: Rows, findings: list[Finding]) -> list[Finding]:
    """Rows that fall with a bad one, because they are applied all or none (a combination's recipe, CAT-6)."""
    group = rows.workbook.together
    bad = _bad(findings) if group else set()
    if not group or not bad:
        return []
    keys = [fold(value or "") for value in rows.values[group]]
    fallen = {key: number for number, key in zip(rows.numbers, keys, strict=True) if number in bad and key}
    return [
        Finding("companion-bad", number, group, {"other": fallen[key], "what": group})
        for number, key in zip(rows.numbers, keys, strict=True)
        if key in fallen and number not in bad
    ]


def _bad(findings: list[Finding]) -> set[int]:
    return {f.row for f in findings if f.row is not None and f.severity is not Severity.WARNING}
