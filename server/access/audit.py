"""Who did what (SEC-2). Lines are only ever added; the database refuses to change or delete one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.access.models import AuditLine


def audit(session: Session, by: str, action: str, subject: str, *, at: datetime | None = None, **detail: Any) -> None:
    """Record in the transaction of the change itself that `by` did `action` to `subject`.

    `action` is `<record>.<verb>` ("token.revoke"), `subject` what people call the record, `detail` JSON
    values, never a secret.
    """
    session.add(
        AuditLine(at=at or clock.now(), actor=by[:120], action=action[:60], subject=subject[:200], detail=detail)
    )
