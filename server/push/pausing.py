"""Leaving a store alone for a while: it is down, asks us to slow down, or wants us to sign in (PSH-10)."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.db.upsert import upsert
from server.outbox.models import StorePause

#: How long a market may make us wait by `Retry-After`, in seconds
LONGEST_RETRY_AFTER = 3_600.0
#: Failures in a row up to which a pause lasts at most so many seconds; beyond the last, five minutes
_CEILINGS = ((20, 30.0), (50, 60.0))
_CEILING = 300.0


def delay(failures: int) -> float:
    """Seconds to wait after so many failures in a row: 1, 2, 4, … up to half a minute for the first ten minutes or so,
    then a minute, then five. Without the jitter."""
    ceiling = next((seconds for upto, seconds in _CEILINGS if failures <= upto), _CEILING)
    return float(min(ceiling, 2.0 ** min(failures - 1, 30)))


def jittered(seconds: float) -> float:
    """Between half of it and all of it, so that stores that failed together don't come back together."""
    return seconds * random.uniform(0.5, 1.0)


def pause(session: Session, store_id: int, *, reason: str, at: datetime, retry_after: float | None = None) -> datetime:
    """Leave the store alone, longer with every failure in a row, or as long as it asked for. Gives until when."""
    known = session.scalar(select(StorePause.failures).where(StorePause.store_id == store_id)) or 0
    failures = known + 1
    seconds = jittered(delay(failures)) if retry_after is None else min(max(retry_after, 0.05), LONGEST_RETRY_AFTER)
    values = {"until": at + timedelta(seconds=seconds), "failures": failures, "reason": reason[:500]}
    session.execute(
        upsert(session, StorePause)
        .values(store_id=store_id, **values)
        .on_conflict_do_update(index_elements=["store_id"], set_=values)
    )
    return at + timedelta(seconds=seconds)


def resume(session: Session, *store_ids: int) -> None:
    """The store answers again, or a person says: try now."""
    session.execute(delete(StorePause).where(StorePause.store_id.in_(store_ids)))
