"""Reports into a folder by the job `reports`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from server import clock
from server.db.session import Database
from server.errors import Refused
from server.jobs.catalogue import CATALOGUE, JobContext
from server.jobs.runner import Runner
from server.jobs.service import ask, prepare, run_numbered
from server.reports.delivering import deliver, order_of
from server.settings import Settings
from tests.factories import AT
from tests.server.reports.conftest import Reports
from tests.support.workbooks import opened


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_job_writes_what_it_was_told(reports: Reports, tmp_path: Path) -> None:
    """REP-2, JOB-1: files with their moment in the name; the run says how many, by whom the first sheet."""
    db, settings = reports.db, reports.settings
    db.write(prepare)
    arguments = {"reports": ["inventory", "sales"], "folder": "morning", "warehouse": "MAIN", "store": "Shop"}
    run = db.write(lambda session: ask(session, "reports", arguments, by="anna"))
    runner = Runner(db, settings)
    assert runner.take(run.id)
    runner.wait(within_seconds=60)
    with db.read() as session:
        ended, _ = run_numbered(session, run.id)
    # two SKUs and a combination of them; nothing was sold lately
    assert (ended.state, ended.error, ended.counts["reports"], ended.counts["rows"]) == ("done", "", 2, 3)
    names = _names(tmp_path / "reports" / "morning")
    assert len(names) == 2 and names[0].startswith("inventory-20") and names[1].startswith("sales-20")
    about = opened((tmp_path / "reports" / "morning" / names[0]).read_bytes())["About"]
    assert "anna" in [cell.value for cell in about["B"]]


def test_a_report_that_cant_be_made_holds_back_no_other(reports: Reports, tmp_path: Path) -> None:
    """The store of one is gone; the others are there, and the run says which is not."""
    order = order_of({"reports": "inventory, sales", "store": "Nowhere"})
    done = deliver(reports.db, reports.settings, order, by="job:reports")
    assert [path.name.split("-")[0] for path in done.files] == ["inventory"]
    assert done.failed == {"sales": "there is no store 'Nowhere'"}
    assert len(_names(tmp_path / "reports")) == 1
    context = JobContext(reports.db, reports.settings, {"reports": "sales", "store": "Nowhere"}, "x", lambda *_: None)
    with pytest.raises(Refused, match="sales: there is no store"):
        CATALOGUE["reports"].function(context)


def test_old_files_go_where_that_is_wanted(sqlite_url: str, tmp_path: Path) -> None:
    """`keep` newest of each report; other people's files are never touched."""
    db, settings = Database(sqlite_url), Settings(data_dir=tmp_path, reports_dir=str(tmp_path / "shared"))
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "inventory-of-anna.xlsx").touch()
    for day in range(4):
        with clock.frozen(AT + timedelta(days=day)):
            deliver(db, settings, order_of({"reports": ["inventory", "uploads"], "keep": 2}), by="job:reports")
    db.close()
    assert _names(tmp_path / "shared") == [
        "inventory-2026-04-22-0800.xlsx",
        "inventory-2026-04-23-0800.xlsx",
        "inventory-of-anna.xlsx",
        "uploads-2026-04-22-0800.xlsx",
        "uploads-2026-04-23-0800.xlsx",
    ]


def test_it_stops_between_reports(sqlite_url: str, tmp_path: Path) -> None:
    """A server that wants to stop does not wait for all of them."""
    db = Database(sqlite_url)
    told: list[tuple[int, int, str]] = []
    done = deliver(
        db,
        Settings(data_dir=tmp_path),
        order_of({"reports": ["uploads", "inventory"]}),
        by="x",
        tell=lambda *said: told.append(said),
        stopping=lambda: bool(told),
    )
    db.close()
    assert [path.name.split("-")[0] for path in done.files] == ["uploads"] and told == [(0, 2, "uploads")]
