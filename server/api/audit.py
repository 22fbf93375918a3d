"""Who did what (SEC-2): for admins, to read only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response
from pydantic import BaseModel
from sqlalchemy import select

from server.access.models import AuditLine
from server.api.frame import needs, resource, services, show
from server.api.paging import Page, Paging, page

api = resource("audit", "Audit")


class AuditLineShown(BaseModel):
    """One change and who made it."""

    id: int
    at: datetime
    by: str
    action: str
    subject: str
    detail: dict[str, Any]


class LineFilter(Paging):
    """Which lines."""

    by: str | None = None
    action: str | None = None


def shown(line: AuditLine) -> AuditLineShown:
    """A line as the API shows it."""
    return AuditLineShown(
        id=line.id, at=line.at, by=line.actor, action=line.action, subject=line.subject, detail=line.detail
    )


@api.get("/audit", responses={200: Page[AuditLineShown]})
@needs("audit.read")
def list_lines(query: LineFilter) -> Response:
    """Changes, newest first."""
    rows = select(AuditLine)
    if query.by is not None:
        rows = rows.where(AuditLine.actor == query.by)
    if query.action is not None:
        rows = rows.where(AuditLine.action == query.action)
    with services().db.read() as session:
        return show(page(session, rows, AuditLine.id, query, shown, newest_first=True))
