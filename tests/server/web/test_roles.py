"""Every page holds to the permission it declares: made from the route table, so a new page is in it by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Flask

from server.access.declaring import Needs, needs_of
from server.access.roles import may
from server.web.pages import LINKS
from tests.support.http import Api
from tests.support.pages import Person, people


def _pages(app: Flask) -> Iterator[tuple[str, str, Needs]]:
    for rule in app.url_map.iter_rules():
        declared = needs_of(app.view_functions[rule.endpoint])
        if declared is not None and declared.page and declared.permission is not None:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, re.sub(r"<[^>]+>", "987654321", rule.rule), declared


def test_the_matrix_of_roles_and_pages(plain: Api) -> None:
    """SEC-1: every page x every role, and an outsider."""
    visitors, outsider, holes, cells = people(plain), Person(plain.app), [], 0
    keys = {role: visitor.key("/account") for role, visitor in visitors.items()}
    for method, path, declared in _pages(plain.app):
        if path == "/sign-out":
            continue
        assert declared.permission is not None
        for role, visitor in visitors.items():
            sent = {"data": {"form_key": keys[role]}} if method == "POST" else {}
            status = visitor.client.open(path, method=method, **sent).status_code
            cells += 1
            if (status == 403) == may(role, declared.permission) or status >= 500:
                holes.append((method, path, role, status))
        led = outsider.client.open(path, method=method)
        if led.status_code != 303 or not led.headers["Location"].startswith("/sign-in"):
            holes.append((method, path, "outsider", led.status_code))
    assert holes == []
    assert cells >= 40


def test_a_number_that_no_record_can_have(plain: Api) -> None:
    """Not found on both databases: one of them would take none so large."""
    admin, numbered = people(plain)["admin"], 0
    key = admin.key("/account")
    for rule in plain.app.url_map.iter_rules():
        if "<int" not in rule.rule or rule.rule.startswith("/api/"):
            continue
        for method in (rule.methods or set()) & {"GET", "POST"}:
            path = re.sub(r"<[^>]+>", str(2**63), rule.rule)
            sent = {"data": {"form_key": key}} if method == "POST" else {}
            assert admin.client.open(path, method=method, **sent).status_code == 404, (method, path)
            numbered += 1
    assert numbered >= 20


def test_no_form_without_its_key(plain: Api) -> None:
    """SEC-3: every form that changes something carries the key of the sign-in, or does nothing."""
    admin = people(plain)["admin"]
    for method, path, _ in _pages(plain.app):
        if method != "GET":
            answer = admin.client.open(path, method=method)
            assert answer.status_code == 403 and "form is old" in answer.text, path


def test_a_page_that_forgot_is_shown_to_nobody(plain: Api) -> None:
    """SEC-1: deny by default."""
    plain.part().add_url_rule("/forgot", "console_home.forgot", lambda: "open")
    for visitor in people(plain).values():
        assert visitor.get("/forgot").status_code == 403


def test_the_navigation_leads_to_what_one_may_see(plain: Api) -> None:
    for role, visitor in people(plain).items():
        page = visitor.get("/home").text
        for link in LINKS:
            shown = f'<a href="{link.path}"' in page
            assert shown == may(role, link.permission), (role, link.path)
            if shown:
                answer = visitor.get(link.path)
                assert answer.status_code == 200 and 'aria-current="page"' in answer.text, (role, link.path)
