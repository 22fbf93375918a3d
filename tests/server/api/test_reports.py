"""Reports over HTTP."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from server.api.reports import ReportQuery
from server.reports.catalogue import REPORTS
from tests.server.orders.desk import open_desk
from tests.support.http import Api
from tests.support.workbooks import links, opened

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def test_the_list_says_what_can_be_asked(plain_api: Api) -> None:
    """REP-2: name, title, what is in it, and its parameters, from the same description that makes it."""
    items = plain_api.roles["viewer"].get("/reports").json["items"]
    assert [item["name"] for item in items] == list(REPORTS)
    (orders,) = [item for item in items if item["name"] == "orders"]
    assert [p["name"] for p in orders["parameters"]] == ["since", "until", "state", "store", "warehouse", "sku"]
    assert "at_risk" in orders["parameters"][2]["choices"]
    asked = {p["name"] for item in items for p in item["parameters"]}
    assert asked == set(ReportQuery.model_fields)


def test_a_viewer_downloads_a_report(api: Api) -> None:
    """REP-2, SEC-1: as an attachment of its own name; the first sheet says who asked."""
    desk = open_desk(api.db)
    desk.stock(desk.red, 4)
    desk.stock(desk.blue, 2, desk.east)
    answer = api.roles["viewer"].get("/reports/inventory.xlsx?warehouse=east")
    assert answer.status_code == 200 and answer.content_type == XLSX
    name = answer.headers["Content-Disposition"]
    assert name.startswith("attachment; filename=inventory-2") and name.endswith(".xlsx")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    book = opened(answer.data)
    header, first = book["Inventory"][3], book["Inventory"][4]
    shown = {title.value: cell.value for title, cell in zip(header, first, strict=True)}
    assert (shown["SKU"], shown["Warehouse"], shown["On hand"]) == ("BLUE", "EAST", 2)
    assert "viewer-user" in [cell.value for cell in book["About"]["B"]]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("nope.xlsx", 404, "there is no report 'nope'"),
        ("inventory.xlsx?warehouse=WEST", 404, "there is no warehouse 'WEST'"),
        ("inventory.xlsx?since=2026-01-01", 422, "does not take 'since'"),
        ("orders.xlsx?state=lost", 422, "lost"),
        ("movements.xlsx?since=yesterday", 422, "neither a day"),
    ],
)
def test_what_cant_be_asked_is_said(plain_api: Api, path: str, status: int, said: str) -> None:
    answer = plain_api.roles["viewer"].get(f"/reports/{path}")
    assert answer.status_code == status and said in answer.text


def test_the_description_says_who_takes_what(plain_api: Api) -> None:
    """The OpenAPI document comes from the declarations too."""
    document = plain_api.admin.get("/openapi.json").json
    parameters = {p["name"]: p for p in document["paths"]["/api/v1/reports/{name}.xlsx"]["get"]["parameters"]}
    assert set(parameters) == {"name", *ReportQuery.model_fields}
    assert "Taken by: inventory, stock_value." in parameters["as_of"]["description"]


def test_the_job_is_checked_when_it_is_changed(plain_api: Api, tmp_path: Path) -> None:
    """JOB-1: settings that can't be are refused at once, not by a run at night."""
    manager = plain_api.roles["manager"]
    for arguments, said in (
        ({}, "say which reports"),
        ({"reports": ["nope"]}, "there is no report 'nope'"),
        ({"reports": ["inventory"], "folder": "../elsewhere"}, "STOCKBOOK_REPORTS_DIR"),
        ({"reports": ["inventory"], "folder": str(tmp_path)}, "STOCKBOOK_REPORTS_DIR"),
        ({"reports": ["inventory"], "store": "Shop"}, "none of these reports takes 'store'"),
        ({"reports": ["inventory"], "keep": -1}, "keep is how many"),
    ):
        answer = manager.patch("/jobs/reports", json={"arguments": arguments})
        assert answer.status_code in (404, 422) and said in answer.json["detail"], arguments
    assert manager.patch("/jobs/reports", json={"active": True}).status_code == 422
    assert manager.post("/jobs/reports/run", json={}).status_code == 422
    good = {"reports": ["inventory", "sales"], "folder": "morning", "store": "Shop"}
    changed = manager.patch("/jobs/reports", json={"arguments": good, "active": True}).json
    assert changed["arguments"] == good and changed["active"] is True


def test_the_control_workbook_and_its_content(plain_api: Api) -> None:
    """REP-2, ADD-1, SEC-1: a viewer fetches it, with links back to where it came from, and what it says now as data."""
    viewer = plain_api.roles["viewer"]
    book = opened(viewer.get("/reports/control.xlsx").data)
    pages = [target for target in links(book) if "://" in target]
    assert pages and all(page.startswith("http://localhost/") for page in pages)
    now = viewer.get("/reports/control/current?version=1").json
    assert (now["report"], now["version"]) == ("control", 1) and now["said"].endswith("nothing waits for you.")
    named = {cell["name"]: cell for cell in now["cells"]}
    assert named["control_tile_at_risk"] == {"name": "control_tile_at_risk", "format": "#,##0", "value": 0}
    assert {name for name in book.defined_names if name.startswith("control_")} == set(named)
    for table in now["tables"]:
        assert table["rows"] and all(len(row) == len(table["columns"]) for row in table["rows"])


def test_a_control_workbook_of_another_version(plain_api: Api) -> None:
    """ADD-4: refused with the way to the current one."""
    answer = plain_api.roles["viewer"].get("/reports/control/current?version=7")
    assert answer.status_code == 422 and answer.json["code"] == "report-other-version"
    assert "press Reports" in answer.json["detail"]


def test_the_control_workbook_is_not_handed_in(plain_api: Api) -> None:
    """ADD-4: although one of its lists has the headers of a template, it is refused, naming the button that is meant;
    whatever the caller says it is."""
    data = plain_api.admin.get("/reports/control.xlsx").data
    for query in ("", "?template=safety_stock"):
        answer = plain_api.admin.post(f"/uploads{query}", data={"file": (io.BytesIO(data), "control.xlsx")})
        assert answer.status_code == 422 and answer.json["code"] == "file-control-workbook", answer.text
        assert "Load current data" in answer.json["detail"]


def test_a_window_that_would_begin_before_the_first_year(plain_api: Api) -> None:
    """REP-2: an odd date is a report of nothing, never a 500."""
    for name in ("sales", "movements"):
        assert plain_api.roles["viewer"].get(f"/reports/{name}.xlsx?until=0001-01-02").status_code == 200
