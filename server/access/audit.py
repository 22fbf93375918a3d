"""Who did what (SEC-2). Lines are only ever added; the database refuses to change or delete one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server import clock
from server.access.models import AuditLine


def audit(session: Session, by: str, action: str, subject: str, *, at: datetime | None = None, **detail: Any) -> None:
    """Record in the transaction of the change itself that `by` did `action` to `subject`.

    `action` is `<record>.<verb>` ("token.revoke"), `subject` what people call the record, `detail` JSON
    values, never a secret.
    """
    audit_all(session, by, [(action, subject, detail)], at=at)


def audit_all(
    session: Session, by: str, deeds: Sequence[tuple[str, str, Mapping[str, Any]]], *, at: datetime | None = None
) -> None:
    """The same for many deeds, (action, subject, detail) each, in one statement."""
    moment = at or clock.now()
    lines = [
        {"at": moment, "actor": by[:120], "action": action[:60], "subject": subject[:200], "detail": dict(detail)}
        for action, subject, detail in deeds
    ]
    if lines:
        session.execute(insert(AuditLine), lines)
