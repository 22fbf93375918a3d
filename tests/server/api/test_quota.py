"""One user's files take so much and no more; old ones can be deleted, what came of them stays."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import select

from server import clock
from server.access.models import User
from server.db.session import Database
from server.errors import NotFound
from server.settings import Settings
from server.uploads import downloads, quota
from server.uploads.expiring import forget_files
from server.uploads.pipeline import Request, Who
from server.uploads.sources import folder, source_of
from tests.support.http import Api, Client, make_api

QUOTA = 400


@pytest.fixture
def api(db: Database, tmp_path: Path) -> Api:
    return make_api(db, Settings(data_dir=tmp_path, database_url=db.url, upload_quota_bytes=QUOTA))


def _hand_in(client: Client, sku: str, **more: str):
    content = f"SKU,Title\n{sku},{'x' * 100}\n".encode()
    return client.post("/uploads?template=sku_create", data={"file": (io.BytesIO(content), "new.csv")}, **more)


def _files(api: Api) -> int:
    return len(list(folder(api.shared.settings).iterdir()))


def test_the_file_that_is_too_many_is_refused(api: Api) -> None:
    """It names the limit, what is kept and what to do; nothing of it is kept; others have their own quota."""
    ours = api.roles["merchandiser"]
    done = [_hand_in(ours, f"A{number}").json for number in range(3)]
    assert [one["status"] for one in done] == ["validated"] * 3 and _files(api) == 3
    refused = _hand_in(ours, "A4")
    assert (refused.status_code, refused.json["code"]) == (507, "quota-full")
    assert "0.0 MB are allowed" in refused.json["detail"] and "Delete files of old uploads" in refused.json["detail"]
    assert refused.json["facts"]["limit"] == QUOTA and _files(api) == 3
    assert _hand_in(api.roles["manager"], "A4").status_code == 200


def test_deleting_a_file_makes_room(api: Api) -> None:
    """By its uploader or an admin; its rows are still shown, and downloading says that it is gone."""
    ours = api.roles["merchandiser"]
    numbers = [_hand_in(ours, f"A{number}").json["id"] for number in range(3)]
    kept = {item["id"]: item["kept_bytes"] for item in ours.get("/uploads").json["items"]}
    assert min(kept.values()) > 100
    assert api.roles["manager"].delete(f"/uploads/{numbers[0]}/file").status_code == 403
    assert ours.delete(f"/uploads/{numbers[0]}/file").json["kept_bytes"] == 0
    assert api.admin.delete(f"/uploads/{numbers[1]}/file").status_code == 200
    assert _files(api) == 1 and ours.get(f"/uploads/{numbers[0]}").json["rows"][0]["status"] == "ok"
    for method in ("GET", "DELETE"):
        gone = ours.call(method, f"/uploads/{numbers[0]}/file")
        assert gone.status_code == 404 and "no longer kept" in gone.json["detail"]
    assert _hand_in(ours, "A5").status_code == 200


def test_a_file_handed_in_again_stays_its_first_users(api: Api) -> None:
    """Whoever applies it from the history may neither download nor delete it, and it does not count for them."""
    ours, others = api.roles["merchandiser"], api.roles["manager"]
    first = _hand_in(ours, "A1").json["id"]
    with api.db.read() as session:
        stored = downloads.find_upload(session, first)
        other = session.scalars(select(User).where(User.role == "manager")).one()
    source = source_of(stored.stored_as, stored.filename, stored.template)
    again = api.shared.uploads.hand_in(source, Request("validate"), Who(other.name, other.id, "manager"))
    assert again.wait(30) and others.get(f"/uploads/{again.upload_id}").json["kept_bytes"] == 0
    for method in ("GET", "DELETE"):
        assert others.call(method, f"/uploads/{again.upload_id}/file").status_code == 403
    assert ours.get(f"/uploads/{again.upload_id}/file").status_code == 200
    assert ours.delete(f"/uploads/{first}/file").status_code == 200 and _files(api) == 0


def test_two_at_the_same_moment_share_the_quota(api: Api) -> None:
    """Whoever is second counts the first: room for three, four at once."""
    ours, together = api.roles["merchandiser"], Barrier(4)

    def hand_in(sku: str) -> int:
        together.wait()
        return int(_hand_in(ours, sku).status_code)

    with ThreadPoolExecutor(4) as threads:
        said = sorted(threads.map(hand_in, ["A1", "A2", "A3", "A4"]))
    assert (said, _files(api)) == ([200, 200, 200, 507], 3)


def test_a_file_handed_in_again_while_it_is_deleted_stays(api: Api) -> None:
    """Between the commit that drops it and the deleting itself somebody may have handed it in again."""
    ours, settings = api.roles["merchandiser"], api.shared.settings
    first = _hand_in(ours, "A1").json["id"]
    with api.db.read() as session:
        stored = downloads.find_upload(session, first)
        who = session.scalars(select(User).where(User.role == "merchandiser")).one()
    source = source_of(stored.stored_as, stored.filename, stored.template)
    api.db.write(lambda s: quota.drop_file(s, settings, downloads.find_upload(s, first), by="anna", at=clock.now()))
    again = api.shared.uploads.hand_in(source, Request("validate"), Who(who.name, who.id, "merchandiser"))
    api.db.write(lambda s: quota.forget_dropped(s, settings, downloads.find_upload(s, first)))
    assert again.wait(30) and ours.get(f"/uploads/{again.upload_id}/file").status_code == 200
    assert ours.delete(f"/uploads/{again.upload_id}/file").status_code == 200 and _files(api) == 0
    with pytest.raises(NotFound, match="no longer kept"):
        api.shared.uploads.hand_in(source, Request("validate"), Who(who.name, who.id, "merchandiser"))


def test_a_file_deleted_while_it_is_read(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """In words, not as an error of the disk."""
    number = _hand_in(api.admin, "A1").json["id"]

    def vanish(path: Path, *_: object, **__: object) -> bytes:
        path.unlink(missing_ok=True)
        raise FileNotFoundError(path)

    monkeypatch.setattr(downloads, "mark", vanish)
    gone = api.admin.get(f"/uploads/{number}/result.xlsx")
    assert gone.status_code == 404 and "no longer kept" in gone.json["detail"]


def test_what_expires_makes_room(api: Api) -> None:
    ours = api.roles["merchandiser"]
    for number in range(3):
        _hand_in(ours, f"A{number}")
    assert _hand_in(ours, "A4").status_code == 507
    with clock.frozen(clock.now() + timedelta(days=400)):
        assert forget_files(api.db, api.shared.settings) == 3
    assert _hand_in(ours, "A4").status_code == 200


def test_a_repeated_request_gets_its_answer_although_it_is_full(api: Api) -> None:
    """P1: what was done is told again."""
    ours = api.roles["merchandiser"]
    first = _hand_in(ours, "A0", headers={"Idempotency-Key": "one"})
    for number in (1, 2):
        _hand_in(ours, f"A{number}")
    assert _hand_in(ours, "A0", headers={"Idempotency-Key": "one"}).json == first.json


def test_without_a_quota_nothing_is_refused(db: Database, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=db.url, upload_quota_bytes=QUOTA)
    free = make_api(db, replace(settings, upload_quota_bytes=0))
    assert {_hand_in(free.admin, f"A{number}").status_code for number in range(5)} == {200}
