"""What every template's handler can do. To add one: a schema in `validators/schemas`, a handler here of that name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from sqlalchemy.orm import Session

from server.errors import Refused
from server.uploads.plan import Plan
from server.uploads.rows import Rows
from validators.workbooks import Workbook


@dataclass(frozen=True)
class Context:
    """Which upload it is, who handed it in, and when."""

    upload_id: int
    by: str
    at: datetime


#: A JSON value that `undo` of the same handler understands: one thing that applying did (WB-8).
Step = Mapping[str, Any]


@dataclass(frozen=True)
class CurrentRow:
    """One record for a download with data (WB-4): cell values by column name, info columns too, and its version."""

    values: Mapping[str, Any]
    version: str


class Handler(Protocol):
    """One template's way from rows to records or movements, and back. Every method is set-based: the number of its
    statements does not grow with the rows."""

    workbook: ClassVar[Workbook]

    def plan(self, session: Session, rows: Rows) -> Plan:
        """What applying would do; reads only. References are resolved, every reference names a record."""
        ...

    def apply(self, session: Session, plan: Plan, context: Context) -> Sequence[Step]:
        """Do it, in the session's transaction; gives what is needed to take it back. All rows of the plan are good.

        May raise `Refused` where the ledger or the database refuses after all (a rival came between)."""
        ...

    def undo(self, session: Session, steps: Sequence[Step], context: Context) -> None:
        """Take it back, all of it. Raises `CannotUndo` with every reason (WB-8)."""
        ...

    def current(self, session: Session, *, warehouse_id: int | None = None) -> Iterable[CurrentRow]:
        """Every record, for a download with data. Only asked of workbooks with `with_data`."""
        ...


class CannotUndo(Refused):
    """An upload can't be undone; `reasons` says why, one by one. Nothing was changed."""

    code = "cannot-undo"

    def __init__(self, reasons: Sequence[str]) -> None:
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        super().__init__(
            f"can't be undone: {reasons[0]}{more}", errors=[{"detail": reason} for reason in reasons[:200]]
        )
        self.reasons = list(reasons)
