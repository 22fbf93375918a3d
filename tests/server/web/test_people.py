"""Users, their passwords and tokens, on pages for admins; and stores."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import update

from server.stores.models import Store
from tests.server.orders.desk import Desk
from tests.support.http import Api, Client
from tests.support.pages import PASSWORD, Person, person, text_of


@pytest.fixture
def admin(plain: Api) -> Person:
    return person(plain, "admin")


def test_someone_new_with_a_password(plain: Api, admin: Person) -> None:
    """SEC-1: made here, signs in there."""
    page = admin.send("/people", name="Bob", role="manager")
    assert "Bob is there now" in page.text
    assert "Bob has a new password" in admin.send(f"{page.request.path}/password", password=PASSWORD).text
    bob = Person(plain.app)
    assert "Bob manager" in text_of(bob.sign_in("bob"))
    assert bob.get("/people").status_code == 403
    assert "signed in in 1 browser" in text_of(admin.get(page.request.path))
    admin.send(f"{page.request.path}/password", password="another one altogether")
    assert bob.get("/home").request.path == "/sign-in"


@pytest.mark.parametrize(("name", "role"), [("", "viewer"), ("ADMIN-USER", "viewer"), ("a:b", "viewer"), ("E", "king")])
def test_someone_who_cannot_be(admin: Person, name: str, role: str) -> None:
    page = admin.send("/people", name=name, role=role)
    assert page.status_code in (409, 422) and f'value="{name}"' in page.text


def test_another_role_and_shutting_out(plain: Api, admin: Person) -> None:
    """SEC-1: at once; and someone must remain who is an admin."""
    viewer = person(plain, "viewer")
    number = plain.admin.get("/users?name=viewer-user").get_json()["items"][0]["id"]
    assert "It is saved." in admin.send(f"/people/{number}", role="manager", active="yes").text
    assert viewer.get("/account").status_code == 200
    admin.send(f"/people/{number}", role="manager")
    assert viewer.get("/account").request.path == "/sign-in"
    me = plain.admin.get("/users?name=admin-user").get_json()["items"][0]["id"]
    refused = admin.send(f"/people/{me}", role="viewer", active="yes")
    assert refused.status_code == 409 and "someone must remain" in refused.text.lower()
    assert admin.get("/people/987").status_code == 404


def test_nobody_comes_back_in_unasked(plain: Api, admin: Person) -> None:
    """SEC-1: who may come in again after being shut out signs in anew: the old browser may have been a thief's."""
    viewer = person(plain, "viewer")
    number = plain.admin.get("/users?name=viewer-user").get_json()["items"][0]["id"]
    admin.send(f"/people/{number}", role="viewer")
    admin.send(f"/people/{number}", role="viewer", active="yes")
    assert viewer.get("/account").request.path == "/sign-in"


def test_a_token_is_shown_once_and_ended(plain: Api, admin: Person) -> None:
    """SEC-1"""
    number = plain.admin.get("/users?name=viewer-user").get_json()["items"][0]["id"]
    page = admin.send(f"/people/{number}/tokens", token_name="laptop", scope="", until="2999-01-01")
    [text] = re.findall(r"sb_[\w-]{43}", page.text)
    client = Client(plain.app, text)
    assert client.get("/jobs").status_code == 200
    shown = admin.get(f"/people/{number}").text
    assert text not in shown and text[:10] in shown and "2999-01-01" in shown
    token = plain.admin.get(f"/tokens?user_id={number}").get_json()["items"][-1]["id"]
    assert "The token laptop is ended." in admin.send(f"/people/tokens/{token}/revoke").text
    assert client.get("/jobs").status_code == 401
    wrong = admin.send(f"/people/{number}/tokens", token_name="old", until="2001-01-01", scope="viewer")
    assert wrong.status_code == 422 and 'value="old"' in wrong.text and 'value="2001-01-01"' in wrong.text


def test_a_short_password_is_refused(plain: Api, admin: Person) -> None:
    number = plain.admin.get("/users?name=viewer-user").get_json()["items"][0]["id"]
    page = admin.send(f"/people/{number}/password", password="short")
    assert page.status_code == 422 and "10 to 200" in page.text and "short" not in re.sub("too short", "", page.text)


# -- stores -----------------------------------------------------------------------------------------------------------


def test_a_store_and_its_state(plain: Api, desk: Desk) -> None:
    """WEB-1: stores; off, on, and why one is not told."""
    manager = person(plain, "manager")
    listed = text_of(manager.get("/stores"))
    assert "3 listings, 1 unmapped" in listed
    path = f"/stores/{desk.store}"
    assert "It is off now." in manager.send(f"{path}/active", on="no").text
    assert ">off</span>" in manager.get("/stores").text
    assert "It is on again" in manager.send(f"{path}/active", on="yes").text
    plain.db.write(lambda s: s.execute(update(Store).values(needs_sign_in=True)))
    assert (
        "An admin can give it new ones." in text_of(manager.get(path))
        and "needs sign-in" in manager.get("/stores").text
    )
    assert manager.get("/stores/987").status_code == 404


def test_its_options(plain: Api, desk: Desk) -> None:
    manager = person(plain, "manager")
    path = f"/stores/{desk.store}"
    page = manager.send(f"{path}/options", on_cancel="return", shipped_outside="deduct", match_by="gtin")
    assert "Its options are saved." in page.text
    assert page.text.count("<option selected>return</option>") == 1
    assert manager.send(f"{path}/options", on_cancel="burn").status_code == 422


def test_secrets_go_in_and_never_come_out(plain: Api, desk: Desk) -> None:
    """CH-6: for admins; they end *needs sign-in*."""
    admin = person(plain, "admin")
    path = f"/stores/{desk.store}"
    [name] = re.findall(r'<input type="password" name="(\w+)"', admin.get(path).text)[:1]
    plain.db.write(lambda s: s.execute(update(Store).values(needs_sign_in=True)))
    page = admin.send(f"{path}/secrets", **{name: "very-secret-text"})
    assert "Its secrets are saved." in page.text and "very-secret-text" not in page.text
    assert "needs sign-in" not in page.text and ">set</span>" in page.text
    assert "Nothing was given." in admin.send(f"{path}/secrets").text
    assert 'type="password"' not in person(plain, "manager").get(path).text


def test_reading_a_store_leads_to_the_run(plain: Api, desk: Desk) -> None:
    merchandiser = person(plain, "merchandiser")
    page = merchandiser.send(f"/stores/{desk.store}/read", job="sync_orders")
    assert page.request.path.startswith("/jobs/runs/") and "sync_orders" in page.text
    assert merchandiser.send(f"/stores/{desk.store}/read", job="retention").status_code == 404


def test_no_store_yet(plain: Api) -> None:
    assert "No store yet" in person(plain, "viewer").get("/stores").text
