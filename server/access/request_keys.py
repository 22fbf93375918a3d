"""Idempotency keys: the same request under the same key has one effect and one answer.

Two ways to use them. Work of one transaction claims, works and finishes in that transaction: whoever comes at
the same time waits for the commit and gets the stored answer. Work of several steps claims in a transaction
of its own, holds a lease while it works and finishes at the end; whoever comes meanwhile is told to wait, and a
claim whose owner died is taken over when its lease has run out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, or_, select, update
from sqlalchemy.orm import Session

from server import clock
from server.access.models import RequestKey
from server.db.upsert import upsert
from server.errors import Busy, Conflict, WrongUse

MAX_KEY = 200
KEPT = timedelta(days=8)
LEASE = timedelta(seconds=120)


class KeyReused(WrongUse):
    """The key was used for another request before."""

    code = "key-reused"


class StillRunning(Conflict):
    """The first request under this key has no answer yet; ask again in `retry_after` seconds."""

    code = "still-running"

    def __init__(self, text: str, *, retry_after: int = 2) -> None:
        super().__init__(text)
        self.retry_after = retry_after


@dataclass(frozen=True)
class StoredAnswer:
    """An answer word for word, to be given again."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Claim:
    """A request key that is ours to work under, or already answered (`stored`).

    `taken_over`: an earlier owner died before it answered; its effect may be there.
    """

    id: int
    attempts: int
    stored: StoredAnswer | None = None

    @property
    def taken_over(self) -> bool:
        """Whether someone else worked under this key before and did not come to an end."""
        return self.attempts > 1


def claim(
    session: Session,
    scope: str,
    key: str,
    request_hash: bytes,
    *,
    lease: timedelta | None = LEASE,
    at: datetime | None = None,
) -> Claim:
    """Take `key` of `scope` (`user:7`) for a request with that hash, or get its stored answer.

    The insert comes first: of many at once exactly one gets it. Raises `KeyReused`; `StillRunning` while
    another works under it; `WrongUse` for a key that can't be one.
    """
    at = at or clock.now()
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise WrongUse(f"an Idempotency-Key is 1 to {MAX_KEY} printable letters", field="Idempotency-Key")
    until = None if lease is None else at + lease
    fresh = session.scalar(
        upsert(session, RequestKey)
        .values(scope=scope, key=key, request=request_hash, created_at=at, lease_until=until, attempts=1)
        .on_conflict_do_nothing(index_elements=["scope", "key"])
        .returning(RequestKey.id)
    )
    if fresh is not None:
        return Claim(fresh, 1)
    row = session.scalar(select(RequestKey).where(RequestKey.scope == scope, RequestKey.key == key))
    if row is None:  # given up between the two statements
        raise StillRunning("this request is being given up; ask again", retry_after=1)
    if row.request != request_hash:
        raise KeyReused("this Idempotency-Key was used for another request; use a new one for each")
    if row.status is not None:
        return Claim(row.id, row.attempts, StoredAnswer(row.status, row.headers or {}, row.body or b""))
    return _take_over(session, row, until, at)


def _take_over(session: Session, row: RequestKey, until: datetime | None, at: datetime) -> Claim:
    attempts = row.attempts + 1  # the update below changes `row` too
    took = _changed(
        session,
        update(RequestKey)
        .where(
            RequestKey.id == row.id,
            RequestKey.attempts < attempts,
            RequestKey.status.is_(None),
            or_(RequestKey.lease_until.is_(None), RequestKey.lease_until <= at),
        )
        .values(attempts=attempts, lease_until=until),
    )
    if not took:
        raise StillRunning("the first request under this Idempotency-Key is still running; ask again")
    return Claim(row.id, attempts)


def renew(session: Session, claim: Claim, *, lease: timedelta = LEASE, at: datetime | None = None) -> None:
    """Work goes on. Raises `Busy` if the claim has been taken over."""
    _only_if_ours(session, claim, lease_until=(at or clock.now()) + lease)


def finish(session: Session, claim: Claim, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Store the answer. Raises `Busy` if the claim has been taken over: then the other owner answers."""
    _only_if_ours(session, claim, status=status, headers=dict(headers), body=body, lease_until=None)


def give_up(session: Session, claim: Claim) -> None:
    """Nothing was done (the request was refused): the same key may be tried again."""
    session.execute(
        delete(RequestKey).where(
            RequestKey.id == claim.id, RequestKey.attempts == claim.attempts, RequestKey.status.is_(None)
        )
    )


def let_go(session: Session, claim: Claim) -> None:
    """The work broke off and nobody knows how far it came: the next one takes over at once and has to look."""
    session.execute(
        update(RequestKey)
        .where(RequestKey.id == claim.id, RequestKey.attempts == claim.attempts, RequestKey.status.is_(None))
        .values(lease_until=None)
    )


def free_left(session: Session) -> int:
    """At the start of the only server: whoever worked under a key is dead, so a retry need not wait for its lease.

    Gives how many there were.
    """
    left = (RequestKey.status.is_(None), RequestKey.lease_until.is_not(None))
    return _changed(session, update(RequestKey).where(*left).values(lease_until=None))


def forget_old(session: Session, *, at: datetime | None = None, limit: int = 20_000) -> int:
    """Delete keys older than they are kept; how many there were. Call again until there are none."""
    before = (at or clock.now()) - KEPT
    # Numbers rise with the time: the oldest are found at the beginning of the table.
    old = select(RequestKey.id).where(RequestKey.created_at < before).order_by(RequestKey.id).limit(limit)
    return _changed(session, delete(RequestKey).where(RequestKey.id.in_(old)))


def _only_if_ours(session: Session, claim: Claim, **values: Any) -> None:
    mine = (
        RequestKey.id == claim.id,
        RequestKey.attempts == claim.attempts,
        RequestKey.status.is_(None),
    )
    if not _changed(session, update(RequestKey).where(*mine).values(**values)):
        raise Busy("this request took too long and was started again under the same key; ask again", retry_after=2)


def _changed(session: Session, statement: Any) -> int:
    return cast(CursorResult[Any], session.execute(statement)).rowcount
