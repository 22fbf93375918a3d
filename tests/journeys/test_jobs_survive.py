"""Several workers, one killed again and again: no due time is missed, none runs twice, none is stuck (P8)."""

from __future__ import annotations

import calendar
import time
from collections import Counter
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import select

from server.db.session import Database
from server.jobs.catalogue import Catalogue, JobContext
from server.jobs.models import Run
from server.jobs.runner import Runner
from server.jobs.service import prepare
from server.settings import Settings
from tests.support.processes import PROCESSES
from tests.support.server import wait_for

pytestmark = pytest.mark.slow
KILLS = 3
#: Longer than three workers stall at once on a busy machine: only the newest due time is planned.
EVERY = 5
WORKERS = 3
LEASE_SECONDS = 2.0


def work(_: JobContext) -> dict[str, int]:
    """Long enough to be killed in the middle of."""
    time.sleep(0.2)
    return {"done": 1}


def catalogue() -> Catalogue:
    """One job, due every few seconds."""
    made = Catalogue()
    made.register("beat", "Beat", work, default_every_seconds=EVERY, alone=False)
    return made


def run_worker(url: str, ready: str) -> None:
    """What each worker process does until it is killed; `ready` is a file that says it has begun."""
    runner = Runner(
        Database(url),
        Settings(database_url=url),
        catalogue=catalogue(),
        lease=timedelta(seconds=LEASE_SECONDS),
    )
    while True:
        runner.tick()
        Path(ready).touch()
        time.sleep(0.1)


def _start(url: str, folder: Path, number: int) -> BaseProcess:
    worker = PROCESSES.Process(target=run_worker, args=(url, str(folder / f"ready-{number}")), daemon=True)
    worker.start()
    return worker


def _wait_until_begun(folder: Path, number: int) -> None:
    """On a slow machine the others would all be killed before a new one has begun."""
    for _ in range(1_800):
        if (folder / f"ready-{number}").exists():
            return
        time.sleep(0.1)
    raise AssertionError("a worker did not come up")


def test_no_due_time_is_missed_or_doubled(db: Database, db_url: str, tmp_path: Path) -> None:
    """JOB-3 (P8): with several servers a job runs once, on one of them; one that dies is replaced."""
    db.write(lambda session: prepare(session, catalogue()))
    workers = [_start(db_url, tmp_path, number) for number in range(WORKERS)]
    try:
        for number in range(WORKERS):
            _wait_until_begun(tmp_path, number)
        kills = 0
        while kills < KILLS:
            time.sleep(0.5)
            victim = workers.pop(0)
            victim.kill()
            victim.join()
            workers.append(_start(db_url, tmp_path, WORKERS + kills))
            _wait_until_begun(tmp_path, WORKERS + kills)
            kills += 1
        last_kill = time.time()
        wait_for(lambda: _settled(db, last_kill), what="what the killed ones left, and a due time since then")
    finally:
        for worker in workers:
            worker.kill()
            worker.join()
    rows = _runs(db)
    slots = Counter(slot for slot, _, _ in rows)
    seconds = sorted(slots)
    first, last = _second(seconds[0]), _second(seconds[-1])
    assert len(seconds) == (last - first) // EVERY + 1, "a due time was missed"
    assert max(slots.values()) == 1, "a due time has two rows"
    settled = [(slot, state, counts) for slot, state, counts in rows if _second(slot) < last]
    assert all(state == "done" and counts == {"done": 1} for _, state, counts in settled), settled


def _settled(db: Database, since: float) -> bool:
    """Whether every due time but the last one is done, and that one is later than `since`."""
    states = dict(sorted((_second(slot), state) for slot, state, _ in _runs(db)))
    *earlier, last = states
    return last > since and all(states[second] == "done" for second in earlier)


def _runs(db: Database) -> list[tuple[str, str, dict[str, int]]]:
    with db.read() as session:
        return [(r.slot, r.state, r.counts) for r in session.execute(select(Run.slot, Run.state, Run.counts))]


def _second(slot: str) -> int:
    return calendar.timegm(time.strptime(slot, "%Y-%m-%dT%H:%M:%SZ"))
