"""Scheduled imports over the API: who may, what is refused, and that secrets never come back (JOB-2, SEC-1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.db.session import Database
from server.settings import Settings
from tests.support.http import Api, make_api

FTP = {"name": "far", "kind": "ftp", "settings": {"host": "ftp.example.com"}}


@pytest.fixture
def api(db: Database, tmp_path: Path) -> Api:
    """An empty one."""
    return make_api(db, Settings(data_dir=tmp_path / "data"))


def test_add_change_list_remove(api: Api) -> None:
    """JOB-2: what is left out has sensible values; a secret is only ever said to be set."""
    body = {**FTP, "settings": {**FTP["settings"], "password": "correct horse"}}
    added = api.admin.post("/imports", json=body)
    assert added.status_code == 201, added.text
    shown = added.json
    assert (shown["acts_as"], shown["mode"], shown["pattern"], shown["every_seconds"]) == (
        "admin-user", "validate", "*", 300,
    )  # fmt: skip
    assert (shown["settings"], shown["secrets"]) == ({"host": "ftp.example.com"}, {"password": True})
    changed = api.admin.patch(f"/imports/{shown['id']}", json={"settings": {"password": None, "path": "in"}})
    assert (changed.json["settings"]["path"], changed.json["secrets"]) == ("in", {"password": False})
    assert api.admin.get("/imports?name=FAR").json["items"] == [changed.json]
    assert api.admin.get(f"/imports/{shown['id']}").json == changed.json
    assert api.admin.get(f"/imports/{shown['id']}/files").json["items"] == []
    assert api.admin.delete(f"/imports/{shown['id']}").json == changed.json
    assert api.admin.get(f"/imports/{shown['id']}").status_code == 404
    assert "horse" not in "".join(one.text for one in (added, changed, api.admin.get("/audit")))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"kind": "folder", "settings": {}}, "path"),
        ({"kind": "folder", "settings": {"path": "/etc"}}, "path"),
        ({"kind": "folder", "settings": {"path": "../../elsewhere"}}, "path"),
        ({"settings": {"host": "x", "colour": "red"}}, "colour"),
        ({"settings": {"host": "x", "port": 70000}}, "port"),
        ({"settings": {"host": ["x"]}}, "host"),
        ({"settings": {"host": "x\ny"}}, "host"),
        ({"settings": {"host": "ftp.example.com:2121"}}, "host"),
        ({"settings": {"host": "ftp://ftp.example.com"}}, "host"),
        ({"name": "a/b"}, "name"),
        ({"pattern": "../*"}, "pattern"),
        ({"pattern": " , "}, "pattern"),
        ({"template": "no_such"}, "template"),
    ],
)
def test_what_cannot_be(api: Api, change: dict[str, object], field: str) -> None:
    """Each wrong value is refused in words that name it."""
    answer = api.admin.post("/imports", json={**FTP, **change})
    assert (answer.status_code, answer.json["facts"]["field"]) == (422, field), answer.text
    assert api.admin.get("/imports").json["items"] == []


def test_a_name_is_taken_once(api: Api) -> None:
    """Whatever its case."""
    assert api.admin.post("/imports", json=FTP).status_code == 201
    assert api.admin.post("/imports", json={**FTP, "name": "FAR"}).status_code == 409


def test_who_may(api: Api) -> None:
    """SEC-1: a manager adds imports, an admin gives their secrets; nobody acts as somebody who may do more."""
    manager = api.roles["manager"]
    assert api.roles["merchandiser"].post("/imports", json=FTP).status_code == 403
    with_secret = {**FTP, "settings": {"host": "ftp.example.com", "password": "x"}}
    assert manager.post("/imports", json=with_secret).status_code == 403
    assert manager.post("/imports", json={**FTP, "acts_as": "admin-user"}).status_code == 403
    assert manager.post("/imports", json=FTP).json["acts_as"] == "manager-user"
    sealed = api.admin.post("/imports", json={**with_secret, "name": "sealed", "acts_as": "manager-user"}).json["id"]
    elsewhere = {"settings": {"host": "mine.example.org"}}
    assert manager.patch(f"/imports/{sealed}", json=elsewhere).status_code == 403
    assert manager.patch(f"/imports/{sealed}", json={"pattern": "*.xlsx"}).status_code == 200
    admins = api.admin.post("/imports", json={**FTP, "name": "admins"}).json["id"]
    assert manager.patch(f"/imports/{admins}", json={"mode": "apply"}).status_code == 403
    assert manager.patch(f"/imports/{admins}", json={"active": False}).json["active"] is False
