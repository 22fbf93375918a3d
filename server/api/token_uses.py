"""When each token was last used, written behind the request: at most once a minute, in a transaction of its own."""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from server.access.tokens import USE_RESOLUTION, Caller, note_use
from server.db.session import Database
from server.errors import StockbookError

log = logging.getLogger(__name__)


class TokenUses:
    """Collects uses and writes them from a thread that lives only while there is something to write."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._noted: dict[int, datetime] = {}
        self._waiting: dict[int, datetime] = {}
        self._writer: threading.Thread | None = None

    def note(self, caller: Caller, at: datetime) -> None:
        """The caller's token is in use; returns at once."""
        with self._lock:
            last = self._noted.get(caller.token_id, caller.last_used_at)
            if last is not None and at - last < USE_RESOLUTION:
                return
            self._noted[caller.token_id] = self._waiting[caller.token_id] = at
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="token-uses", daemon=True)
                self._writer.start()

    def flush(self) -> None:
        """Wait until everything noted so far is written (or given up)."""
        with self._lock:
            writer = self._writer
        if writer is not None:
            writer.join()

    def _write(self) -> None:
        while True:
            with self._lock:
                uses, self._waiting = self._waiting, {}
                if not uses:
                    self._writer = None
                    return
            try:
                self._db.write(lambda session, uses=uses: _note_all(session, uses))  # type: ignore[misc]
            except (SQLAlchemyError, StockbookError):
                log.warning("the last use of %d tokens was not kept", len(uses), exc_info=True)


def _note_all(session: Session, uses: dict[int, datetime]) -> None:
    for token_id in sorted(uses):
        note_use(session, token_id, at=uses[token_id])
