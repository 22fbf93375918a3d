"""Scheduled imports with their jobs: interval, runs, what a run says (JOB-1, JOB-2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.access.users import change_user, user_named
from server.db.session import Database
from server.imports import claiming
from server.imports.models import ScheduledImport
from server.imports.service import Change
from server.imports.work import Work
from server.jobs import service, watching
from server.jobs.models import Job, Run
from server.jobs.runner import Runner
from server.settings import Settings
from server.stores.credentials import keys_of
from server.uploads import pipeline
from tests import factories
from tests.support.filling import fill, template
from tests.support.http import Api, make_api


@dataclass
class World:
    """An API and the runner beside it."""

    api: Api
    runner: Runner

    def add(self, name: str, **more: object) -> int:
        """A folder that is watched; its number."""
        body = {"name": name, "kind": "folder", "settings": {"path": name}, "mode": "apply", "quiet_seconds": 1, **more}
        answer = self.api.admin.post("/imports", json=body)
        assert answer.status_code == 201, answer.text
        return int(answer.json["id"])

    def run(self, import_id: int) -> Run:
        """A run now, to its end."""
        asked = self.api.admin.post(f"/imports/{import_id}/run")
        assert asked.status_code == 202, asked.text
        self.runner.take(asked.json["id"])
        self.runner.wait(within_seconds=60)
        with self.api.db.read() as session:
            run, _ = service.run_numbered(session, asked.json["id"])
        return run

    def folder(self, name: str) -> Path:
        """Where files are dropped."""
        return self.api.shared.settings.data_dir / "import" / name


@pytest.fixture
def world(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """One SKU in one warehouse."""
    monkeypatch.setattr(Work, "wait_until", lambda *_: None)
    settings = Settings(data_dir=tmp_path / "data")

    def work(session: Session) -> None:
        factories.make_warehouse(session, default=True)
        factories.make_sku(session, "A-1")

    db.write(work)
    api = make_api(db, settings)
    runner = Runner(db, settings)
    yield World(api, runner)
    runner.stop()
    api.shared.uploads.close()


def test_a_run_tells_what_it_took(world: World) -> None:
    """JOB-1, JOB-2: counts of the run, what failed in its text; one that found nothing counts nothing."""
    number = world.add("night")
    assert (world.run(number).state, world.run(number).counts) == ("done", {})
    book = fill(template(world.api.admin, "stock_in"), "stock_in", [{"sku": "A-1", "quantity": 5}])
    (world.folder("night") / "good.xlsx").write_bytes(book)
    (world.folder("night") / "bad.xlsx").write_bytes(b"%PDF-1.7")
    done = world.run(number)
    assert (done.state, done.counts) == ("done", {"applied": 1, "failed": 1})
    assert done.progress["text"].startswith("bad.xlsx: ")
    files = world.api.admin.get(f"/imports/{number}/files").json["items"]
    assert {(one["name"], one["state"]) for one in files} == {("good.xlsx", "done"), ("bad.xlsx", "failed")}
    assert {one["kept_as"].split("/")[0] for one in files} == {"done", "failed"}


def test_a_run_that_went_well_says_no_more_than_its_counts(world: World) -> None:
    """JOB-1: the name of the file that was at work last is no message."""
    number = world.add("night")
    book = fill(template(world.api.admin, "stock_in"), "stock_in", [{"sku": "A-1", "quantity": 5}])
    (world.folder("night") / "good.xlsx").write_bytes(book)
    done = world.run(number)
    assert (done.counts, done.progress["text"]) == ({"applied": 1}, "")


def test_a_server_that_died_is_replaced_within_a_minute(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """JOB-3: whoever takes the job over takes its files over too, at once, also one that was half way."""
    number = world.add("night")
    book = fill(template(world.api.admin, "stock_in"), "stock_in", [{"sku": "A-1", "quantity": 5}])
    (world.folder("night") / "stock.xlsx").write_bytes(book)
    with monkeypatch.context() as patched:  # it dies in the middle of its upload, and gives nothing back
        patched.setattr(pipeline, "process", lambda *_: (_ for _ in ()).throw(SystemExit))
        patched.setattr(claiming, "release", lambda *_: None)
        world.run(number)
    assert world.run(number).counts == {"applied": 1}
    statuses = [one["status"] for one in world.api.admin.get("/uploads").json["items"]]
    assert statuses == ["applied", "failed"]


def test_a_place_that_is_away_fails_its_run_and_no_other(world: World) -> None:
    """JOB-2: plain words in the run; the import beside it goes on."""
    gone, there = world.add("gone"), world.add("there")
    world.folder("gone").rmdir()
    failed = world.run(gone)
    assert (failed.state, "is not there" in failed.error) == ("failed", True)
    assert world.run(there).state == "done"


def test_a_user_who_was_shut_out(world: World) -> None:
    """SEC-1: nothing is handed in any more in the name of somebody who may not come in."""
    number = world.add("night", acts_as="merchandiser-user")
    world.api.db.write(
        lambda session: change_user(session, user_named(session, "merchandiser-user").id, active=False, by="test")
    )
    assert "may not come in" in world.run(number).error


def test_the_schedule(world: World) -> None:
    """JOB-1: its job has the interval, is switched off and on, is renamed and goes with it."""
    number = world.add("night", every_seconds=60)
    jobs = {job["name"]: job for job in world.api.admin.get("/jobs").json["items"]}
    assert "import" not in jobs
    assert (jobs["import night"]["every_seconds"], jobs["import night"]["active"]) == (60, True)
    changed = world.api.admin.patch(f"/imports/{number}", json={"name": "day", "active": False, "every_seconds": 90})
    assert (changed.json["job"], changed.json["active"], changed.json["every_seconds"]) == ("import day", False, 90)
    world.run(number)
    assert world.api.admin.delete(f"/imports/{number}").status_code == 200
    with world.api.db.read() as session:
        assert session.scalars(select(Job.name).where(Job.kind == "import")).all() == []


def test_two_workers_run_it_once_per_due_time(world: World) -> None:
    """JOB-3: planned by two, taken by one."""
    number = world.add("night", every_seconds=3600)
    other = Runner(world.api.db, world.api.shared.settings)
    for runner in (world.runner, other, world.runner, other):
        runner.tick()
    for runner in (world.runner, other):
        runner.wait(within_seconds=60)
    other.stop()
    with world.api.db.read() as session:
        job_id = session.get_one(ScheduledImport, number).job_id
        assert [run.state for run in session.scalars(select(Run).where(Run.job_id == job_id))] == ["done"]


def test_one_that_runs_is_not_removed(world: World) -> None:
    """Its files would be left half way."""
    number = world.add("night")

    def running(session: Session) -> None:
        run, _ = watching.run_import(session, number, by="test")
        run.state, run.lease_until = "running", clock.now().replace(year=9000)

    world.api.db.write(running)
    assert world.api.admin.delete(f"/imports/{number}").json["code"] == "refused"


def test_secrets_are_sealed(world: World) -> None:
    """CH-6: not in the row, not in the audit log."""

    def add(session: Session) -> bytes:
        change = Change("far", {"host": "ftp.example.com", "password": "correct horse"}, user_id=1)
        more = {"settings": world.api.shared.settings, "keys": keys_of(world.api.shared.settings)}
        row = watching.add_import(session, "ftp", change, role="admin", by="test", at=factories.AT, **more)  # type: ignore[arg-type]
        assert "password" not in row.settings and row.sealed is not None
        return row.sealed

    assert b"horse" not in world.api.db.write(add)
    assert "horse" not in world.api.admin.get("/audit").text
