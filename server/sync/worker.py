"""The thread that reads what stores told us, within moments of their telling."""

from __future__ import annotations

import logging
import threading

from server.db.session import Database
from server.settings import Settings
from server.stores.connecting import connect
from server.sync import inbox
from server.sync.flow import Connect

log = logging.getLogger(__name__)

#: How often it looks; how long it rests when a store could not be read, or the database itself fails.
EVERY_SECONDS, REST_SECONDS = 0.3, 5.0


class NewsWorker:
    """Handles waiting news until stopped. Two of them do no harm: the same news twice changes nothing (ORD-3)."""

    def __init__(self, db: Database, settings: Settings, *, connect: Connect = connect) -> None:
        self._db = db
        self._settings = settings
        self._connect = connect
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="news-worker", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being read and end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        rest = 0.0
        while not self._stop.wait(rest):
            try:
                rest = self._look()
            except Exception:
                # The edge of a process's thread: without it a moment of a broken database would end all reading.
                log.exception("reading news failed; trying again in %.0f s", REST_SECONDS)
                rest = REST_SECONDS

    def _look(self) -> float:
        if not inbox.anything_waiting(self._db):
            return EVERY_SECONDS
        done = inbox.handle(self._db, self._settings, by="news", connect=self._connect)
        return REST_SECONDS if done.failed and not done.stores else 0.0
