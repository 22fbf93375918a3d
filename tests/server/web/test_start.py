"""The start page in its two forms: with figures in the demo, without any elsewhere."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import event

from server.web.words import ago
from tests.support.filling import applied
from tests.support.http import Api

PARTS = ("/start/figures", "/start/templates/stock_in.xlsx", "/start/uploads/1/result.xlsx")


def test_closed_it_shows_no_data_at_all(api: Api) -> None:
    """SEC-1: without the demo's flag it leads to where people sign in, and everything behind it is not there."""
    browser = api.app.test_client()
    page = browser.get("/", follow_redirects=True)
    assert page.status_code == 200 and page.request.path == "/sign-in" and "token create" in page.text
    assert "Gift box" not in page.text and "MUG" not in page.text
    assert [browser.get(part).status_code for part in PARTS] == [404, 404, 404]


def test_in_full_it_shows_stock_uploads_and_templates(full: Flask) -> None:
    page = full.test_client().get("/").text
    row = re.search(r"<tr>\s*<th scope=\"row\"><span class=\"code\">MUG</span>.*?</tr>", page, re.DOTALL)
    assert row is not None and re.findall(r">(\d+)</td>", row[0]) == ["9", "9"]
    assert page.count("/start/templates/") >= 11
    assert "/start/uploads/1/result.xlsx" in page


def test_a_combination_shows_what_its_components_allow(full: Flask) -> None:
    """CAT-6: two mugs each, nine mugs: four sets."""
    page = full.test_client().get("/start/figures").text
    row = re.search(r"<span class=\"code\">SET</span>.*?</tr>", page, re.DOTALL)
    assert row is not None and re.findall(r">(\d*)</td>", row[0]) == ["", "4"]


def test_what_people_typed_is_shown_as_text(full: Flask) -> None:
    page = full.test_client().get("/").text
    assert "&lt;b&gt;Mug" in page and "<b>Mug" not in page


def test_nothing_is_written_into_the_page_that_the_policy_forbids(full: Flask) -> None:
    """The policy allows no script and no style but from here, so the page must not need any."""
    answer = full.test_client().get("/")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style| style=| on\w+=", answer.text)
    for name in re.findall(r"/start/static/[\w.]+", answer.text):
        assert full.test_client().get(name).status_code == 200


def test_templates_and_results_can_be_downloaded(full: Flask) -> None:
    browser = full.test_client()
    filled = openpyxl.load_workbook(
        io.BytesIO(browser.get("/start/templates/quantity_update.xlsx?with_data=true").data)
    )
    assert "MUG" in [cell.value for cell in filled["Quantity update"]["A"]]
    assert browser.get("/start/templates/no.xlsx").status_code == 404
    assert browser.get("/start/uploads/1/result.xlsx").status_code == 200
    assert browser.get("/start/uploads/987/result.xlsx").status_code == 404


@pytest.mark.parametrize("name", ["nothing.css", "../start.py", "..%2Fstart.py"])
def test_only_its_own_files_are_given_out(full: Flask, name: str) -> None:
    assert full.test_client().get(f"/start/static/{name}").status_code == 404


def test_the_number_of_statements_does_not_grow(api: Api, full: Flask) -> None:
    few = _statements(api, full)
    rows = [{"sku": f"PEN-{number}", "title": f"Pen {number}"} for number in range(40)]
    applied(api.admin, "sku_create", rows)
    assert 0 < _statements(api, full) == few


def _statements(api: Api, full: Flask) -> int:
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(api.db.engines.read, "before_cursor_execute", note)
    full.test_client().get("/start/figures")
    event.remove(api.db.engines.read, "before_cursor_execute", note)
    return len(seen)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s ago"), (59, "59 s ago"), (61, "1 min ago"), (7200, "2 h ago"), (300_000, "3 days ago")],
)
def test_how_long_ago(seconds: int, said: str) -> None:
    at = datetime(2026, 5, 4, tzinfo=UTC)
    assert ago(at - timedelta(seconds=seconds), at) == said
