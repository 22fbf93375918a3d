"""Problems, safety headers, the description: what every route shares."""

from __future__ import annotations

import json

import pytest

from tests.support.http import Api, Client


def test_a_problem_is_rfc_9457_and_names_every_place(plain_api: Api) -> None:
    answer = plain_api.admin.post("/users", json={"name": "Ann", "role": "boss", "colour": "red"})
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    content = answer.get_json()
    assert {"type", "title", "status", "detail"} <= content.keys()
    assert {error["place"] for error in content["errors"]} == {"role", "colour"}


def test_an_unknown_page_and_a_wrong_method_are_problems(plain_api: Api) -> None:
    assert plain_api.admin.get("/nothing").mimetype == "application/problem+json"
    answer = plain_api.admin.call("PUT", "/users")
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
    assert "GET" in answer.headers["Allow"]


def test_an_unexpected_problem_shows_an_id_and_no_traceback(
    plain_api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr("server.access.users.create_user", broken)
    answer = plain_api.admin.post("/users", json={"name": "Ann"})
    assert answer.status_code == 500
    assert "secret inside" not in answer.text and "Traceback" not in answer.text
    assert answer.get_json()["id"] in caplog.text and "secret inside" in caplog.text


def test_what_is_not_even_an_exception_is_answered(plain_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    class Panic(BaseException):
        pass

    def broken(*_: object, **__: object) -> None:
        raise Panic

    monkeypatch.setattr("server.access.users.create_user", broken)
    assert plain_api.admin.post("/users", json={"name": "Ann"}).status_code == 500


def test_every_answer_has_safety_headers(plain_api: Api) -> None:
    """SEC-3"""
    for path in ("/users", "/docs", "/nothing", "/healthz"):
        answer = plain_api.admin.get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_another_host_name_is_refused(plain_api: Api) -> None:
    """SEC-3: a page elsewhere can't reach the server under a name of its own."""
    assert plain_api.admin.get("/users", headers={"Host": "evil.example"}).status_code == 400
    for host in ("localhost:8000", "127.0.0.1:8000", "[::1]:8000"):
        assert plain_api.admin.get("/users", headers={"Host": host}).status_code == 200


def test_a_large_body_is_refused_before_it_is_parsed(plain_api: Api) -> None:
    answer = plain_api.admin.post("/users", data=b"[" * 2_000_000, content_type="application/json")
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    assert "1,048,576 bytes" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"name=Ann", "application/x-www-form-urlencoded", 415),
        (b"[" * 200_000, "application/json", 400),
        (b'{"name": "A\\u0000nn"}', "application/json", 400),
        (b'{"name": "A\\ud800nn"}', "application/json", 400),
        (b'"Ann"', "application/json", 422),
        (b"[]", "application/json", 422),
        (b"", "application/json", 422),
        (b'{"name": ' + b"9" * 6000 + b"}", "application/json", 400),
    ],
)
def test_a_body_that_can_not_be_is_a_problem_not_a_crash(plain_api: Api, body: bytes, kind: str, status: int) -> None:
    answer = plain_api.admin.post("/users", data=body, content_type=kind)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text


def test_numbers_beyond_any_database_are_problems(api: Api) -> None:
    for path in (f"/users/{10**30}", f"/users?after={10**30}", "/users?limit=-1", "/users?name=%00"):
        assert api.admin.get(path).status_code in (400, 422), path


def test_the_description_tells_every_route(plain_api: Api) -> None:
    answer = plain_api.nobody.get("/openapi.json")
    content = answer.get_json()
    assert content["openapi"].startswith("3.1")
    assert "/api/v1/users/{id}" in content["paths"]
    references = set(_references(content))
    assert references <= set(content["components"]["schemas"])


def test_the_page_to_try_it_needs_nothing_from_elsewhere(plain_api: Api) -> None:
    page = plain_api.nobody.get("/docs")
    assert page.status_code == 200 and "http" not in page.text.replace("<!doctype html>", "")
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
        assert plain_api.nobody.get(f"/docs/{name}").status_code == 200
    assert plain_api.nobody.get("/docs/none.js").status_code == 404


def test_health_readiness_and_figures(plain_api: Api) -> None:
    nobody = plain_api.nobody
    assert nobody.get("/healthz").status_code == 200
    assert nobody.get("/readyz").status_code == 200
    nobody.call("MADEUP", "/skus")
    figures = nobody.get("/metrics").text
    assert "stockbook_requests_total" in figures
    assert 'method="other"' in figures and "MADEUP" not in figures  # strangers can't make figures without end
    plain_api.shared.ready.clear()
    assert nobody.get("/readyz").status_code == 503


def test_a_list_is_paged_by_cursor(plain_api: Api) -> None:
    first = plain_api.admin.get("/users?limit=3").get_json()
    assert len(first["items"]) == 3
    second = plain_api.admin.get(f"/users?limit=3&after={first['next']}").get_json()
    assert len(second["items"]) == 1 and second["next"] is None
    names = [user["name"] for user in first["items"] + second["items"]]
    assert names == ["viewer-user", "merchandiser-user", "manager-user", "admin-user"]


def _references(content: object) -> list[str]:
    text = json.dumps(content)
    return [part.split('"')[0] for part in text.split("#/components/schemas/")[1:]]


def test_a_client_without_a_token_is_told_how(plain_api: Api) -> None:
    answer = Client(plain_api.app).get("/users")
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer")
