"""Records changed one by one over the API or the command line, by the rules of their workbook (WB-1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.errors import Conflict, StockbookError, WrongUse
from server.uploads.examining import examine
from server.uploads.handlers.protocol import Context, Step
from server.uploads.handlers.registry import HANDLERS
from server.uploads.sources import Checked, checked
from validators.messages import Finding, Severity, shown
from validators.reading import from_rows
from validators.registry import WORKBOOKS

#: What is wrong only because of other records: a conflict rather than a wrong value.
_COLLISIONS = frozenset({"exists", "gtin-taken", "single-in-use", "single-is-component", "own-stock-left"})
#: No upload: nothing here is undone by its number.
_NO_UPLOAD = 0


class RowsRefused(WrongUse):
    """The values break a rule of the workbook; `errors` has every one with its place."""

    code = "rows-refused"


class RowsCollide(Conflict):
    """The values are good in themselves, but records that exist stand in their way; `errors` has every one."""

    code = "rows-collide"


@dataclass(frozen=True)
class Done:
    """What a handler did, and what it warned of."""

    steps: Sequence[Step]
    warnings: Sequence[Finding]


def check_rows(template: str, rows: Sequence[Mapping[str, Any]]) -> Checked:
    """Check rows of column name -> cell value, as far as no database is needed: before the transaction begins."""
    return checked(from_rows(WORKBOOKS[template], rows, 1))


def apply_rows(session: Session, sheet: Checked, *, by: str, at: datetime) -> Done:
    """Apply all checked rows in the session's transaction.

    Raises `RowsRefused` or `RowsCollide` with every error; then nothing was done.
    """
    handler = HANDLERS[sheet.rows.workbook.id]
    of_file = [finding for finding in sheet.findings if finding.row is None]
    examined = examine(session, handler, sheet)
    findings = [*of_file, *examined.findings]
    errors = [finding for finding in findings if finding.severity is not Severity.WARNING]
    if errors:
        raise _refusal(errors)
    context = Context(_NO_UPLOAD, by, at)
    steps = handler.apply(session, examined.plan, context) if examined.plan.changing else ()
    return Done(steps, findings)


def as_error(finding: Finding) -> dict[str, Any]:
    """A finding as it stands among a problem's `errors`."""
    return {"place": finding.column, "code": finding.code, "text": _said(finding)}


def _said(finding: Finding) -> str:
    """What people read who never saw a workbook: its literal for an empty value would mean nothing to them."""
    if finding.code == "clear-not-allowed":
        return "it can't be emptied; give it a value, or leave it out"
    if finding.code == "cell-hash-text":
        return f"'{shown(finding.facts['value'])}' is not a value; Excel writes that where it could not show one"
    return finding.text


def _refusal(errors: Sequence[Finding]) -> StockbookError:
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    said = f"{first.column}: {_said(first)}{more}" if first.column else f"{_said(first)}{more}"
    kind = RowsCollide if {finding.code for finding in errors} <= _COLLISIONS else RowsRefused
    return kind(said, errors=[as_error(finding) for finding in errors])
