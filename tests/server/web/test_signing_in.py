"""Signing in and out in a browser: cookies, forms that carry a key, limits, what an outsider sees."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from server import clock
from server.access.models import SignIn
from server.web.frame import TRIES_PER_NAME
from server.web.guarding import local_path
from tests.support.http import Api
from tests.support.pages import PASSWORD, Person, give_password, person, text_of

NAME = "manager-user"


@pytest.fixture
def anna(plain: Api) -> Person:
    """Somebody with a password who is not signed in yet."""
    give_password(plain.db, NAME)
    return Person(plain.app)


def _cookies(answer: TestResponse) -> dict[str, str]:
    return {line.split("=", 1)[0]: line for line in answer.headers.getlist("Set-Cookie")}


def test_by_password(anna: Person) -> None:
    page = anna.sign_in(NAME.upper())
    assert page.status_code == 200 and page.request.path == "/home"
    assert "manager-user manager" in text_of(page) and "Sign out" in page.text
    assert "Set a password of your own" not in page.text


def test_what_the_cookie_allows(anna: Person) -> None:
    """SEC-3: HttpOnly, Lax, Secure everywhere but on this machine, a new one with each sign-in."""
    first = _cookies(anna.sign_in(NAME, follow=False))["stockbook"]
    assert "HttpOnly" in first and "SameSite=Lax" in first and "Secure" not in first and "Expires" not in first
    second = _cookies(Person(anna.app).sign_in(NAME, follow=False))["stockbook"]
    assert first.split(";")[0] != second.split(";")[0]
    elsewhere, key = Person(anna.app).client, "k" * 43
    elsewhere.set_cookie("stockbook_door", key)
    given = {"name": NAME, "password": PASSWORD, "form_key": key}
    answer = elsewhere.post("/sign-in", data=given, environ_overrides={"wsgi.url_scheme": "https"})
    assert "Secure" in _cookies(answer)["__Host-stockbook"] and "Path=/" in _cookies(answer)["__Host-stockbook"]


def test_a_planted_cookie_is_worth_nothing(anna: Person) -> None:
    """SEC-3: whoever knew the cookie from before the sign-in knows nothing after it."""
    anna.client.set_cookie("stockbook", "planted")
    anna.sign_in(NAME)
    kept = anna.client.get_cookie("stockbook")
    assert kept is not None and kept.value != "planted"
    assert Person(anna.app).get("/home", headers={"Cookie": "stockbook=planted"}).request.path == "/sign-in"


def test_signing_in_again_ends_the_one_before(anna: Person) -> None:
    anna.sign_in(NAME)
    before = anna.client.get_cookie("stockbook")
    assert before is not None
    other = Person(anna.app)
    other.client.set_cookie("stockbook", before.value)
    key = "k" * 43
    other.client.set_cookie("stockbook_door", key)
    other.client.post("/sign-in", data={"name": NAME, "password": PASSWORD, "form_key": key})
    stale = Person(anna.app)
    stale.client.set_cookie("stockbook", before.value)
    page = stale.get("/home")
    assert page.request.path == "/sign-in" and "signed out" in page.text


@pytest.mark.parametrize(("name", "password"), [(NAME, "wrong horse"), ("nobody", PASSWORD), ("viewer-user", PASSWORD)])
def test_what_does_not_fit_is_said_and_the_name_stays(anna: Person, name: str, password: str) -> None:
    page = anna.sign_in(name, password, next="/account")
    assert page.status_code == 401 and "This name and password do not fit" in page.text
    assert f'name="name" value="{name}"' in page.text and 'value="/account"' in page.text and password not in page.text
    assert anna.get("/home").request.path == "/sign-in"


def test_by_token_and_then_a_password_of_ones_own(plain: Api) -> None:
    """SEC-1: the first admin comes by the token and sets the password; there is no default one."""
    admin = Person(plain.app)
    page = admin.sign_in_by(plain.admin.token)
    assert page.request.path == "/home" and "Set a password of your own" in page.text
    set_it = admin.send("/account/password", password=PASSWORD, again=PASSWORD)
    assert "Your password is set" in set_it.text
    assert "Set a password of your own" not in admin.get("/home").text
    assert Person(plain.app).sign_in("admin-user").request.path == "/home"


def test_wrong_tokens(anna: Person) -> None:
    page = anna.sign_in_by("sb_" + "A" * 43)
    assert page.status_code == 401 and "not known here" in page.text


def test_guessing_is_slowed(anna: Person) -> None:
    """SEC-3: rate limits by name; 429 with Retry-After, and the right password is not tried either."""
    answers = [anna.sign_in(NAME, f"guess number {n}") for n in range(TRIES_PER_NAME + 1)]
    assert [answer.status_code for answer in answers] == [401] * TRIES_PER_NAME + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61 and "Too often" in answers[-1].text
    assert anna.sign_in(NAME).status_code == 429
    give_password(anna.app.extensions["stockbook"].db, "viewer-user")
    assert anna.sign_in("viewer-user").status_code == 200


def test_signing_out(anna: Person) -> None:
    anna.sign_in(NAME)
    cookie = anna.client.get_cookie("stockbook")
    assert cookie is not None
    page = anna.send("/sign-out")
    assert page.request.path == "/sign-in" and "You are signed out." in page.text
    assert anna.client.get_cookie("stockbook") is None
    back = Person(anna.app)
    back.client.set_cookie("stockbook", cookie.value)
    assert back.get("/home").request.path == "/sign-in"


def test_an_outsider_is_led_to_the_door_and_back(anna: Person) -> None:
    page = anna.get("/account?x=1")
    assert page.request.path == "/sign-in" and 'value="/account?x=1"' in page.text
    assert anna.sign_in(NAME, next="/account?x=1").request.path == "/account"
    assert anna.get("/sign-in").request.path == "/home"


def test_a_browser_that_keeps_no_cookie_is_told_why(anna: Person) -> None:
    """Over plain HTTP from elsewhere the cookie does not stay."""
    assert "needs HTTPS" in anna.get("/home?welcome=1").text


@pytest.mark.parametrize(
    "given", ["//evil.example", "https://evil.example", "/\\evil.example", "", "javascript:x", "/a\nb"]
)
def test_it_leads_nowhere_else(given: str) -> None:
    assert local_path(given) == "/home"


@pytest.mark.parametrize("fields", [{}, {"form_key": ""}, {"form_key": "x" * 64}])
def test_a_form_without_the_key_does_nothing(anna: Person, fields: dict[str, str]) -> None:
    """SEC-3: no other site's page can send a form in somebody's name."""
    anna.sign_in(NAME)
    answer = anna.client.post("/account/password", data={"password": "another one altogether", **fields})
    assert answer.status_code == 403 and "form is old" in answer.text
    answer = Person(anna.app).client.post("/sign-in", data={"name": NAME, "password": PASSWORD, **fields})
    assert answer.status_code == 403 and "stockbook" not in _cookies(answer)


def test_nor_with_the_key_from_another_site(anna: Person) -> None:
    anna.sign_in(NAME)
    sent = {"form_key": anna.key("/account")}
    answer = anna.client.post("/sign-out", data=sent, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_one_browsers_key_is_no_good_in_another(anna: Person) -> None:
    anna.sign_in(NAME)
    other = Person(anna.app)
    other.sign_in(NAME)
    assert other.client.post("/sign-out", data={"form_key": anna.key("/account")}).status_code == 403


def test_a_form_after_the_sign_in_has_ended(anna: Person) -> None:
    anna.sign_in(NAME)
    key = anna.key("/account")
    db = anna.app.extensions["stockbook"].db
    db.write(lambda session: session.execute(update(SignIn).values(ended_at=clock.now())))
    page = anna.client.post("/account/password", data={"form_key": key}, follow_redirects=True)
    assert page.request.path == "/sign-in" and "sign in again. Nothing was done." in text_of(page)
    assert '"next" value="/account"' in page.text


@pytest.mark.parametrize(
    ("sent_to", "stands_on"),
    [
        ("/orders?state=to_pack&store=A%20%26%20B", "/orders?state=to_pack&amp;store=A%20%26%20B"),
        ("/orders/7/warehouse", "/orders/7"),
        ("/pushes/now", "/pushes"),
        ("/people/tokens/3/revoke", "/people"),
        ("/sign-out", "/home"),
    ],
)
def test_whoever_signs_in_again_is_where_the_form_was(anna: Person, sent_to: str, stands_on: str) -> None:
    page = anna.client.post(sent_to, follow_redirects=True)
    assert page.request.path == "/sign-in" and f'"next" value="{stands_on}"' in page.text


def test_a_form_of_before_a_new_sign_in(anna: Person) -> None:
    """Two tabs: the one that is older is told so, and finds its way back."""
    anna.sign_in(NAME)
    page = anna.client.post("/orders?state=to_pack", data={"form_key": "of before"})
    assert page.status_code == 403 and "That form is old" in page.text and "not for you" not in page.text
    assert 'href="/orders?state=to_pack"' in page.text


def test_the_address_of_a_form_says_that_it_takes_one(anna: Person) -> None:
    anna.sign_in(NAME)
    page = anna.get("/orders/7/mapping", headers={"Accept": "text/html"})
    assert page.status_code == 405 and "takes a form only" in page.text and 'href="/orders/7"' in page.text


def test_going_back_after_signing_out_blames_no_cookie(anna: Person) -> None:
    """Whoever has come in leaves no address behind that tells of a browser without cookies."""
    assert anna.sign_in(NAME).request.full_path == "/home?"
    other = Person(anna.app)
    assert other.sign_in(NAME, next="/orders?state=to_pack").request.full_path == "/orders?state=to_pack"


def test_what_a_page_fetches_by_itself_does_not_keep_one_signed_in(anna: Person) -> None:
    """SEC-3: twelve hours without anybody, also where Home stays open."""
    anna.sign_in(NAME)
    db, before = anna.app.extensions["stockbook"].db, clock.now() - timedelta(hours=11)
    db.write(lambda session: session.execute(update(SignIn).values(used_at=before)))

    def used() -> list[object]:
        with db.read() as session:
            return list(session.scalars(select(SignIn.used_at)))

    assert anna.get("/home/figures", headers={"Sec-Fetch-Mode": "cors"}).status_code == 200 and used() == [before]
    anna.get("/home", headers={"Sec-Fetch-Mode": "navigate"})
    assert used() != [before]


def test_nothing_is_written_into_the_pages_that_the_policy_forbids(anna: Person) -> None:
    """SEC-3: the policy allows no script and no style but from here, so the pages must not need any."""
    pages = [anna.get("/sign-in"), anna.sign_in(NAME), anna.get("/account")]
    pages.append(anna.get("/no-such-page", headers={"Accept": "text/html"}))
    for page in pages:
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        assert page.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style| style=| on\w+=", page.text)
        for name in re.findall(r"/start/static/[\w.]+", page.text):
            assert anna.get(name).status_code == 200


def test_no_such_page(anna: Person) -> None:
    """People get a page with the way back, programs a problem."""
    lost = anna.get("/no-such-page", headers={"Accept": "text/html"})
    assert lost.status_code == 404 and lost.mimetype == "text/html" and "no such page" in lost.text
    assert anna.get("/api/v1/nothing", headers={"Accept": "text/html"}).mimetype == "application/problem+json"
    anna.sign_in(NAME)
    assert "Sign out" in anna.get("/no-such-page", headers={"Accept": "text/html"}).text


def test_a_page_fails_in_plain_words(anna: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    anna.sign_in(NAME)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr("server.web.home.overview", fail)
    page = anna.get("/home")
    assert page.status_code == 500 and "log has it under" in page.text and "secret inside" not in page.text


# -- one's own page ---------------------------------------------------------------------------------------------------


def test_another_password_takes_the_one_of_now(anna: Person) -> None:
    anna.sign_in(NAME)
    fields = {"password": "a lark in the morning", "again": "a lark in the morning"}
    assert anna.send("/account/password", old="wrong", **fields).status_code == 403
    assert anna.send("/account/password", old=PASSWORD, **fields | {"again": "else"}).status_code == 422
    assert anna.send("/account/password", old=PASSWORD, password="short", again="short").status_code == 422
    other = Person(anna.app)
    other.sign_in(NAME)
    assert "signed out of 1 other" in anna.send("/account/password", old=PASSWORD, **fields).text
    assert anna.get("/home").request.path == "/home" and other.get("/home").request.path == "/sign-in"
    assert Person(anna.app).sign_in(NAME, "a lark in the morning").status_code == 200


def test_signing_out_elsewhere(anna: Person, plain: Api) -> None:
    anna.sign_in(NAME)
    phone = Person(plain.app)
    phone.client.environ_base["HTTP_USER_AGENT"] = "<b>Phone</b>"
    phone.sign_in(NAME)
    page = anna.get("/account")
    assert "&lt;b&gt;Phone" in page.text and "<b>Phone" not in page.text
    [number] = re.findall(r"/account/sign-ins/(\d+)/end", page.text)
    assert person(plain, "admin").send(f"/account/sign-ins/{number}/end").status_code == 404
    assert "That browser is signed out." in anna.send(f"/account/sign-ins/{number}/end").text
    assert phone.get("/home").request.path == "/sign-in"
