"""One tick: write down what is due, take what this process has hands for, run it, record how it went.

Every run has a thread of its own, up to `max_threads`, so that a slow job holds back no other. Threads are daemons: a
job that does not come to an end can't keep the process from stopping, and its lease brings it back.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from server import clock, processes
from server.db.session import Database
from server.errors import Busy, StockbookError
from server.jobs import claiming
from server.jobs.catalogue import CATALOGUE, Catalogue, JobContext
from server.jobs.claiming import LEASE, Held
from server.settings import Settings

log = logging.getLogger(__name__)

MAX_THREADS = 8
_PROGRESS_EVERY_SECONDS = 1.0


class LeaseLost(StockbookError):
    """The run was taken over by another worker; stop."""

    code = "lease-lost"


class Runner:
    """Runs due jobs in this process. `tick()` is called every second or so by a `Ticker`, or by hand in tests."""

    def __init__(
        self,
        db: Database,
        settings: Settings,
        *,
        catalogue: Catalogue = CATALOGUE,
        max_threads: int = MAX_THREADS,
        lease: timedelta = LEASE,
    ) -> None:
        self._db, self._settings, self._catalogue = db, settings, catalogue
        self._max_threads, self._lease = max_threads, lease
        self.owner = processes.new_name()
        self._lock = threading.Lock()
        self._running: dict[int, tuple[Held, threading.Thread]] = {}
        self._stopping = threading.Event()
        self._renewed = time.monotonic()

    def tick(self) -> int:
        """One round; how many runs were started. An unwell database costs a log line, the next tick tries again."""
        try:
            self._renew()
            self._plan()
            return self._take()
        except (SQLAlchemyError, Busy):
            log.warning("this round of jobs did not happen", exc_info=True)
            return 0

    def take(self, run_id: int) -> bool:
        """Run this one run here, if nobody else has it. For commands."""
        held = self._claim_one(only=run_id)
        if held is not None:
            self._start(held)
        return held is not None

    def keep(self) -> None:
        """Renew the leases of what runs here, when it is time. For whoever does not tick."""
        self._renew()

    def stop(self, *, within_seconds: float = 10.0) -> None:
        """Take nothing new, let what runs come to an end; what does not waits for the next start."""
        self._stopping.set()
        until = time.monotonic() + within_seconds
        for _, thread in self._current():
            thread.join(max(0.0, until - time.monotonic()))
        for held, _ in self._current():
            log.warning("run %d of %s is put back: it did not end in time", held.run_id, held.job)
            self._db.write(lambda session, held=held: claiming.put_back(session, held))  # type: ignore[misc]

    def wait(self, *, within_seconds: float = 30.0) -> None:
        """Until everything taken so far has ended. For commands and tests."""
        until = time.monotonic() + within_seconds
        for _, thread in self._current():
            thread.join(max(0.0, until - time.monotonic()))

    def _renew(self) -> None:
        if time.monotonic() - self._renewed < self._lease.total_seconds() / 4:
            return
        mine = [held.run_id for held, _ in self._current()]
        if mine:
            self._db.write(lambda session: claiming.renew(session, self.owner, mine, at=clock.now(), lease=self._lease))
        self._renewed = time.monotonic()

    def _plan(self) -> None:
        at, alone = clock.now(), self._catalogue.alone
        with self._db.read() as session:
            if not claiming.unplanned(session, at=at, alone=alone):
                return
        self._db.write(lambda session: claiming.plan(session, at=at, alone=alone))

    def _take(self) -> int:
        started = 0
        while not self._stopping.is_set() and len(self._running) < self._max_threads:
            held = self._claim_one()
            if held is None:
                break
            self._start(held)
            started += 1
        return started

    def _claim_one(self, *, only: int | None = None) -> Held | None:
        at, kinds = clock.now(), [kind.kind for kind in self._catalogue]
        with self._db.read() as session:
            if not claiming.anything_due(session, at=at, kinds=kinds, only=only):
                return None
        return self._db.write(
            lambda session: claiming.claim(
                session, self.owner, at=at, kinds=kinds, alone=self._catalogue.alone, lease=self._lease, only=only
            )
        )

    def _start(self, held: Held) -> None:
        thread = threading.Thread(target=self._run, args=(held,), name=f"job-{held.job}", daemon=True)
        with self._lock:
            self._running[held.run_id] = (held, thread)
        thread.start()

    def _run(self, held: Held) -> None:
        try:
            counts, error = self._call(held)
            if not self._db.write(
                lambda session: claiming.finish(session, held, at=clock.now(), counts=counts, error=error)
            ):
                log.warning("run %d of %s was taken over meanwhile", held.run_id, held.job)
        except (SQLAlchemyError, Busy):
            log.exception(
                "the end of run %d of %s was not recorded; its lease will bring it back", held.run_id, held.job
            )
        finally:
            with self._lock:
                self._running.pop(held.run_id, None)

    def _call(self, held: Held) -> tuple[dict[str, int], str]:
        """The job's function at the edge: whatever it raises is an outcome, also a panic in native code."""
        context = JobContext(
            db=self._db,
            settings=self._settings,
            arguments=held.arguments,
            by=held.by if held.by != claiming.SCHEDULE else f"job:{held.job}",
            progress=_ProgressOf(self._db, held),
            stopping=self._stopping.is_set,
        )
        try:
            return self._catalogue[held.kind].function(context), ""
        except StockbookError as error:
            return {}, error.text
        except BaseException as error:
            number = secrets.token_hex(6)
            log.error("run %d of %s failed (%s)", held.run_id, held.job, number, exc_info=error)
            return {}, f"something went wrong; the server's log has it under {number}"

    def _current(self) -> list[tuple[Held, threading.Thread]]:
        with self._lock:
            return list(self._running.values())


class _ProgressOf:
    """Writes how far a run is, at most once a second.

    A line that can't be written is left out, for the run itself may well come to its end; only `LeaseLost` stops it.
    """

    def __init__(self, db: Database, held: Held) -> None:
        self._db, self._held = db, held
        self._written = 0.0

    def __call__(self, done: int, total: int | None = None, text: str = "") -> None:
        if time.monotonic() - self._written < _PROGRESS_EVERY_SECONDS and done != total:
            return
        progress: dict[str, Any] = {"done": done, "total": total, "text": text}
        try:
            ours = self._db.write(lambda session: claiming.record_progress(session, self._held, progress))
        except (SQLAlchemyError, Busy) as error:
            log.warning("how far run %d of %s is was not recorded: %s", self._held.run_id, self._held.job, error)
            ours = True
        if not ours:
            raise LeaseLost("this run was taken over by another worker")
        self._written = time.monotonic()
