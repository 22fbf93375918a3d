"""Reports over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.api.reports import ReportQuery
from server.reports.catalogue import REPORTS
from tests.server.orders.desk import open_desk
from tests.support.http import Api
from tests.support.workbooks import opened

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
    assert [book["Inventory"].cell(4, column).value for column in (1, 5, 7)] == ["BLUE", "EAST", 2]
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
