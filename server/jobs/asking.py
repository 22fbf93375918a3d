"""Runs that are asked for, beside the schedule. Knows no job's function, so that a small command can ask too."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.access.audit import audit
from server.jobs.models import Job, Run


def write_run(session: Session, job: Job, arguments: Mapping[str, Any], *, by: str, at: datetime) -> Run:
    """A run of the job with these arguments, due at once."""
    run = Run(
        job_id=job.id,
        slot=f"now/{uuid.uuid4()}",
        state="waiting",
        due_at=at,
        arguments=dict(arguments),
        asked_by=by[:120],
        attempts=0,
        progress={},
        counts={},
        error="",
    )
    session.add(run)
    session.flush()
    audit(session, by, "job.run", job.name, run=run.id, at=at)
    return run


def read_soon(session: Session, store: str, *, by: str) -> None:
    """Have the orders of a store read at once, and its news asked for, rather than by the schedule's next round (CH-5):
    for one that was added, or that is reached otherwise now. Where people switched that job off nothing is read."""
    job = session.scalar(select(Job).where(Job.name == "sync_orders", Job.active))
    if job is not None:
        write_run(session, job, {**job.arguments, "stores": [store]}, by=by, at=clock.now())
