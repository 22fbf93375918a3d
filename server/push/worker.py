"""The thread that keeps pushing: it looks a few times a second, so that a change is on its way within moments."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from server import clock
from server.db.session import Database
from server.outbox.queue import anything_changed
from server.push.evaluating import CHUNK, evaluate_chunk
from server.push.flow import Senders
from server.push.leasing import due_stores, free_leases
from server.push.sending import Connect
from server.settings import Settings
from server.stores import connecting

log = logging.getLogger(__name__)

#: How often it looks, and how long it rests when the database itself fails
EVERY_SECONDS, REST_SECONDS = 0.25, 5.0


class PushWorker:
    """Evaluates what was marked and sends what is due, until stopped."""

    def __init__(
        self,
        db: Database,
        settings: Settings,
        *,
        owner: str,
        is_dead: Callable[[str], bool] = lambda _owner: False,
        connect: Connect = connecting.connect,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        """`owner` names this process among those that send, and nobody else. `is_dead`: whether it is known of another
        that it is gone, so that what it had leased need not wait for the lease."""
        self._db = db
        self._owner, self._is_dead = owner, is_dead
        self._every = every_seconds
        self._stop = threading.Event()
        self._senders = Senders(db, settings, connect=connect, owner=owner)
        self._thread = threading.Thread(target=self._run, name="push-worker", daemon=True)

    def start(self) -> None:
        """Free what the dead had leased, and begin."""
        self._db.write(lambda session: free_leases(session, self._owner, is_dead=self._is_dead))
        self._thread.start()

    def stop(self) -> None:
        """Finish the batches that are on their way and end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._senders.close()

    def _run(self) -> None:
        rest = 0.0
        while not self._stop.wait(rest):
            try:
                rest = 0.0 if self._look() else self._every
            except Exception:
                # The edge of a process's thread: without it a moment of a broken database would end all pushing.
                log.exception("pushing failed; trying again in %.0f s", REST_SECONDS)
                rest = REST_SECONDS

    def _look(self) -> bool:
        """Evaluate a chunk of what was marked, start sending what is due; whether there may be more to evaluate."""
        with self._db.read() as session:
            changed = anything_changed(session)
        evaluated = changed and self._db.write(lambda s: evaluate_chunk(s, limit=CHUNK, at=clock.now()))["skus"] > 0
        with self._db.read() as session:
            stores = due_stores(session, at=clock.now())
        self._senders.dispatch(stores)
        return evaluated
