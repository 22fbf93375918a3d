"""What a store answered -> the rows. A row is finished only if its version is still the one that was sent (PSH-8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, func, literal, null, select, update
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from server.channels.protocol import StockAnswer, StockOutcome
from server.db.base import Moment, moment_for
from server.db.bulk import NUMBER, TEXT, dialect_of, relation
from server.outbox.models import Push, Told
from server.push.leasing import Due
from server.push.pausing import delay, jittered

#: One for all: a type made anew for each call is another one to every cache that it is a key of
_MOMENT = Moment()
#: A line refused so often is kept with the reason until retried by hand (PSH-10)
MOST_ATTEMPTS = 8
#: The market has reserved more than we want to show: the next order news evaluates anew, and till then this long
FLOOR_SECONDS = 300.0
#: A line that got no answer of its own
SILENCE_SECONDS = 5.0
#: A pending write is asked after again between these, and given up after the last
_SETTLE_SECONDS = (2.0, 60.0)
_SETTLE_GIVEN_UP = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Row:
    """A push row as it is now that the answer is here."""

    version: int
    attempts: int
    withdrawn: bool
    ticket_version: int | None
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Step:
    """What becomes of one row: told columns to set (None leaves them), then finished, or due again."""

    row: Due
    answer: str
    quantity: int | None = None
    known: bool | None = None
    finished: bool = False
    wait: float = 0.0
    attempts: int | None = None
    failed: bool = False
    ticket: str | None = None
    ticket_version: int | None = None


def record(
    session: Session,
    lease: str,
    rows: Sequence[Due],
    answers: Mapping[int, StockAnswer],
    *,
    at: datetime,
    paused: bool = False,
) -> Counter[str]:
    """Keep the answers of a leased batch and give the rest back. Gives how many of each outcome, and how many
    are due `again` at once, because a newer quantity came while they were on their way.

    Rows whose lease was lost meanwhile are left to who has them now. Of a store that is `paused` now, rows without an
    answer wait for the pause alone.
    """
    current = _lock(session, lease, rows)
    steps = [
        _step(row, current[row.store_sku_id], answers.get(row.store_sku_id), at, 0.0 if paused else SILENCE_SECONDS)
        for row in rows
        if row.store_sku_id in current
    ]
    _tell(session, steps, at)
    _finish(session, [step for step in steps if step.finished])
    _give_back(session, [step for step in steps if not step.finished], at)
    counts = Counter(_outcome(answers.get(row.store_sku_id)) for row in rows)
    counts["again"] = sum(not step.finished and not step.wait and not step.failed for step in steps)
    return +counts


def _outcome(answer: StockAnswer | None) -> str:
    return "not_sent" if answer is None else answer.outcome.value


def _step(row: Due, now: _Row, answer: StockAnswer | None, at: datetime, silence: float) -> _Step:
    """One row's answer -> what becomes of it."""
    step = _answered(row, now, answer, at, silence)
    if now.withdrawn and not step.finished:
        # Nothing is pushed to it any more: whatever came of this send, there is none after it.
        return _Step(row, step.answer, step.quantity, step.known, finished=True)
    return step


def _answered(row: Due, now: _Row, answer: StockAnswer | None, at: datetime, silence: float) -> _Step:
    if answer is None:
        return _Step(row, "", ticket=row.ticket, ticket_version=now.ticket_version)
    sent_version = now.ticket_version if row.ticket else row.version
    same = now.version == sent_version
    match answer.outcome:
        case StockOutcome.ACCEPTED:
            sent = None if row.ticket else row.quantity  # a settled write's quantity was kept when it was sent
            return _Step(row, "accepted", sent, known=same, finished=same)
        case StockOutcome.PENDING:
            return _pending(row, now, answer, at)
        case StockOutcome.REFUSED:
            return _refused(row, now, answer, same)
        case StockOutcome.UNKNOWN:
            reason = answer.reason or "no answer"
            return _Step(row, f"no answer: {reason}", known=False, wait=silence if same else 0.0)


def _pending(row: Due, now: _Row, answer: StockAnswer, at: datetime) -> _Step:
    """The market takes it later. What it shows is not known before it says so."""
    if row.ticket is None:
        ticket = answer.ticket or ""
        if not ticket:
            return _Step(row, "accepted later, without a ticket", row.quantity, known=False, wait=SILENCE_SECONDS)
        return _Step(
            row,
            "pending",
            row.quantity,
            known=False,
            wait=_SETTLE_SECONDS[0],
            ticket=ticket,
            ticket_version=row.version,
        )
    age = at - now.told_at if now.told_at else _SETTLE_GIVEN_UP
    if age >= _SETTLE_GIVEN_UP:
        return _Step(row, "no answer: the market did not settle it", known=False)
    wait = min(max(age.total_seconds() / 2, _SETTLE_SECONDS[0]), _SETTLE_SECONDS[1])
    return _Step(row, "pending", wait=wait, ticket=row.ticket, ticket_version=now.ticket_version)


def _refused(row: Due, now: _Row, answer: StockAnswer, same: bool) -> _Step:
    """The line itself was refused: it counts as an attempt, unless a newer quantity has taken its place."""
    if not same:
        return _Step(row, f"refused: {answer.reason}")
    attempts = now.attempts + 1
    reason = f"refused: {answer.reason}"
    if answer.floor is not None:
        reason = f"{reason} (the market takes no less than {answer.floor})"
    wait = FLOOR_SECONDS if answer.floor is not None else jittered(delay(attempts))
    return _Step(row, reason, wait=wait, attempts=attempts, failed=attempts >= MOST_ATTEMPTS)


def _lock(session: Session, lease: str, rows: Sequence[Due]) -> dict[int, _Row]:
    """The rows still under our lease, locked: `told` first, in key order, as evaluating does."""
    with relation(session, {"id": NUMBER}, sorted((row.store_sku_id,) for row in rows)) as sent:
        told = dict(
            session.execute(
                select(Told.store_sku_id, Told.told_at)
                .join(sent, Told.store_sku_id == sent.c.id)
                .order_by(Told.store_sku_id)
                .with_for_update(of=Told)
            ).all()
        )
        found = session.execute(
            select(Push.store_sku_id, Push.version, Push.attempts, Push.failed_at.is_not(None), Push.ticket_version)
            .join(sent, Push.store_sku_id == sent.c.id)
            .where(Push.lease_owner == lease)
            .order_by(Push.store_sku_id)
            .with_for_update(of=Push)
        )
        return {row[0]: _Row(*row[1:], told.get(row[0])) for row in found}


def _tell(session: Session, steps: Sequence[_Step], at: datetime) -> None:
    """What the stores were told and said. Where something was taken, the moment; where the answer was lost, unknown."""
    rows = [
        (
            step.row.store_sku_id,
            step.quantity,
            None if step.known is None else int(step.known),
            step.answer[:500],
        )
        for step in steps
        if step.answer
    ]
    if not rows:
        return
    with relation(session, {"id": NUMBER, "quantity": NUMBER, "known": NUMBER, "answer": TEXT}, rows) as told:
        session.execute(
            update(Told)
            .where(Told.store_sku_id == told.c.id)
            .values(
                quantity=func.coalesce(told.c.quantity, Told.quantity),
                known=case((told.c.known.is_(None), Told.known), else_=told.c.known == 1),
                told_at=case((told.c.quantity.is_not(None), literal(at, _MOMENT)), else_=Told.told_at),
                answer=told.c.answer,
            )
            .execution_options(synchronize_session=False)
        )


def _finish(session: Session, steps: Sequence[_Step]) -> None:
    if not steps:
        return
    with relation(session, {"id": NUMBER}, [(step.row.store_sku_id,) for step in steps]) as done:
        session.execute(
            delete(Push).where(Push.store_sku_id.in_(select(done.c.id))).execution_options(synchronize_session=False)
        )


def _give_back(session: Session, steps: Sequence[_Step], at: datetime) -> None:
    """Not finished: the lease ends, and the row is due again after its wait."""
    if not steps:
        return
    dialect = dialect_of(session)
    columns: dict[str, TypeEngine[Any]] = {
        "id": NUMBER,
        "due_at": _MOMENT,
        "attempts": NUMBER,
        "failed": NUMBER,
        "reason": TEXT,
    }
    rows = [
        (
            step.row.store_sku_id,
            moment_for(dialect, at + timedelta(seconds=step.wait)),
            step.attempts,
            int(step.failed),
            step.answer[:500] if step.attempts else None,
            step.ticket,
            step.ticket_version,
        )
        for step in steps
    ]
    with relation(session, {**columns, "ticket": TEXT, "ticket_version": NUMBER}, rows) as back:
        session.execute(
            update(Push)
            .where(Push.store_sku_id == back.c.id)
            .values(
                lease_owner=null(),
                lease_until=null(),
                due_at=back.c.due_at,
                attempts=func.coalesce(back.c.attempts, Push.attempts),
                failed_at=case((back.c.failed == 1, literal(at, _MOMENT)), else_=Push.failed_at),
                reason=func.coalesce(back.c.reason, Push.reason),
                ticket=back.c.ticket,
                ticket_version=back.c.ticket_version,
            )
            .execution_options(synchronize_session=False)
        )
