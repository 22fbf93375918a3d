"""A browser as far as tests of pages need one: keeps cookies, signs in, sends the forms that a page shows."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.access import passwords
from server.access.models import User
from server.access.roles import ROLES, Role
from server.db.session import Database
from tests.support.http import Api

PASSWORD = "correct horse battery"
_KEY = re.compile(r'name="form_key" value="([^"]+)"')


@dataclass
class Person:
    """Somebody at a browser."""

    app: Flask
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def get(self, path: str, *, follow: bool = True, **sent: Any) -> TestResponse:
        return self.client.get(path, follow_redirects=follow, **sent)

    def send(self, path: str, *, at: str = "/account", follow: bool = True, **fields: Any) -> TestResponse:
        """Send a form with these fields, with the key that the page `at` shows."""
        given = {"form_key": self.key(at), **fields}
        return self.client.post(path, data=given, follow_redirects=follow)

    def key(self, at: str) -> str:
        found = _KEY.search(self.get(at).text)
        return html.unescape(found[1]) if found else ""

    def sign_in(self, name: str, password: str = PASSWORD, *, follow: bool = True, **more: Any) -> TestResponse:
        return self.send("/sign-in", at="/sign-in", name=name, password=password, follow=follow, **more)

    def sign_in_by(self, token: str) -> TestResponse:
        return self.send("/sign-in", at="/sign-in", token=token)


def person(api: Api, role: Role = "admin") -> Person:
    """Somebody with that role, signed in by token."""
    made = Person(api.app)
    assert made.sign_in_by(api.roles[role].token).status_code == 200
    return made


def people(api: Api) -> dict[Role, Person]:
    """Somebody of each role, signed in."""
    return {role: person(api, role) for role in ROLES}


def give_password(db: Database, name: str, password: str = PASSWORD) -> None:
    """Let a user sign in by password."""
    kept = passwords.sealed(password, name=name)

    def work(session: Any) -> None:
        user = session.query(User).filter(User.name == name).one()
        passwords.keep(session, user, kept, by="test")

    db.write(work)


def text_of(answer: TestResponse) -> str:
    """What a page says, without tags, in single blanks."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
