"""Users, tokens, settings and the audit log over HTTP."""

from __future__ import annotations

from sqlalchemy import select

from server.access.models import Token
from tests.support.http import Api, Client


def test_a_token_is_shown_once_and_works_until_revoked(api: Api) -> None:
    """SEC-1: API tokens per person, shown once."""
    user = api.admin.post("/users", json={"name": "Ann", "role": "manager"}).get_json()
    made = api.admin.post("/tokens", json={"name": "laptop", "user_id": user["id"], "scope": "viewer"})
    assert made.status_code == 201
    text, number = made.get_json()["token"], made.get_json()["id"]
    ann = Client(api.app, text)
    assert ann.get("/jobs").status_code == 200
    assert ann.patch("/settings", json={}).status_code == 403
    listed = api.admin.get(f"/tokens?user_id={user['id']}")
    assert text not in listed.text and listed.get_json()["items"][0]["prefix"] == text[:10]
    assert api.admin.delete(f"/tokens/{number}").get_json()["revoked_at"]
    assert ann.get("/jobs").status_code == 401


def test_a_users_role_changes_at_once(api: Api) -> None:
    number = api.admin.get("/users?name=VIEWER-user").get_json()["items"][0]["id"]
    viewer = api.roles["viewer"]
    assert viewer.get("/users").status_code == 403
    assert api.admin.patch(f"/users/{number}", json={"role": "admin"}).status_code == 200
    assert viewer.get("/users").status_code == 403, "the token's own scope was viewer"
    assert api.admin.delete(f"/users/{number}").get_json()["active"] is False
    assert viewer.get("/jobs").status_code == 401


def test_a_tokens_last_use_is_written_behind_the_request(api: Api) -> None:
    for _ in range(3):
        api.roles["viewer"].get("/jobs")
    api.shared.token_uses.flush()
    with api.db.read() as session:
        used = session.scalars(select(Token.last_used_at)).all()
    assert sum(moment is not None for moment in used) == 1


def test_switches_are_turned_and_say_who(api: Api) -> None:
    """SEC-2: every change says who."""
    manager = api.roles["manager"]
    assert manager.get("/settings").get_json() == {
        "inventory_features": True,
        "allocate_on_stock_in": False,
        "create_sku_automatically": False,
    }
    answer = manager.patch("/settings", json={"allocate_on_stock_in": True})
    assert answer.get_json()["allocate_on_stock_in"] is True
    line = api.admin.get("/audit?action=setting.turn").get_json()["items"][0]
    assert (line["by"], line["subject"]) == ("manager-user", "allocate_on_stock_in")
    for wrong, status in (
        ({"colour": True}, 404),
        ({"allocate_on_stock_in": "yes"}, 422),
        ({"allocate_on_stock_in": 1}, 422),
    ):
        assert manager.patch("/settings", json=wrong).status_code == status


def test_all_switches_or_none(api: Api) -> None:
    manager = api.roles["manager"]
    assert manager.patch("/settings", json={"allocate_on_stock_in": True, "colour": True}).status_code == 404
    assert manager.get("/settings").get_json()["allocate_on_stock_in"] is False


def test_guessing_tokens_is_slowed_and_right_ones_still_work(plain_api: Api) -> None:
    """SEC-3: token failures are limited."""
    stranger = Client(plain_api.app, "sb_" + "A" * 43)
    answers = [stranger.get("/jobs") for _ in range(310)]
    assert [answer.status_code for answer in answers[:3]] == [401, 401, 401]
    assert answers[-1].status_code == 429 and int(answers[-1].headers["Retry-After"]) >= 1
    assert answers[-1].mimetype == "application/problem+json"
    assert plain_api.admin.get("/jobs").status_code == 200
