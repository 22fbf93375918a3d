"""What a request holds beside what its route takes is refused, never ignored."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from server.api.frame import needs_of
from tests.support.http import Api


def everywhere(api: Api) -> Iterator[tuple[str, str]]:
    """Method and path of every route that asks for a token; pages are for browsers."""
    for rule in api.app.url_map.iter_rules():
        declared = needs_of(api.app.view_functions[rule.endpoint])
        if declared is not None and declared.permission is not None and not declared.page:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, re.sub(r"<[^>]+>", "1", rule.rule)


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/stock?skuu=x", "there are sku, warehouse, q, as_of, after, limit"),
        ("/stock?skuu=x&sku=A", "there are sku, "),
        ("/templates?q=x", "there are after, limit"),
        ("/users/1?verbose=1", "it takes none"),
    ],
)
def test_an_unknown_parameter_is_named_with_those_there_are(plain_api: Api, path: str, there: str) -> None:
    """Whoever misspells a filter would take everything for what was asked for."""
    answer = plain_api.admin.get(path)
    assert (answer.status_code, answer.json["code"]) == (422, "wrong-request")
    wrong = path.partition("?")[2].partition("=")[0]
    assert answer.json["detail"].startswith(f"there is no parameter '{wrong}' here; {there}")
    assert [error["place"] for error in answer.json["errors"]] == [wrong]


def test_every_route_refuses_what_it_does_not_know(plain_api: Api) -> None:
    """By one hook: a new route cannot forget."""
    ignoring = []
    for method, path in everywhere(plain_api):
        answer = plain_api.admin.call(method, f"{path}?no_such_parameter=1")
        if answer.status_code != 422 or "no_such_parameter" not in answer.json["detail"]:
            ignoring.append((method, path, answer.status_code))
    assert ignoring == []
    assert len(list(everywhere(plain_api))) > 100


def test_every_route_refuses_fields_that_it_does_not_know(plain_api: Api) -> None:
    """Also those that take no body at all."""
    taking = []
    for method, path in everywhere(plain_api):
        if method in ("POST", "PUT", "PATCH") and path != "/uploads":  # rows have their own words for it
            answer = plain_api.admin.call(method, path, json={"no_such_field": 1})
            if answer.status_code != 422 or "no_such_field" not in answer.text:
                taking.append((method, path, answer.status_code, answer.text))
    assert taking == []


def test_every_list_may_be_asked_for_pages(plain_api: Api) -> None:
    """One page is all there is of some, and says so; a client pages through all lists alike."""
    for path in ("/templates", "/channels", "/jobs", "/skus/label-sheets", "/users"):
        answer = plain_api.admin.get(f"{path}?after=0&limit=1000")
        assert (answer.status_code, answer.json["next"]) == (200, None)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"name": "Ann",\n  "role": viewer}', "line 2, column 11, at 'v'"),
        (b'{"name": "Ann"', "breaks off at its end"),
        (b'{"name": "An', "line 1, column 10"),
        (b"   ", "the body is empty"),
        (b'{"name": "\xff"}', "not text in UTF-8"),
        (b'{"name": ' + b"9" * 5000 + b"}", "a number that is too long"),
        (b"name=Ann", "line 1, column 1, at 'n'"),
    ],
)
def test_what_is_no_json_is_said_in_plain_words(plain_api: Api, body: bytes, said: str) -> None:
    """With line and column; not in the words of the language this is written in."""
    answer = plain_api.admin.post("/users", data=body, content_type="application/json")
    assert answer.status_code == 400 and said in answer.json["detail"]
    assert "Expecting" not in answer.text and "char " not in answer.text


def test_an_empty_body_is_as_good_as_none(plain_api: Api) -> None:
    assert plain_api.admin.post("/inventory/refresh", json={}).status_code == 202


@pytest.mark.parametrize("title", ["#CLEAR", "#REF!", "####"])
def test_words_of_workbooks_stay_in_workbooks(plain_api: Api, title: str) -> None:
    """A program has null for an empty value and never saw a sheet."""
    answer = plain_api.admin.post("/skus", json={"sku": "A", "title": title})
    assert answer.status_code == 422
    assert all("#CLEAR" not in text for text in (answer.json["detail"], *(e["text"] for e in answer.json["errors"])))
