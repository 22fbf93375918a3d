"""audit: who did what (SEC-2)."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import select

from server.access.models import AuditLine
from server.cli.opening import database
from server.cli.output import AsJson, table
from server.moments import moment

_COLUMNS = ("id", "at", "by", "action", "subject", "detail")


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(audit)


def audit(
    by: Annotated[str | None, typer.Option(help="Only what this one did: a user's name, cli:NAME or a job.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this, such as token.revoke.")] = None,
    since: Annotated[str | None, typer.Option(help="From this day or moment on.")] = None,
    until: Annotated[str | None, typer.Option(help="Up to this moment, or the end of this day.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="Most lines.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Who changed what, newest first."""
    lines = select(AuditLine).order_by(AuditLine.id.desc()).limit(limit)
    if by is not None:
        lines = lines.where(AuditLine.actor == by)
    if action is not None:
        lines = lines.where(AuditLine.action == action)
    if since is not None:
        lines = lines.where(AuditLine.at >= moment(since))
    if until is not None:
        lines = lines.where(AuditLine.at <= moment(until, end_of_day=True))
    with database() as found, found.db.read() as session:
        rows = [
            {
                "id": line.id,
                "at": line.at,
                "by": line.actor,
                "action": line.action,
                "subject": line.subject,
                "detail": line.detail,
            }
            for line in session.scalars(lines)
        ]
    table(rows, as_json=as_json, columns=_COLUMNS)
