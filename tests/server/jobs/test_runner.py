"""A tick runs what is due, side by side, and records how each went."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy.exc import OperationalError

from server.errors import Busy, NotFound, Refused
from server.jobs import claiming
from server.jobs.catalogue import JobContext
from server.jobs.service import ask, jobs
from server.jobs.ticker import Ticker
from tests.server.jobs.conftest import Bench


def test_a_run_is_recorded_from_start_to_end(bench: Bench) -> None:
    """JOB-1: start, end, outcome, counts, error."""
    bench.job("sync", lambda _: {"orders": 3}, every=1)
    runner = bench.runner()
    assert runner.tick() == 1
    runner.wait()
    run = bench.runs()[0]
    assert (run.state, run.counts, run.error, run.asked_by) == ("done", {"orders": 3}, "", "schedule")
    assert run.started_at and run.ended_at and run.started_at <= run.ended_at and run.attempts == 1


@pytest.mark.parametrize(
    ("raised", "shown"),
    [(Refused("the shop is closed"), "the shop is closed"), (RuntimeError("secret"), "the server's log has it")],
)
def test_what_a_job_raises_is_its_outcome(bench: Bench, raised: Exception, shown: str) -> None:
    """JOB-1: error; a stranger one is shown without its inside."""

    def broken(_: JobContext) -> dict[str, int]:
        raise raised

    bench.job("sync", broken, every=1)
    runner = bench.runner()
    runner.tick()
    runner.wait()
    run = bench.runs()[0]
    assert run.state == "failed" and shown in run.error and "secret" not in run.error


def test_a_panic_in_native_code_is_an_outcome_too(bench: Bench) -> None:
    class Panic(BaseException):
        pass

    def broken(_: JobContext) -> dict[str, int]:
        raise Panic

    bench.job("sync", broken, every=1)
    runner = bench.runner()
    runner.tick()
    runner.wait()
    assert bench.runs()[0].state == "failed"


def test_a_slow_job_holds_back_no_other(bench: Bench) -> None:
    let_go = threading.Event()

    def slow(_: JobContext) -> dict[str, int]:
        assert let_go.wait(120)
        return {}

    bench.job("slow", slow, active=False)
    bench.job("quick", lambda _: {"done": 1}, active=False)
    for name in ("slow", "quick"):
        bench.db.write(lambda s, name=name: ask(s, name, by="anna"))  # type: ignore[misc]
    runner = bench.runner()
    runner.tick()
    for _ in range(200):
        if bench.runs()[1].state == "done":
            break
        threading.Event().wait(0.02)
    assert [run.state for run in bench.runs()] == ["running", "done"]
    let_go.set()
    runner.wait()
    assert bench.runs()[0].state == "done"


def test_run_now_takes_arguments_and_shows_progress(bench: Bench) -> None:
    """JOB-4: run now, answers at once, shows progress."""
    seen: list[tuple[object, str]] = []

    def work(context: JobContext) -> dict[str, int]:
        context.progress(1, 2, "half")
        seen.append((dict(context.arguments), context.by))
        context.progress(2, 2, "all")
        return {"rows": 2}

    bench.job("work", work, active=False)
    run = bench.db.write(lambda s: ask(s, "work", {"store": 7}, by="anna"))
    assert (run.state, run.slot[:4]) == ("waiting", "now/")
    runner = bench.runner()
    runner.tick()
    runner.wait()
    assert seen == [({"store": 7}, "anna")]
    assert bench.runs()[0].progress == {"done": 2, "total": 2, "text": "all"}
    with pytest.raises(NotFound, match="there are work"):
        bench.db.write(lambda s: ask(s, "nothing", by="anna"))


def test_a_run_taken_over_meanwhile_stops_and_records_nothing(bench: Bench) -> None:
    def work(context: JobContext) -> dict[str, int]:
        with bench.db.engines.write.begin() as connection:
            connection.exec_driver_sql("UPDATE run SET owner = 'other:1:x', attempts = 2")
        context.progress(2, 2)
        return {"wrong": 1}

    bench.job("work", work, every=1)
    runner = bench.runner()
    runner.tick()
    runner.wait()
    assert [(run.state, run.owner, run.counts) for run in bench.runs()] == [("running", "other:1:x", {})]


def test_stopping_puts_back_what_does_not_end(bench: Bench) -> None:
    let_go = threading.Event()

    def stubborn(_: JobContext) -> dict[str, int]:
        let_go.wait(120)
        return {}

    bench.job("stubborn", stubborn, every=3600)
    first = bench.runner()
    first.tick()
    first.stop(within_seconds=0.1)
    assert [(run.state, run.attempts) for run in bench.runs()] == [("waiting", 0)]
    assert first.tick() == 0
    let_go.set()
    second = bench.runner()
    assert second.tick() == 1
    second.wait()
    assert bench.runs()[0].state == "done"


def test_a_job_can_hear_that_the_server_stops(bench: Bench) -> None:
    def polite(context: JobContext) -> dict[str, int]:
        while not context.stopping():
            threading.Event().wait(0.01)
        return {"rounds": 1}

    bench.job("polite", polite, every=3600)
    runner = bench.runner()
    runner.tick()
    runner.stop(within_seconds=60)
    runner.wait()
    assert bench.runs()[0].state == "done"


def test_an_unwell_database_costs_a_round_not_the_ticker(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.job("sync", lambda _: {}, every=1)
    runner = bench.runner()
    with bench.db.engines.write.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE run RENAME TO gone")
    assert runner.tick() == 0
    with bench.db.engines.write.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO run")
    assert runner.tick() == 1


def test_the_list_shows_each_job_with_its_last_run(bench: Bench) -> None:
    bench.job("b", lambda _: {"rows": 1}, active=False)
    bench.job("a", lambda _: {}, active=False)
    bench.db.write(lambda s: ask(s, "b", by="anna"))
    runner = bench.runner()
    runner.tick()
    runner.wait()
    with bench.db.read() as session:
        shown = [
            (state.job.name, state.title, state.last and state.last.counts) for state in jobs(session, bench.catalogue)
        ]
    assert shown == [("a", "A", None), ("b", "B", {"rows": 1})]


def test_the_ticker_ticks_and_stops() -> None:
    ticks: list[int] = []
    enough = threading.Event()

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 3:
            enough.set()

    ticker = Ticker(tick, every_seconds=0.05)
    ticker.start()
    assert enough.wait(60)
    ticker.stop()
    before = len(ticks)
    threading.Event().wait(0.15)
    assert len(ticks) == before


@pytest.mark.parametrize("trouble", [Busy("locked"), OperationalError("UPDATE", None, Exception("disk full"))])
def test_a_line_of_progress_that_can_not_be_written_fails_no_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    """JOB-1: the work itself went well."""

    def broken(*_: object) -> bool:
        raise trouble

    def work(context: JobContext) -> dict[str, int]:
        context.progress(1, 1, "done")
        return {"rows": 1}

    monkeypatch.setattr(claiming, "record_progress", broken)
    bench.job("sync", work, every=1)
    runner = bench.runner()
    runner.tick()
    runner.wait()
    assert (bench.runs()[0].state, bench.runs()[0].counts) == ("done", {"rows": 1})
