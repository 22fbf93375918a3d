"""Due times become rows, rows are taken by exactly one worker (JOB-1, JOB-3).

A worker holds a run by a lease. Who was killed loses it when the lease runs out, and whoever takes the run over counts
one attempt more; a finish names owner and attempt, so that a worker that lost its lease can't finish. What is due is
looked up without a lock first: most ticks find nothing and must cost no writing transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, exists, or_, select, true, update
from sqlalchemy.orm import Session, aliased

from server.db.upsert import upsert
from server.jobs.models import Job, Run
from server.processes import is_dead

LEASE = timedelta(seconds=40)
MAX_ATTEMPTS = 5
SCHEDULE = "schedule"


@dataclass(frozen=True)
class Held:
    """A run that is ours, as long as its lease is renewed."""

    run_id: int
    job: str
    kind: str
    arguments: dict[str, Any]
    by: str
    owner: str
    attempts: int


def due_slot(at: datetime, every_seconds: int) -> datetime:
    """The newest due time at or before `at`: the multiples of the interval, the same on every machine."""
    seconds = int(at.timestamp())
    return datetime.fromtimestamp(seconds - seconds % every_seconds, UTC)


def unplanned(session: Session, *, at: datetime, alone: Collection[str]) -> list[Job]:
    """Active jobs whose newest due time has no row yet. Those of `alone` kinds that still wait are left out:
    due times that passed meanwhile become one run."""
    active = session.scalars(select(Job).where(Job.active).order_by(Job.id)).all()
    if not active:
        return []
    slots = {job.id: _slot_text(job, at) for job in active}
    planned = set(
        session.execute(
            select(Run.job_id, Run.slot).where(Run.job_id.in_(slots), Run.slot.in_(set(slots.values())))
        ).all()
    )
    waiting = set(
        session.scalars(select(Run.job_id).where(Run.state == "waiting", Run.asked_by == SCHEDULE).distinct())
    )
    return [
        job
        for job in active
        if (job.id, slots[job.id]) not in planned and not (job.kind in alone and job.id in waiting)
    ]


def plan(session: Session, *, at: datetime, alone: Collection[str]) -> int:
    """One row per due time, whoever else does the same at this moment. How many rows are new."""
    due = unplanned(session, at=at, alone=alone)
    return sum(_write(session, job, _slot_text(job, at), due_slot(at, job.every_seconds)) for job in due)


def plan_start(session: Session, *, at: datetime, kinds: Collection[str], alone: Collection[str]) -> int:
    """At a server's start: active jobs of `kinds` are due now, unless the schedule has them due at once anyway, or a
    run of it waits already. How many rows are new."""
    by_itself = {job.id for job in unplanned(session, at=at, alone=alone)}
    waiting = select(Run.job_id).where(Run.state == "waiting", Run.asked_by == SCHEDULE)
    jobs = session.scalars(
        select(Job).where(Job.active, Job.kind.in_(kinds), Job.id.not_in(waiting)).order_by(Job.id)
    ).all()
    return sum(_write(session, job, f"start/{uuid.uuid4()}", at) for job in jobs if job.id not in by_itself)


def _write(session: Session, job: Job, slot: str, due_at: datetime) -> bool:
    """Write a run of the schedule down; whether it is new."""
    fresh = session.scalar(
        upsert(session, Run)
        .values(
            job_id=job.id,
            slot=slot,
            state="waiting",
            due_at=due_at,
            arguments=job.arguments,
            asked_by=SCHEDULE,
            attempts=0,
            progress={},
            counts={},
            error="",
        )
        .on_conflict_do_nothing(index_elements=["job_id", "slot"])
        .returning(Run.id)
    )
    return fresh is not None


def anything_due(session: Session, *, at: datetime, kinds: Collection[str], only: int | None = None) -> bool:
    """Whether a run could be taken now."""
    found = select(Run.id).join(Job, Run.job_id == Job.id).where(_takeable(at, kinds, only)).limit(1)
    return session.scalar(found) is not None


def claim(
    session: Session,
    owner: str,
    *,
    at: datetime,
    kinds: Collection[str],
    alone: Collection[str],
    lease: timedelta = LEASE,
    only: int | None = None,
) -> Held | None:
    """Take the run that has been due longest, of `kinds` this process can run (`only`: no other than that); None when
    there is none.

    On PostgreSQL run and job are locked while it is taken, and locked ones skipped; that a job of an `alone` kind is
    not running elsewhere is asked in a second statement, which sees what was committed meanwhile.
    """
    passed_over: set[int] = set()
    while True:
        found = session.execute(
            select(Run, Job)
            .join(Job, Run.job_id == Job.id)
            .where(_takeable(at, kinds, only), Job.id.not_in(passed_over))
            .order_by(Run.due_at, Run.id)
            .limit(1)
            .with_for_update(key_share=True, skip_locked=True)
        ).one_or_none()
        if found is None:
            return None
        run, job = found
        if job.kind in alone and _runs_elsewhere(session, job, run, at):
            passed_over.add(job.id)
            continue
        if run.attempts >= MAX_ATTEMPTS:
            _bury(run, at)
            session.flush()
            continue
        run.state, run.owner, run.lease_until = "running", owner, at + lease
        run.attempts += 1
        run.started_at = run.started_at or at
        session.flush()
        return Held(run.id, job.name, job.kind, dict(run.arguments), run.asked_by, owner, run.attempts)


def renew(session: Session, owner: str, run_ids: Collection[int], *, at: datetime, lease: timedelta = LEASE) -> None:
    """The owner is alive and still at it."""
    mine = (Run.id.in_(run_ids), Run.owner == owner, Run.state == "running")
    session.execute(update(Run).where(*mine).values(lease_until=at + lease))


def record_progress(session: Session, held: Held, progress: dict[str, Any]) -> bool:
    """How far it is. False when the run is no longer ours."""
    return _changed(session, update(Run).where(_ours(held)).values(progress=progress)) == 1


def finish(session: Session, held: Held, *, at: datetime, counts: dict[str, int], error: str = "") -> bool:
    """Record the end. False when the run is no longer ours: then its new owner records it."""
    ended = {"state": "failed" if error else "done", "ended_at": at, "counts": counts, "error": error[:1000]}
    return _changed(session, update(Run).where(_ours(held)).values(**ended, lease_until=None)) == 1


def put_back(session: Session, held: Held) -> bool:
    """The server stops before the run came to its end: it waits again and costs no attempt."""
    values = {"state": "waiting", "owner": None, "lease_until": None, "attempts": Run.attempts - 1}
    return _changed(session, update(Run).where(_ours(held)).values(**values)) == 1


def free_dead(session: Session, owner: str) -> int:
    """At start, where one machine has the database to itself: take the leases from processes that are no more."""
    running = session.execute(select(Run.id, Run.owner).where(Run.state == "running")).all()
    dead = [run_id for run_id, other in running if other is not None and is_dead(other, owner)]
    session.execute(update(Run).where(Run.id.in_(dead)).values(state="waiting", owner=None, lease_until=None))
    return len(dead)


def _takeable(at: datetime, kinds: Collection[str], only: int | None) -> ColumnElement[bool]:
    return and_(
        Job.kind.in_(kinds),
        Run.due_at <= at,
        or_(Run.state == "waiting", and_(Run.state == "running", Run.lease_until < at)),
        true() if only is None else Run.id == only,
    )


def _runs_elsewhere(session: Session, job: Job, run: Run, at: datetime) -> bool:
    other = aliased(Run)
    running = and_(other.job_id == job.id, other.id != run.id, other.state == "running", other.lease_until >= at)
    return bool(session.scalar(select(exists(select(other.id).where(running)))))


def _bury(run: Run, at: datetime) -> None:
    """A run that takes its workers with it each time must not go on doing so."""
    run.state, run.ended_at, run.lease_until = "failed", at, None
    run.error = f"given up: its worker died {run.attempts} times"


def _ours(held: Held) -> ColumnElement[bool]:
    return and_(Run.id == held.run_id, Run.owner == held.owner, Run.attempts == held.attempts, Run.state == "running")


def _slot_text(job: Job, at: datetime) -> str:
    return due_slot(at, job.every_seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def _changed(session: Session, statement: Any) -> int:
    return cast(CursorResult[Any], session.execute(statement)).rowcount
