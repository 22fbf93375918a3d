"""A file is applied once: whatever dies between two steps, and whoever else watches the same place (JOB-2, P4)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from server import clock
from server.db.session import Database
from server.imports import claiming, flow
from server.imports.models import ImportFile
from server.imports.places import Place
from server.settings import Settings
from server.uploads import pipeline
from server.uploads.models import Upload
from tests.server.imports.conftest import PLACES, Watched
from tests.support.processes import PROCESSES
from tests.support.server import wait_for

Watch = Callable[..., Watched]
ROW = {"sku": "A-1", "quantity": 5}


class Killed(BaseException):
    """The process is no more."""


def _dies(*_: Any, **__: Any) -> None:
    raise Killed


def _die_at(monkeypatch: pytest.MonkeyPatch, night: Watched, owner: Any, name: str) -> None:
    """A round that is killed at the call of `name`; its lease then runs out, since nobody gave it back."""
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, _dies)
        patched.setattr(claiming, "release", lambda *_: None)
        with pytest.raises(Killed):
            night.round()
    assert night.round().counts == {"elsewhere": 1}  # whose lease it is may still live
    past = clock.now() - timedelta(hours=1)
    for table in (ImportFile, Upload):
        running = table.lease_until.is_not(None)
        night.api.db.write(lambda s, t=table, r=running: s.execute(update(t).where(r).values(lease_until=past)))  # type: ignore[misc]


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("step", ["fetch", "process", "put", "move"])
def test_killed_at_a_step(watch: Watch, monkeypatch: pytest.MonkeyPatch, kind: str, step: str) -> None:
    """JOB-2: before it is handed in, before it is applied, after, and before the move: the next round finishes it."""
    night = watch(kind)
    night.drop("stock.xlsx", night.book(ROW))
    _die_at(monkeypatch, night, *{"process": (pipeline, "process")}.get(step, (Place, step)))
    night.round()
    assert night.on_hand("A-1") == 5
    assert [one["status"] for one in night.uploads()][-1] == "applied"
    assert len([one for one in night.uploads() if one["status"] == "applied"]) == 1
    assert len(night.kept("done")) == 2
    assert "stock.xlsx" not in night.names()


@pytest.mark.parametrize("kind", PLACES)
def test_killed_after_the_move(watch: Watch, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """JOB-2: the file is away, only the note of it is missing; the same file may come again."""
    night = watch(kind, again=True)
    content = night.book(ROW)
    night.drop("stock.xlsx", content)
    with monkeypatch.context() as patched:
        patched.setattr(claiming, "finish", _dies)
        with pytest.raises(Killed):
            night.round()
    night.round()
    with night.api.db.read() as session:
        (row,) = session.scalars(select(ImportFile)).all()
    assert (row.state, row.claim) == ("done", None)
    night.drop("stock.xlsx", content)
    night.round()
    assert night.on_hand("A-1") == 10


@pytest.mark.parametrize("step", ["fetch", "process", "put", "move"])
def test_who_is_alone_takes_over_at_once(watch: Watch, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """JOB-3: no lease is waited for where no other round can be at work."""
    night = watch()
    night.drop("stock.xlsx", night.book(ROW))
    with monkeypatch.context() as patched:
        patched.setattr(*{"process": (pipeline, "process")}.get(step, (Place, step)), _dies)
        patched.setattr(claiming, "release", lambda *_: None)
        with pytest.raises(Killed):
            night.round()
    assert night.round(alone=True).counts == {"applied": 1}
    assert night.on_hand("A-1") == 5
    assert len(night.kept("done")) == 2


@pytest.mark.parametrize("slow", ["fetch", "process"])
def test_who_lost_a_file_hands_nothing_in(watch: Watch, monkeypatch: pytest.MonkeyPatch, slow: str) -> None:
    """JOB-2: a server that was thought dead, and goes on after another took the file over."""
    night = watch(again=True)
    night.drop("stock.xlsx", night.book(ROW))
    owner: Any = {"process": pipeline}.get(slow, Place)
    really = getattr(owner, slow)

    def late(*given: Any) -> None:
        with monkeypatch.context() as other:
            other.setattr(owner, slow, really)
            other.setattr(Place, "move", lambda *_: None)  # so that the file is still there for the late one
            night.round(alone=True)
        really(*given)

    with monkeypatch.context() as patched:
        patched.setattr(owner, slow, late)
        assert night.round().counts == {"waiting": 1}
    assert night.on_hand("A-1") == 5


def test_a_newer_file_of_the_same_name_is_not_moved_away(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that writes its next file while ours is applied: both are applied, both are kept."""
    night = watch()
    night.drop("stock.xlsx", night.book(ROW))
    later = night.book({"sku": "B-2", "quantity": 7})
    process = pipeline.process

    def slowly(*given: Any) -> None:
        process(*given)
        night.drop("stock.xlsx", later)

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "process", slowly)
        night.round()
    assert night.round().counts["applied"] == 1
    assert (night.on_hand("A-1"), night.on_hand("B-2")) == (5, 7)
    assert len(night.kept("done")) == 4


def test_what_is_kept_is_never_overwritten(watch: Watch) -> None:
    """JOB-2: also where somebody put a file of that very name there."""
    night = watch()
    for number in range(1, 4):
        night.drop(f"done/stock (upload {number}).xlsx", b"mine")
    night.drop("stock.xlsx", night.book(ROW))
    night.round()
    assert "stock (upload 1) 2.xlsx" in night.kept("done")
    assert night.files.read("done/stock (upload 1).xlsx") == b"mine"


@pytest.mark.parametrize("kind", PLACES)
def test_two_servers_watch_one_place(watch: Watch, kind: str) -> None:
    """JOB-2, P4: six files, two servers with connections of their own at once: each is applied once."""
    night = watch(kind)
    for number in range(6):
        night.drop(f"stock {number}.xlsx", night.book({"sku": "A-1", "quantity": 10**number}))

    def one_server(_: int) -> dict[str, int]:
        db = Database(night.api.db.url)
        try:
            return dict(flow.run(db, night.settings, night.id, progress=lambda done, total, text: None).counts)
        finally:
            db.close()

    with ThreadPoolExecutor(2) as servers:
        counts = list(servers.map(one_server, range(2)))
    assert sum(one.get("applied", 0) for one in counts) == 6
    assert night.on_hand("A-1") == 111_111
    assert [one["status"] for one in night.uploads()] == ["applied"] * 6
    assert len(night.kept("done")) == 12


def _one_process(night: tuple[str, Path, int], go: Path) -> None:
    """What each process does: one round as soon as `go` is there; its counts are in a file beside that."""
    url, data, number = night
    db = Database(url)
    go.with_suffix(f".ready-{os.getpid()}").touch()
    wait_for(go.exists, what="the sign to begin", every=0.01)
    done = flow.run(db, Settings(data_dir=data), number, progress=lambda done, total, text: None)
    go.with_suffix(f".done-{os.getpid()}").write_text(json.dumps(done.counts))


def test_two_processes_watch_one_folder(watch: Watch, tmp_path: Path) -> None:
    """JOB-2, P4: the same with processes of their own, which begin at the same moment."""
    night = watch()
    for number in range(6):
        night.drop(f"stock {number}.xlsx", night.book({"sku": "A-1", "quantity": 10**number}))
    go = tmp_path / "go"
    given = ((night.api.db.url, night.settings.data_dir, night.id), go)
    servers = [PROCESSES.Process(target=_one_process, args=given, daemon=True) for _ in range(2)]
    for server in servers:
        server.start()
    wait_for(lambda: len(list(tmp_path.glob("go.ready-*"))) == 2, what="both processes")
    go.touch()
    for server in servers:
        server.join(180)
    assert [server.exitcode for server in servers] == [0, 0]
    counts = [json.loads(path.read_text()) for path in tmp_path.glob("go.done-*")]
    assert sum(one.get("applied", 0) for one in counts) == 6
    assert night.on_hand("A-1") == 111_111
    assert [one["status"] for one in night.uploads()] == ["applied"] * 6
    assert len(night.kept("done")) == 12
