"""The same request many times: one effect, one answer (P4)."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from flask import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from server.access.audit import audit
from server.access.models import AuditLine, User
from server.access.request_keys import Claim
from server.api.frame import Answer, Problem, needs, resource, services
from server.api.once import fingerprint_of, once_in_steps, request_content
from server.errors import Refused
from tests.support.http import Api

KEY = {"Idempotency-Key": "press-1"}


def _at_once(times: int, call: Callable[[], TestResponse]) -> list[TestResponse]:
    answers: list[TestResponse] = []
    begin = threading.Barrier(times)

    def one() -> None:
        begin.wait()
        answers.append(call())

    threads = [threading.Thread(target=one) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_thirty_at_once_have_one_effect_and_one_answer(api: Api) -> None:
    """WB-7: an Idempotency-Key already seen wins; its stored answer comes back."""
    answers = _at_once(30, lambda: api.admin.post("/users", json={"name": "Ann"}, headers=KEY))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    with api.db.read() as session:
        assert session.scalar(select(func.count()).select_from(User).where(User.name == "Ann")) == 1


def test_another_body_under_the_key_is_refused(api: Api) -> None:
    assert api.admin.post("/users", json={"name": "Ann"}, headers=KEY).status_code == 201
    answer = api.admin.post("/users", json={"name": "Ben"}, headers=KEY)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "key-reused")
    same = api.admin.post("/users", data=b'{ "name":"Ann" }', content_type="application/json", headers=KEY)
    assert same.status_code == 201


def test_a_refusal_leaves_the_key_free(api: Api) -> None:
    assert api.admin.post("/users", json={"name": "viewer-user"}, headers=KEY).status_code == 409
    assert api.admin.post("/users", json={"name": "Ann"}, headers=KEY).status_code == 201


def test_two_users_may_use_the_same_key(api: Api) -> None:
    api.admin.patch("/settings", json={"allocate_on_stock_in": True}, headers=KEY)
    assert api.roles["manager"].patch("/settings", json={"allocate_on_stock_in": False}, headers=KEY).status_code == 200


def test_without_a_key_each_request_counts(api: Api) -> None:
    for _ in range(2):
        assert api.roles["manager"].post("/jobs/none/run").status_code == 404
    assert api.admin.post("/users", json={"name": "Ann"}).status_code == 201
    assert api.admin.post("/users", json={"name": "Ann"}).status_code == 409


def _with_steps(api: Api, work: Callable[[Claim | None], Answer]) -> None:
    """A route of several transactions, beside the real ones."""
    steps = resource("steps", "Steps")

    @steps.post("/steps", responses={200: Problem})
    @needs("upload.apply")
    def post_steps() -> Response:
        return once_in_steps(work, fingerprint=fingerprint_of(request_content()))

    api.part().register_blueprint(steps)


def _effect(_claim: Claim | None) -> Answer:
    def work(session: Session) -> None:
        audit(session, "test", "test.effect", "x")

    services().db.write(work)
    return Answer(200, {"Content-Type": "application/json"}, b'{"done": true}')


def test_thirty_at_once_in_steps(api: Api) -> None:
    """P4: also where the work is not one transaction."""
    _with_steps(api, _effect)
    answers = _at_once(30, lambda: api.admin.post("/steps", json={}, headers=KEY))
    assert {(answer.status_code, answer.data) for answer in answers} == {(200, b'{"done": true}')}
    with api.db.read() as session:
        effects = select(func.count()).select_from(AuditLine).where(AuditLine.action == "test.effect")
        assert session.scalar(effects) == 1


class Died(BaseException):
    """As if the process had been killed: nobody tidies up."""


def test_work_that_broke_off_is_taken_over_at_once(api: Api) -> None:
    """P1: a retry after an unexpected problem need not wait for a lease, and knows to look what was done."""
    crashes = [True]

    def work(claim: Claim | None) -> Answer:
        if crashes:
            raise RuntimeError("broke off")
        assert claim is not None and claim.taken_over
        return _effect(claim)

    _with_steps(api, work)
    assert api.admin.post("/steps", json={}, headers=KEY).status_code == 500
    crashes.clear()
    assert api.admin.post("/steps", json={}, headers=KEY).status_code == 200


def test_a_claim_whose_worker_died_is_busy_then_taken_over(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    crashes = [True]

    def work(claim: Claim | None) -> Answer:
        if crashes:
            raise Died
        assert claim is not None and claim.taken_over
        return _effect(claim)

    _with_steps(api, work)
    monkeypatch.setattr("server.api.once.WAIT_SECONDS", 0.1)
    assert api.admin.post("/steps", json={}, headers=KEY).status_code == 500
    crashes.clear()
    waiting = api.admin.post("/steps", json={}, headers=KEY)
    assert (waiting.status_code, waiting.headers["Retry-After"]) == (409, "2")
    with api.db.engines.write.begin() as connection:
        connection.exec_driver_sql("UPDATE request_key SET lease_until = created_at")
    assert api.admin.post("/steps", json={}, headers=KEY).status_code == 200


def test_a_refusal_in_steps_leaves_the_key_free(api: Api) -> None:
    refusals = [True]

    def work(claim: Claim | None) -> Answer:
        if refusals:
            raise Refused("not now")
        return _effect(claim)

    _with_steps(api, work)
    assert api.admin.post("/steps", json={}, headers=KEY).status_code == 409
    refusals.clear()
    assert api.admin.post("/steps", json={}, headers=KEY).status_code == 200
