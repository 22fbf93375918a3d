"""Scheduled imports on pages: set up, tried, switched, changed, deleted; their secrets never shown (JOB-2, WEB-1)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.imports import flow
from server.imports.models import ImportFile
from server.imports.work import Work
from server.jobs.models import Run
from tests.support.filling import fill, template
from tests.support.http import Api
from tests.support.pages import Person, person, text_of

FOLDER = {
    "kind": "folder", "name": "night", "setting_path": "night", "pattern": "*.xlsx", "template": "", "mode": "apply",
    "quiet_seconds": "5", "every": "10", "unit": "minutes", "active": "yes", "acts_as": "",
}  # fmt: skip
SFTP = FOLDER | {"kind": "sftp", "name": "depot", "setting_host": "ftp.example.com", "setting_user": "shop"}


@pytest.fixture
def manager(plain: Api) -> Person:
    return person(plain, "manager")


def _made(who: Person, form: dict[str, str]) -> str:
    """The path of an import that was just set up."""
    page = who.send("/imports", **form)
    assert page.status_code == 200, text_of(page)
    return page.request.path


def test_from_set_up_to_its_first_files(shop: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """JOB-2, JOB-4: added on a page, looked into by a click; what it took is listed with the upload that it became."""
    monkeypatch.setattr(Work, "wait_until", lambda *_: None)
    manager = person(shop, "manager")
    assert "No place is watched yet" in manager.get("/imports").text
    path = _made(manager, FOLDER)
    page = text_of(manager.get(path))
    assert "looks every 10 minutes" in page and "in the name of manager-user" in page
    home = shop.shared.settings.import_folders[0] / "night"
    good = fill(template(shop.admin, "stock_in"), "stock_in", [{"sku": "MUG", "quantity": 4}])
    bad = fill(template(shop.admin, "stock_in"), "stock_in", [{"sku": "NOPE", "quantity": 4}])
    for name, content in (("good.xlsx", good), ("bad.xlsx", bad)):
        (home / name).write_bytes(content)
    started = manager.send(f"{path}/run", follow=False)
    assert started.status_code == 303 and started.headers["Location"].startswith("/jobs/runs/")
    flow.run(shop.db, shop.shared.settings, int(path.rsplit("/", 1)[1]), progress=lambda done, total, text: None)
    page = manager.get(path)
    assert "1 file taken, 1 failed" in text_of(page)
    for file in shop.db.write(lambda session: session.scalars(select(ImportFile)).all()):
        assert f'<a href="/uploads/{file.upload_id}">{file.name}</a>' in page.text and file.target in page.text
    listed = text_of(manager.get("/imports"))
    assert "night, *.xlsx: apply all rows, or none" in listed and "1 taken, 1 failed" in listed


def test_what_was_typed_stays_when_it_is_refused(manager: Person) -> None:
    """JOB-2: a wrong value is named, on the same form."""
    wrong = ({"setting_path": "/etc"}, {"name": " "}, {"every": "often"}, {"quiet_seconds": "99"}, {"acts_as": "ghost"})
    for change in wrong:
        page = manager.send("/imports", **{**FOLDER, "pattern": "mine*.xlsx", **change})
        assert page.status_code in (404, 422) and 'role="alert"' in page.text, change
        assert 'value="mine*.xlsx"' in page.text, change
    assert manager.send("/imports", **{**FOLDER, "kind": "pigeon"}).status_code == 404
    path = _made(manager, FOLDER)
    page = manager.send(path, **{**FOLDER, "pattern": "a/b", "every": "7"})
    assert page.status_code == 422 and 'value="a/b"' in page.text and "<details open>" in page.text
    assert manager.send("/imports", **FOLDER).status_code == 409


def test_changing_switching_deleting(plain: Api, manager: Person) -> None:
    """JOB-1, JOB-2: the job goes with it."""
    path = _made(manager, FOLDER)
    changed = {**FOLDER, "name": "evening", "mode": "validate", "again": "yes", "every": "2", "unit": "hours"}
    assert "It is saved." in manager.send(path, **changed).text
    (shown,) = plain.admin.get("/imports").json["items"]
    assert (shown["name"], shown["mode"], shown["again"], shown["every_seconds"]) == ("evening", "validate", True, 7200)
    assert shown["active"] and "It is off" in manager.send(f"{path}/active", on="no").text
    assert not plain.admin.get("/imports").json["items"][0]["active"]
    assert "looks by itself" in manager.send(f"{path}/active", on="yes").text
    assert "The import is gone." in manager.send(f"{path}/delete").text
    assert plain.admin.get("/imports").json["items"] == [] and manager.get(path).status_code == 404
    assert "import evening" not in manager.get("/jobs").text
    assert {manager.send(f"{path}{what}", **FOLDER).status_code for what in ("", "/active", "/run", "/delete")} == {404}


def test_secrets_are_never_shown(plain: Api, manager: Person) -> None:
    """CH-6, SEC-1: an admin gives them, and only that they are set is told; what is left empty stays."""
    admin = person(plain)
    secret: dict[str, Any] = {"secret_password": "correct horse"}
    path = _made(admin, {**SFTP, **secret})
    page = admin.get(path)
    assert "horse" not in page.text and page.text.count(">set</span>") == 1 and page.text.count(">not set</span>") == 1
    assert admin.send(path, **{**SFTP, "setting_path": "out"}).status_code == 200
    assert plain.admin.get("/imports").json["items"][0]["secrets"] == {"password": True, "private_key": False}
    seen = manager.get(path).text
    assert "secret_password" not in seen and "an admin sets it; it is set" in seen
    elsewhere = manager.send(path, **{**SFTP, "setting_path": "out", "setting_host": "elsewhere.example.com"})
    assert elsewhere.status_code == 403 and "admin" in text_of(elsewhere)


def test_a_manager_cannot_give_a_secret(plain: Api, manager: Person) -> None:
    """SEC-1: a field that was not offered says nothing."""
    path = _made(manager, {**SFTP, "secret_password": "smuggled"})
    assert manager.get(path).status_code == 200
    assert plain.admin.get("/imports").json["items"][0]["secrets"] == {"password": False, "private_key": False}


def test_a_viewer_only_looks(plain: Api, manager: Person) -> None:
    """SEC-1: what one may not do is not offered, and refused all the same."""
    path = _made(manager, FOLDER)
    viewer = person(plain, "viewer")
    for page in (viewer.get("/imports").text, viewer.get(path).text):
        assert "night" in page and "Look now" not in page and "Add an import" not in page and "Delete" not in page
    assert viewer.get("/imports/new").status_code == 403
    assert viewer.send(f"{path}/run").status_code == viewer.send(f"{path}/delete").status_code == 403


def test_every_kind_has_its_fields(manager: Person) -> None:
    """JOB-2: folder, FTP, SFTP and S3-like, each with what it needs."""
    fields = {"folder": "setting_path", "ftp": "setting_host", "sftp": "setting_host_key", "s3": "setting_bucket"}
    for kind, field in fields.items():
        page = manager.get(f"/imports/new?kind={kind}").text
        assert f'name="{field}"' in page and 'value="manager-user"' in page
    assert manager.get("/imports/new?kind=pigeon").status_code == 404


def test_a_place_that_is_away_says_so(plain: Api, manager: Person) -> None:
    """JOB-1: the last round's error stands on the list and on the import's own page."""
    path = _made(manager, FOLDER)
    manager.send(f"{path}/run")

    def fail(session: Session) -> None:
        run = session.scalars(select(Run)).one()
        run.state, run.error, run.started_at, run.ended_at = "failed", "the share is away", run.due_at, run.due_at

    plain.db.write(fail)
    assert "The share is away." in manager.get("/imports").text and "The share is away." in manager.get(path).text
