"""A program that runs wild is told to wait, and nobody else is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.db.session import Database
from server.settings import Settings
from server.uploads.running import Uploads
from server.uploads.sources import folder
from tests.factories import make_warehouse
from tests.support.http import Api, make_api
from tests.support.pages import person

ROWS = {"template": "stock_in", "rows": [{"sku": "A", "quantity": 1}]}
RULE = {"name": "All", "warehouses": ["MAIN"], "stores": [], "percentage": 100}


@pytest.fixture
def settings(db: Database, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, database_url=db.url, uploads_per_minute=2, previews_per_minute=2)


@pytest.fixture
def api(db: Database, settings: Settings) -> Api:
    made = make_api(db, settings)
    db.write(lambda session: make_warehouse(session, "MAIN", default=True))
    return made


def told_to_wait(answer: Any) -> bool:
    return answer.status_code == 429 and 1 <= int(answer.headers["Retry-After"]) <= 61


def test_uploads_are_limited_by_user(api: Api, settings: Settings) -> None:
    """SEC: 429 with Retry-After, and nothing of it is stored; other users hand in as before."""
    for _ in range(2):
        assert api.admin.post("/uploads", json=ROWS).status_code == 200
    refused = api.admin.post("/uploads", json=ROWS)
    assert told_to_wait(refused) and refused.json["code"] == "too-many-requests"
    assert len(list(folder(settings).iterdir())) == 2
    assert api.roles["manager"].post("/uploads", json=ROWS).status_code == 200


def test_previews_are_limited_by_user(api: Api) -> None:
    """PSH-12: each one works out what every store would show."""
    viewer = api.roles["viewer"]
    for _ in range(2):
        assert viewer.post("/push/preview", json=RULE).status_code != 429
    assert told_to_wait(viewer.post("/push/preview", json=RULE))
    assert api.admin.post("/push/preview", json=RULE).status_code != 429


def test_a_page_says_so_too(api: Api, settings: Settings) -> None:
    """WEB-1: the same turns, whichever way a user hands in."""
    for _ in range(2):
        assert api.roles["manager"].post("/uploads", json=ROWS).status_code == 200
    number = api.admin.get("/uploads").json["items"][0]["id"]
    manager = person(api, "manager")
    refused = manager.send(f"/uploads/{number}/again", at="/account", mode="apply")
    assert told_to_wait(refused) and "try again in" in refused.text


@pytest.mark.parametrize("number", [0, 600])
def test_0_is_no_limit(api: Api, settings: Settings, number: int) -> None:
    uploads = Uploads(api.db, replace(settings, uploads_per_minute=number))
    for _ in range(500):
        uploads.allow(1)
