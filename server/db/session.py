"""`read()` and `write(work)`: the only way into the database. Commit and retry live here."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from server.db.engine import Engines, open_engines
from server.errors import Busy

T = TypeVar("T")
log = logging.getLogger(__name__)

ATTEMPTS = 5
#: PostgreSQL: serialisation failure, deadlock, lock time-out. And a unique key: a rival inserted the same just now, so
#: the second try finds it there and decides by that.
_AGAIN = {"40001", "40P01", "55P03", "23505"}


class Database:
    """One database. Give it to whatever needs one; there is no global session."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engines: Engines = open_engines(url)
        self.retries = 0
        self._turn = _Turn() if self.dialect == "sqlite" else None

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engines.dialect

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the database and never commits; what it read stays usable afterwards."""
        with Session(self.engines.read, expire_on_commit=False, autoflush=False) as session:
            yield session

    def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one writing transaction and commit it.

        The whole transaction is tried again, up to five times, when the database asks for it (deadlock, lock); so
        `work` must do nothing but talk to its session. Raises `Busy` when the locks don't come free.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._in_turn(), Session(self.engines.write, expire_on_commit=False) as session:
                    result = work(session)
                    session.commit()
                    return result
            except DBAPIError as error:
                if not _asks_again(error) or (attempt == ATTEMPTS and isinstance(error, IntegrityError)):
                    raise
                self.retries += 1
                log.info("transaction tried again (%d): %s", attempt, error.orig)
                time.sleep(random.uniform(0.005, 0.03) * attempt)
        raise Busy("the database is busy; nothing was done")

    def close(self) -> None:
        """Close every connection."""
        self.engines.dispose()

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        with self._turn:
            yield


class _Turn:
    """First come, first served. SQLite's own waiting starves writers for seconds; a queue in front does not."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        mine.wait()

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()  # the turn is handed over, never free in between
            else:
                self._taken = False


def _asks_again(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in _AGAIN
    return isinstance(error, OperationalError) and "locked" in str(error.orig)
