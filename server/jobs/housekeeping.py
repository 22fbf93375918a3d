"""The job that forgets what is only kept for a time: finished runs, browsers signed out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from server import clock
from server.access import sign_ins
from server.jobs.claiming import SCHEDULE
from server.jobs.models import Run

#: Scheduled runs that did nothing (no counts) tell little; runs with a result are history.
IDLE_KEPT = timedelta(days=1)
KEPT = timedelta(days=90)


def forget_runs(session: Session, *, at: datetime) -> int:
    """Delete finished runs past their time; how many there were.

    A job's newest scheduled run stays: its row is what says that its due time had its run, however long the interval.
    """
    scheduled = Run.asked_by == SCHEDULE
    newest = select(func.max(Run.id)).where(scheduled).group_by(Run.job_id)
    past = Run.ended_at < at - KEPT
    idle = and_(scheduled, Run.state == "done", Run.counts == {}, Run.ended_at < at - IDLE_KEPT)
    old = (Run.state.in_(("done", "failed")), or_(past, idle), Run.id.not_in(newest))
    return cast(CursorResult[Any], session.execute(delete(Run).where(*old))).rowcount


def tidy(session: Session) -> dict[str, int]:
    """One round of it; what was forgotten, by kind."""
    at = clock.now()
    counts = {
        "runs": forget_runs(session, at=at),
        "sign_ins": sign_ins.forget_old(session, at=at),
    }
    return {what: number for what, number in counts.items() if number}
