"""One tick: evaluate what changed, then send to every store that has something due, side by side."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, wait

from server import clock, processes
from server.db.session import Database
from server.push.evaluating import evaluate
from server.push.leasing import DueStore, due_stores
from server.push.sending import Connect, send_store
from server.settings import Settings
from server.stores import connecting
from server.stores.side_by_side import SideBySide

log = logging.getLogger(__name__)


class Senders:
    """Threads that send, one per store at a time."""

    def __init__(self, db: Database, settings: Settings, *, connect: Connect, owner: str) -> None:
        self._db = db
        self._settings = settings
        self._connect = connect
        self._owner = owner
        self._threads = SideBySide(self._send, name="push")

    def dispatch(self, stores: Sequence[DueStore]) -> list[Future[Counter[str]]]:
        """Start sending to those of `stores` that are not being sent to already."""
        return self._threads.dispatch((store.store_id, store.failures > 0) for store in stores)

    def close(self) -> None:
        """Finish the batches that are on their way, start no more."""
        self._threads.close()

    def _send(self, store_id: int) -> Counter[str]:
        try:
            return send_store(
                self._db,
                self._settings,
                store_id,
                connect=self._connect,
                owner=self._owner,
                stop=self._threads.stopping,
            )
        except Exception:
            # The edge of a thread: nobody waits for it in the worker. What it had leased is due again after the lease.
            log.exception("sending to store %d failed", store_id)
            return Counter(failed=1)


def tick(
    db: Database, settings: Settings, *, connect: Connect = connecting.connect, owner: str | None = None
) -> dict[str, int]:
    """Evaluate and send once, and wait for the answers. Gives SKUs evaluated, store SKUs by result, lines by
    outcome."""
    counts = evaluate(db)
    with db.read() as session:
        stores = due_stores(session, at=clock.now())
    # A name of its own: what a worker of this process has leased stays with that one.
    senders = Senders(db, settings, connect=connect, owner=owner or processes.new_name())
    try:
        started = senders.dispatch(stores)
        wait(started)
    finally:
        senders.close()
    for job in started:
        counts.update(job.result())
    return dict(counts)
