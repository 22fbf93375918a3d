"""Every route declares who may use it, and holds to that (P10). The matrix is made from the route table."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from flask import Flask
from pydantic import BaseModel
from werkzeug.routing import Rule

from server.access.roles import ROLES, may
from server.api.frame import PREFIX, Needs, needs_of
from tests.support.http import Api, Client

#: Routes that take no token; a new one needs a reason in the code and a line here.
OPEN = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/v1/openapi.json",
    "/api/v1/docs",
    "/api/v1/docs/start.js",
    "/api/v1/docs/<name>",
    "/api/v1/webhooks/<int:id>",
    "/",
    "/start/figures",
    "/start/templates/<template>.xlsx",
    f"/start/uploads/<int(max={2**63 - 1}):id>/result.xlsx",
    "/start/static/<name>",
    "/sign-in",
    "/addin/manifest.xml",
    "/addin/<path:name>",
    "/addin/icons/<name>",
}


def _routes(app: Flask) -> Iterator[tuple[str, str, Rule, Needs | None]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, _filled(rule.rule), rule, needs_of(app.view_functions[rule.endpoint])


def _filled(rule: str) -> str:
    return re.sub(r"<[^>]+>", "987654321", rule)


def test_every_route_declares_a_permission(everything: Api) -> None:
    """SEC-1: a route without a rule answers nobody, and does not pass here."""
    assert [rule.rule for _, _, rule, declared in _routes(everything.app) if declared is None] == []


def test_only_these_routes_take_no_token(everything: Api) -> None:
    """SEC-1"""
    opened = {r.rule for _, _, r, declared in _routes(everything.app) if declared and declared.permission is None}
    assert opened <= OPEN
    for _, _, _, declared in _routes(everything.app):
        assert declared is not None and (declared.permission or declared.reason)


def test_the_matrix_of_roles_and_routes(everything: Api) -> None:
    """SEC-1 (P10): every route x every role, no token and a wrong token."""
    cells, holes = 0, []
    for method, path, _, declared in _routes(everything.app):
        assert declared is not None
        if declared.permission is None or declared.page:  # pages: tests/server/web/test_roles.py
            continue
        for name, client in _clients(everything):
            status = client.call(method, path).status_code
            expected_refusal = {"nobody": 401, "stranger": 401}.get(name)
            if expected_refusal is None:
                allowed = may(name, declared.permission)  # type: ignore[arg-type]
                wrong = status in (401, 403) if allowed else status != 403
            else:
                wrong = status != expected_refusal
            cells += 1
            if wrong or status >= 500:
                holes.append((method, path, name, status))
    assert holes == []
    assert cells >= 100


def _clients(api: Api) -> list[tuple[str, Client]]:
    stranger = Client(api.app, "sb_" + "A" * 43)
    return [*((role, api.roles[role]) for role in ROLES), ("nobody", api.nobody), ("stranger", stranger)]


def test_a_route_that_forgot_answers_nobody(everything: Api) -> None:
    """SEC-1: deny by default."""
    everything.part().add_url_rule("/api/v1/forgot", "forgot", lambda: "open")
    for _, client in _clients(everything):
        assert client.get("/forgot").status_code == 403


def test_every_route_is_described(everything: Api) -> None:
    """The OpenAPI document holds every route under /api/v1 that needs a token, with a summary."""
    described = everything.app.api_doc["paths"]
    missing = []
    for method, _, rule, declared in _routes(everything.app):
        if declared is None or declared.permission is None or declared.page or not rule.rule.startswith(PREFIX):
            continue
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        if not described.get(path, {}).get(method.lower(), {}).get("summary"):
            missing.append((method, path))
    assert missing == []


def test_operation_ids_are_unique(everything: Api) -> None:
    operations = [
        operation["operationId"] for path in everything.app.api_doc["paths"].values() for operation in path.values()
    ]
    assert len(operations) == len(set(operations))


def test_every_answer_is_described_by_its_own_model(everything: Api) -> None:
    """The description keys models by their class's name: of two with one name, one would be described as the other."""
    owners: dict[str, set[str]] = {}
    for view in everything.app.view_functions.values():
        for found in vars(inspect.getmodule(inspect.unwrap(view))).values():
            if inspect.isclass(found) and issubclass(found, BaseModel):
                owners.setdefault(found.__name__, set()).add(found.__module__)
    assert {name: modules for name, modules in owners.items() if len(modules) > 1} == {}


def test_every_route_says_what_it_answers(everything: Api) -> None:
    """P11: files too, by their kind."""
    paths = everything.nobody.get("/openapi.json").json["paths"]
    silent = [
        (method, path)
        for path, methods in paths.items()
        for method, one in methods.items()
        if "webhooks" not in path  # stores are told a status and nothing else
        and not any(code.startswith("2") and answer.get("content") for code, answer in one["responses"].items())
    ]
    assert silent == []
