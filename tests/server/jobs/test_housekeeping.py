"""What is forgotten, and what must not be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from server import clock
from server.jobs import housekeeping
from tests.server.jobs.conftest import Bench

MONDAY = datetime(2026, 4, 20, tzinfo=UTC)


def runs_within(bench: Bench, days: int) -> int:
    """Ticks once an hour from Monday, with housekeeping before each tick; how many runs there were."""
    ran = 0

    def count(_context: object) -> dict[str, int]:
        nonlocal ran
        ran += 1
        return {}

    bench.job("weekly", count, every=7 * 24 * 3600)
    runner = bench.runner()
    for hours in range(0, days * 24, 12):
        with clock.frozen(MONDAY + timedelta(hours=hours)):
            bench.db.write(lambda session: housekeeping.forget_runs(session, at=clock.now()))
            runner.tick()
            runner.wait()
    return ran


def test_a_weekly_job_runs_once_a_week(bench: Bench) -> None:
    """JOB-1: forgetting the run of a due time does not make it due again."""
    assert runs_within(bench, days=6) <= 2  # the week's due time, and the next if it falls among these days


def test_runs_that_did_nothing_are_forgotten_first(bench: Bench) -> None:
    """Idle ones after a day, the rest after ninety; a job's newest stays."""
    bench.job("idle", lambda _context: {})
    bench.job("busy", lambda _context: {"rows": 1})
    runner = bench.runner()
    for hours in range(3):
        with clock.frozen(MONDAY + timedelta(hours=hours)):
            runner.tick()
            runner.wait()
    forget = housekeeping.forget_runs
    assert bench.db.write(lambda s: forget(s, at=MONDAY + timedelta(days=3))) == 2
    assert [run.due_at.hour for run in bench.runs() if not run.counts] == [2]
    assert bench.db.write(lambda s: forget(s, at=MONDAY + timedelta(days=100))) == 2
    assert [run.due_at.hour for run in bench.runs()] == [2, 2]
