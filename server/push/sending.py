"""Sending to one store: claim a batch, ask with no transaction open, keep the answers; till nothing is due (PSH-10)."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable

from sqlalchemy import update
from sqlalchemy.orm import Session

from server import clock
from server.channels.errors import ChannelError, NeedsSignIn, Unreachable
from server.channels.protocol import Connector, StockAnswer, StockOutcome
from server.db.session import Database
from server.errors import StockbookError
from server.push import asking, leasing, pausing, recording
from server.push.asking import Answers
from server.push.leasing import Batch
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
    limit = connector.limits.stock_batch
    while stop is None or not stop.is_set():
        batch = db.write(lambda s: leasing.claim(s, store_id, owner=owner, limit=limit, at=clock.now()))
        if batch is None:
            break
        done = _work_off(db, store_id, connector, batch)
        counts.update(done)
        if done["paused"] or (len(batch.rows) < limit and not done["again"]):
            break
    return counts


def _work_off(db: Database, store_id: int, connector: Connector, batch: Batch) -> Counter[str]:
    """Send one batch, or ask after it, and record the answers."""
    answers = _ask(connector, batch)
    failure = answers.failure

    def keep(session: Session) -> Counter[str]:
        at = clock.now()
        counts = recording.record(session, batch.lease, batch.rows, answers.by_row, at=at, paused=failure is not None)
        if failure is not None:
            _pause(session, store_id, failure)
            counts["paused"] += 1
        else:
            pausing.resume(session, store_id)
        return counts

    return db.write(keep)


def _ask(connector: Connector, batch: Batch) -> Answers:
    """Ask the store. A connector raises `ChannelError`s and nothing else; one that breaks its promise must not take the
    sender down with it, so this is where anything else ends: as an answer that was lost."""
    try:
        return asking.settle(connector, batch.rows) if batch.tickets else asking.send(connector, batch.rows)
    except Exception as error:
        log.exception("the connector of %s failed", connector.channel)
        reason = f"unexpected: {type(error).__name__}"
        lost = {row.store_sku_id: StockAnswer(row.code, StockOutcome.UNKNOWN, reason) for row in batch.rows}
        return Answers({} if batch.tickets else lost, Unreachable(reason))


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
