"""The API over a test database: an application, and a client for each role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from server.access import tokens, users
from server.access.roles import ROLES, Role
from server.api.frame import Services
from server.api.token_uses import TokenUses
from server.app import create_app
from server.db.session import Database
from server.jobs.service import prepare
from server.settings import Settings
from server.uploads.running import Uploads


@dataclass
class Client:
    """Calls the API with one token; without one if it is empty."""

    app: Flask
    token: str = ""

    def call(self, method: str, path: str, **sent: Any) -> TestResponse:
        """`path` below /api/v1, or absolute for what stands outside."""
        headers = dict(sent.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        url = path if path.startswith(("/healthz", "/readyz", "/metrics", "/api/")) else f"/api/v1{path}"
        return self.app.test_client().open(url, method=method, headers=headers, **sent)

    def get(self, path: str, **sent: Any) -> TestResponse:
        return self.call("GET", path, **sent)

    def post(self, path: str, **sent: Any) -> TestResponse:
        return self.call("POST", path, **sent)

    def patch(self, path: str, **sent: Any) -> TestResponse:
        return self.call("PATCH", path, **sent)

    def delete(self, path: str, **sent: Any) -> TestResponse:
        return self.call("DELETE", path, **sent)


@dataclass
class Api:
    """The application with a client per role and one without a token."""

    app: Flask
    db: Database
    shared: Services
    roles: dict[Role, Client]

    @property
    def admin(self) -> Client:
        return self.roles["admin"]

    @property
    def nobody(self) -> Client:
        return Client(self.app)


def make_api(db: Database, settings: Settings) -> Api:
    """An application over `db` with a user and a token for each role; ready."""
    shared = Services(db=db, settings=settings, token_uses=TokenUses(db), uploads=Uploads(db, settings))
    app = create_app(shared)
    texts: dict[Role, str] = {}

    def fill(session: Any) -> None:
        prepare(session)
        for role in ROLES:
            user = users.create_user(session, f"{role}-user", role=role, by="test")
            texts[role] = tokens.create_token(session, user, "test", by="test").text

    db.write(fill)
    shared.ready.set()
    return Api(app, db, shared, {role: Client(app, text) for role, text in texts.items()})
