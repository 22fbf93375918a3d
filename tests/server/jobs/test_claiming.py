"""Due times become rows once; a run is held by one worker; a lost lease can't finish."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from server import processes
from server.jobs import claiming
from server.jobs.claiming import Held, due_slot
from server.jobs.service import ask, change_job
from tests.server.jobs.conftest import Bench

AT = datetime(2026, 3, 1, 12, 0, 7, tzinfo=UTC)


def _plan(bench: Bench, at: datetime) -> int:
    return bench.db.write(lambda s: claiming.plan(s, at=at, alone=bench.catalogue.alone))


def _claim(bench: Bench, owner: str, at: datetime) -> Held | None:
    kinds = [kind.kind for kind in bench.catalogue]
    return bench.db.write(lambda s: claiming.claim(s, owner, at=at, kinds=kinds, alone=bench.catalogue.alone))


def test_slots_are_multiples_of_the_interval_on_every_machine() -> None:
    assert due_slot(AT, 5) == AT.replace(second=5)
    assert due_slot(AT, 3600) == AT.replace(second=0)


def test_a_due_time_is_one_row_however_often_it_is_planned(bench: Bench) -> None:
    """JOB-1"""
    bench.job("sync", lambda _: {}, every=10)
    assert [_plan(bench, AT), _plan(bench, AT), _plan(bench, AT + timedelta(seconds=1))] == [1, 0, 0]
    assert _plan(bench, AT + timedelta(seconds=10)) == 0, "it still waits: due times meanwhile are one run"
    assert _claim(bench, "h:1:a", AT) is not None
    assert _plan(bench, AT + timedelta(seconds=10)) == 1
    assert _plan(bench, AT + timedelta(days=1)) == 0


def test_a_job_switched_off_is_not_planned(bench: Bench) -> None:
    """JOB-1: editable."""
    bench.job("sync", lambda _: {}, every=10)
    bench.db.write(lambda s: change_job(s, "sync", active=False, by="anna"))
    assert _plan(bench, AT) == 0
    bench.db.write(lambda s: change_job(s, "sync", active=True, every_seconds=3600, by="anna"))
    assert _plan(bench, AT) == 1
    assert bench.runs()[0].due_at == AT.replace(second=0)


def test_one_worker_gets_a_run(bench: Bench) -> None:
    """JOB-3: a job runs once, on one of several servers."""
    bench.job("sync", lambda _: {}, every=10)
    _plan(bench, AT)
    first, second = _claim(bench, "h:1:a", AT), _claim(bench, "h:2:b", AT)
    assert first is not None and second is None


def test_a_dead_workers_run_is_taken_over_within_a_minute(bench: Bench) -> None:
    """JOB-3: a server that dies is replaced within a minute."""
    bench.job("sync", lambda _: {}, every=3600)
    _plan(bench, AT)
    first = _claim(bench, "h:1:a", AT)
    assert _claim(bench, "h:2:b", AT + timedelta(seconds=39)) is None
    second = _claim(bench, "h:2:b", AT + timedelta(seconds=59))
    assert first is not None and second is not None and second.attempts == 2
    late = bench.db.write(lambda s: claiming.finish(s, first, at=AT, counts={"late": 1}))
    right = bench.db.write(lambda s: claiming.finish(s, second, at=AT, counts={"right": 1}))
    assert (late, right) == (False, True)
    assert bench.runs()[0].counts == {"right": 1}


def test_a_renewed_lease_is_not_taken_over(bench: Bench) -> None:
    bench.job("sync", lambda _: {}, every=3600)
    _plan(bench, AT)
    held = _claim(bench, "h:1:a", AT)
    assert held is not None
    bench.db.write(lambda s: claiming.renew(s, "h:1:a", [held.run_id], at=AT + timedelta(seconds=30)))
    assert _claim(bench, "h:2:b", AT + timedelta(seconds=59)) is None


def test_a_job_alone_never_runs_twice_at_once(bench: Bench) -> None:
    bench.job("sync", lambda _: {}, every=3600)
    bench.job("push", lambda _: {}, every=3600, active=False, alone=False)
    for name in ("sync", "sync", "push", "push"):
        bench.db.write(lambda s, name=name: ask(s, name, by="anna", at=AT))  # type: ignore[misc]
    taken = [_claim(bench, f"h:{n}:x", AT) for n in range(4)]
    assert [held.job if held else None for held in taken] == ["sync", "push", "push", None]
    sync = taken[0]
    assert sync is not None
    bench.db.write(lambda s: claiming.finish(s, sync, at=AT, counts={}))
    again = _claim(bench, "h:9:x", AT)
    assert again is not None and again.job == "sync"


def test_a_run_that_takes_its_workers_along_is_given_up(bench: Bench) -> None:
    bench.job("sync", lambda _: {}, every=3600, active=False)
    bench.db.write(lambda s: ask(s, "sync", by="anna", at=AT))
    for attempt in range(claiming.MAX_ATTEMPTS):
        assert _claim(bench, "h:1:a", AT + timedelta(minutes=attempt)) is not None
    assert _claim(bench, "h:1:a", AT + timedelta(minutes=claiming.MAX_ATTEMPTS)) is None
    assert (bench.runs()[0].state, bench.runs()[0].error) == ("failed", "given up: its worker died 5 times")


def test_at_start_leases_of_dead_processes_are_freed(bench: Bench) -> None:
    """JOB-3: what was left is taken up again at once."""
    me = processes.new_name()
    host, pid, _ = me.rsplit(":", 2)
    bench.job("a", lambda _: {}, active=False, alone=False)
    owners = [f"{host}:{pid}:before", f"{host}:999999999:x", f"{host}:1:alive", "elsewhere:7:x", me]
    for owner in owners:
        bench.db.write(lambda s: ask(s, "a", by="anna", at=AT))
        assert _claim(bench, owner, AT) is not None
    assert bench.db.write(lambda s: claiming.free_dead(s, me)) == 2
    assert [run.owner for run in bench.runs()] == [None, None, f"{host}:1:alive", "elsewhere:7:x", me]


def _plan_start(bench: Bench, at: datetime) -> int:
    kinds, alone = ["sync"], bench.catalogue.alone
    return bench.db.write(lambda s: claiming.plan_start(s, at=at, kinds=kinds, alone=alone))


def test_what_is_due_at_every_start_does_not_wait_for_its_next_round(bench: Bench) -> None:
    """CH-5: a server that starts again within the minute reads orders at once; one run of it is enough."""
    bench.job("sync", lambda _: {}, every=60)
    assert _plan_start(bench, AT) == 0, "the schedule has it due at once"
    _plan(bench, AT)
    held = _claim(bench, "h:1:a", AT)
    assert held is not None
    bench.db.write(lambda s: claiming.finish(s, held, at=AT, counts={}))
    again = AT + timedelta(seconds=10)
    assert [_plan(bench, again), _plan_start(bench, again), _plan_start(bench, again)] == [0, 1, 0]
    assert (found := _claim(bench, "h:1:b", again)) is not None and found.by == claiming.SCHEDULE


def test_what_is_switched_off_is_not_due_at_a_start(bench: Bench) -> None:
    """JOB-1"""
    bench.job("sync", lambda _: {}, every=60)
    _plan(bench, AT)
    bench.db.write(lambda s: change_job(s, "sync", active=False, by="anna"))
    assert _claim(bench, "h:1:a", AT) is not None and _plan_start(bench, AT) == 0
