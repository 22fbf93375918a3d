"""Jobs, reports and settings on a page."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from server.jobs.models import Run
from server.orders.states import Action
from server.reports.catalogue import REPORTS
from tests.server.orders.desk import Desk, news
from tests.support.http import Api
from tests.support.pages import Person, person, text_of


@pytest.fixture
def manager(plain: Api) -> Person:
    return person(plain, "manager")


def test_running_one_now_and_how_far_it_is(plain: Api, manager: Person) -> None:
    """JOB-4: its progress, then what it counted, then what went wrong."""
    page = manager.send("/jobs/refresh/run")
    assert re.fullmatch(r"/jobs/runs/\d+", page.request.path) and 'http-equiv="refresh"' in page.text
    assert "waits for a free worker" in page.text and "manager-user" in page.text
    number = int(page.request.path.rsplit("/", 1)[1])
    progress = {"done": 1, "total": 2, "text": "<b>half</b>"}
    plain.db.write(lambda session: session.execute(update(Run).where(Run.id == number).values(progress=progress)))
    half = manager.get(page.request.path).text
    assert '<progress max="2" value="1">' in half and "&lt;b&gt;half" in half
    assert "data-again" in half and '<noscript><meta http-equiv="refresh"' in half

    def fail(session: Session) -> None:
        run = session.get_one(Run, number)
        run.state, run.error, run.started_at, run.ended_at = "failed", "it broke", run.due_at, run.due_at

    plain.db.write(fail)
    ended = manager.get(page.request.path).text
    assert "It broke." in ended and 'http-equiv="refresh"' not in ended
    assert manager.get("/jobs/runs/987").status_code == 404 and manager.send("/jobs/nothing/run").status_code == 404


@pytest.mark.parametrize(("done", "total", "shown"), [(0, None, False), (3, 3, True)])
def test_how_far_it_was_is_not_how_it_ended(
    plain: Api, manager: Person, done: int, total: int | None, shown: bool
) -> None:
    """JOB-4: only what was told at the end is told of a run that is done."""
    path = manager.send("/jobs/refresh/run").request.path
    progress = {"done": done, "total": total, "text": "1 of 3 stores"}
    values = {"progress": progress, "state": "done"}
    plain.db.write(lambda session: session.execute(update(Run).values(values)))
    assert ("1 of 3 stores" in manager.get(path).text) == shown


def test_changing_how_often(manager: Person) -> None:
    """JOB-1: a wrong interval is said, and what was typed stays."""
    assert (
        "sync_orders runs every 7 minutes now."
        in manager.send("/jobs/sync_orders/change", every="7", unit="minutes", active="yes").text
    )
    assert "sync_orders is off now." in manager.send("/jobs/sync_orders/change", every="7", unit="minutes").text
    for every, unit in (("", "minutes"), ("often", "minutes"), ("9999", "days"), ("0", "seconds"), ("5", "years")):
        page = manager.send("/jobs/sync_orders/change", every=every, unit=unit, active="yes")
        assert page.status_code == 422 and f'value="{every}"' in page.text and 'class="whole" open' in page.text
    assert manager.send("/jobs/nothing/change", every="7", unit="days").status_code == 404


def test_reports_go_into_a_folder_from_the_page(plain: Api, manager: Person) -> None:
    """REP-2, JOB-1: which reports, where to and how many are kept, chosen on the page; what it has no field for stays;
    one that can't be is said, and what was chosen stays."""
    own = {"arguments": {"reports": "inventory", "warehouse": "MAIN"}}
    assert plain.admin.patch("/jobs/reports", json=own).status_code == 200
    assert re.search(r'value="inventory" checked', manager.get("/jobs").text)
    form = {"every": "1", "unit": "days", "active": "yes", "folder": "daily", "keep": "7"}
    page = manager.send("/jobs/reports/change", report=["control", "inventory"], **form)
    assert "reports runs every day now." in page.text and "control, inventory into daily" in text_of(page)
    (job,) = [one for one in plain.admin.get("/jobs").json["items"] if one["name"] == "reports"]
    assert job["active"] and job["every_seconds"] == 86_400
    kept = {"reports": ["control", "inventory"], "folder": "daily", "keep": "7", "warehouse": "MAIN"}
    assert job["arguments"] == kept
    for change in ({"folder": "../elsewhere"}, {"keep": "many"}):
        page = manager.send("/jobs/reports/change", report=["sales"], **{**form, **change})
        assert page.status_code == 422 and 'value="sales" checked' in page.text and 'class="whole" open' in page.text
    assert "Say which reports" in text_of(manager.send("/jobs/reports/change", **form))
    assert "reports is off now." in manager.send("/jobs/reports/change", every="1", unit="days").text


def test_a_viewer_sees_jobs_and_runs_none(plain: Api) -> None:
    page = person(plain, "viewer").get("/jobs").text
    assert "sync_orders" in page and "Run now" not in page and "How often" not in page


# -- reports ----------------------------------------------------------------------------------------------------------


def test_every_report_is_there_and_comes_down(shop: Api) -> None:
    """REP-1: a new report stands on the page by itself."""
    viewer = person(shop, "viewer")
    page = viewer.get("/reports").text
    assert re.findall(r'action="/reports/(\w+)\.xlsx"', page) == list(REPORTS)
    answer = viewer.get("/reports/inventory.xlsx?warehouse=MAIN&sku=")
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    assert "MUG" in [cell.value for cell in openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[1]["A"]]


def test_one_that_cannot_be_made_keeps_what_was_asked(shop: Api) -> None:
    viewer = person(shop, "viewer")
    page = viewer.get("/reports/inventory.xlsx?as_of=2999-13-01")
    assert page.status_code == 422 and 'value="2999-13-01"' in page.text and "neither a day" in page.text
    assert viewer.get("/reports/nothing.xlsx").status_code == 404


# -- settings ---------------------------------------------------------------------------------------------------------


def test_turning_a_switch(manager: Person) -> None:
    """WEB-1: settings, with what each does."""
    page = manager.get("/settings")
    assert "Try out-of-stock orders again" in text_of(page)
    assert "Allocate on stock in is on now." in manager.send("/settings/allocate_on_stock_in", on="yes").text
    assert "Allocate on stock in is off now." in manager.send("/settings/allocate_on_stock_in", on="no").text
    assert manager.send("/settings/nothing", on="yes").status_code == 404


def test_what_stands_in_the_way_is_named(desk: Desk, manager: Person) -> None:
    """PSH-13: not while orders are in process."""
    desk.take(news("A1", ("red", 1)))
    desk.act(Action.PACK, "A1")
    page = manager.send("/settings/inventory_features", on="no")
    assert page.status_code == 409 and "A1" in page.text and "Turn off" in page.text
