"""The thread that reads what stores told us, within moments of their telling."""

from __future__ import annotations

import logging
import threading
import time

from server.db.session import Database
from server.settings import Settings
from server.stores.connecting import connect
from server.stores.side_by_side import SideBySide
from server.sync import inbox
from server.sync.reading import Connect

log = logging.getLogger(__name__)

#: How often it looks; how long it rests when a store could not be read, or the database itself fails.
EVERY_SECONDS, REST_SECONDS = 0.3, 5.0


class NewsWorker:
    """Handles waiting news until stopped, store beside store. Two of them do no harm: the same news twice changes
    nothing (ORD-3)."""

    def __init__(self, db: Database, settings: Settings, *, connect: Connect = connect) -> None:
        self._db = db
        self._settings = settings
        self._connect = connect
        self._stop = threading.Event()
        self._stores = SideBySide(self._handle, name="news")
        #: Stores that failed the last time, and from when on they are tried again, by `time.monotonic`.
        self._resting: dict[int, float] = {}
        self._thread = threading.Thread(target=self._run, name="news-worker", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being read and end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._stores.close()

    def _run(self) -> None:
        rest = 0.0
        while not self._stop.wait(rest):
            try:
                self._look()
                rest = EVERY_SECONDS
            except Exception:
                # The edge of a process's thread: without it a moment of a broken database would end all reading.
                log.exception("reading news failed; trying again in %.0f s", REST_SECONDS)
                rest = REST_SECONDS

    def _look(self) -> None:
        """Start on every store with news that is not being read and does not rest."""
        waiting = inbox.waiting_stores(self._db)
        at = time.monotonic()
        self._stores.dispatch((store, store in self._resting) for store in waiting if self._resting.get(store, 0) <= at)

    def _handle(self, store_id: int) -> None:
        """Read one store's news until none waits."""
        try:
            while not self._stop.is_set() and store_id in inbox.waiting_stores(self._db):
                done = inbox.handle_store(self._db, self._settings, store_id, by="news", connect=self._connect)
                if done.failed:
                    self._resting[store_id] = time.monotonic() + REST_SECONDS
                    return
            self._resting.pop(store_id, None)
        except Exception:
            # The edge of a thread that nobody waits for: the database failed. The news waits in it.
            log.exception("news of store %d could not be handled", store_id)
            self._resting[store_id] = time.monotonic() + REST_SECONDS
