"""The API over a test database: an application, and a client for each role."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from server.access import tokens, users
from server.access.roles import ROLES, Role
from server.api.frame import Services
from server.api.token_uses import TokenUses
from server.app import Application, create_app
from server.db.session import Database
from server.jobs.service import prepare
from server.settings import Settings
from server.uploads.running import Uploads


@dataclass
class Client:
    """Calls the API with one token; without one if it is empty."""

    app: Application
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

    app: Application
    db: Database
    shared: Services
    roles: dict[Role, Client]

    @property
    def admin(self) -> Client:
        return self.roles["admin"]

    def part(self) -> Application:
        """From now on an application of its own, to which a test may add routes."""
        self.app = create_app(self.shared)
        for client in self.roles.values():
            client.app = self.app
        return self.app

    @property
    def nobody(self) -> Client:
        return Client(self.app)


_made: list[Application] = []


def application(shared: Services) -> Application:
    """What `create_app` makes. The routes, which take longer to put together than most tests do, are those of all
    tests; what they work on is each test's own."""
    if not _made:
        _made.append(create_app(shared))
    app = copy(_made[0])
    app.extensions = {}
    app.share(shared)
    app._got_first_request = True  # refuses more routes: other tests would have them too
    return app


def make_api(db: Database, settings: Settings) -> Api:
    """An application over `db` with a user and a token for each role; ready."""
    shared = Services(db=db, settings=settings, token_uses=TokenUses(db), uploads=Uploads(db, settings))
    app = application(shared)
    texts: dict[Role, str] = {}

    def fill(session: Any) -> None:
        prepare(session)
        for role in ROLES:
            user = users.create_user(session, f"{role}-user", role=role, by="test")
            texts[role] = tokens.create_token(session, user, "test", by="test").text

    db.write(fill)
    shared.ready.set()
    return Api(app, db, shared, {role: Client(app, text) for role, text in texts.items()})
