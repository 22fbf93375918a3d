"""Sending to one store: claim a batch, ask with no transaction open, keep the answers; till nothing is due (PSH-10)."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence

from sqlalchemy import update
from sqlalchemy.orm import Session

from server import clock
from server.channels.errors import ChannelError, NeedsSignIn, Unreachable
from server.channels.protocol import Connector, StockAnswer, StockOutcome
from server.db.session import Database
from server.errors import StockbookError
from server.push import asking, leasing, pausing, recording
from server.push.asking import Answers
from server.push.leasing import Due
from server.settings import Settings
from server.stores.models import Store

log = logging.getLogger(__name__)

#: Opens a store: (db, settings, store id) -> its connector
Connect = Callable[[Database, Settings, int], Connector]


def send_store(
    db: Database,
    settings: Settings,
    store_id: int,
    *,
    connect: Connect,
    owner: str,
    stop: threading.Event | None = None,
) -> Counter[str]:
    """Work off what is due for one store until nothing is, or it must be left alone. Gives how many of each outcome."""
    counts: Counter[str] = Counter()
    try:
        connector = connect(db, settings, store_id)
    except (ChannelError, StockbookError) as error:
        _leave_alone(db, store_id, error)
        counts["paused"] += 1
        return counts
    for tickets in (True, False):
        while stop is None or not stop.is_set():
            done = _send_batch(db, store_id, connector, owner=owner, tickets=tickets)
            counts.update(done)
            if not done:
                break
            if done["paused"]:
                return counts
    return counts


def _send_batch(db: Database, store_id: int, connector: Connector, *, owner: str, tickets: bool) -> Counter[str]:
    """One batch, claimed, sent and recorded; nothing if nothing is due."""
    limit = leasing.TICKETS if tickets else connector.limits.stock_batch
    lease, rows = db.write(
        lambda s: leasing.claim(s, store_id, owner=owner, limit=limit, at=clock.now(), tickets=tickets)
    )
    if not rows:
        return Counter()
    answers = _ask(connector, rows, tickets=tickets)

    def keep(session: Session) -> Counter[str]:
        at = clock.now()
        counts = recording.record(session, lease, rows, answers.by_row, at=at, paused=answers.failure is not None)
        if answers.failure is not None:
            _pause(session, store_id, answers.failure)
            counts["paused"] += 1
        else:
            pausing.resume(session, store_id)
        return counts

    return db.write(keep)


def _ask(connector: Connector, rows: Sequence[Due], *, tickets: bool) -> Answers:
    """Ask the store. A connector raises `ChannelError`s and nothing else; one that breaks its promise must not take the
    sender down with it, so this is where anything else ends: as an answer that was lost."""
    try:
        return asking.settle(connector, rows) if tickets else asking.send(connector, rows)
    except Exception as error:
        log.exception("the connector of %s failed", connector.channel)
        reason = f"unexpected: {type(error).__name__}"
        lost = {row.store_sku_id: StockAnswer(row.code, StockOutcome.UNKNOWN, reason) for row in rows}
        return Answers({} if tickets else lost, Unreachable(reason))


def _leave_alone(db: Database, store_id: int, error: ChannelError | StockbookError) -> None:
    """The store could not even be opened: its rows wait, no attempt is used up."""
    failure = error if isinstance(error, ChannelError) else Unreachable(error.text)
    db.write(lambda session: _pause(session, store_id, failure))


def _pause(session: Session, store_id: int, failure: ChannelError) -> None:
    pausing.pause(session, store_id, reason=failure.reason, at=clock.now(), retry_after=failure.retry_after)
    if isinstance(failure, NeedsSignIn):
        session.execute(
            update(Store)
            .where(Store.id == store_id)
            .values(needs_sign_in=True)
            .execution_options(synchronize_session=False)
        )
