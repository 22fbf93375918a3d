"""The job that forgets what is only kept for a time: finished runs and answered request keys."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from server import clock
from server.access.request_keys import forget_old
from server.jobs.models import Run

#: Scheduled runs that did nothing (no counts) tell little; runs with a result are history.
IDLE_KEPT = timedelta(days=1)
KEPT = timedelta(days=90)


def forget_runs(session: Session, *, at: datetime) -> int:
    """Delete finished runs past their time; how many there were."""
    ended = Run.state.in_(("done", "failed"))
    old = session.execute(delete(Run).where(ended, Run.ended_at < at - KEPT).returning(Run.id)).all()
    idle = session.execute(
        delete(Run)
        .where(Run.state == "done", Run.asked_by == "schedule", Run.ended_at < at - IDLE_KEPT, Run.counts == {})
        .returning(Run.id)
    ).all()
    return len(old) + len(idle)


def tidy(session: Session) -> dict[str, int]:
    """One round of it; what was forgotten, by kind."""
    at = clock.now()
    counts = {"runs": forget_runs(session, at=at), "request_keys": forget_old(session, at=at)}
    return {what: number for what, number in counts.items() if number}
