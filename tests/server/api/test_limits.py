"""How often one caller may fail."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import TooManyRequests

from server.api.limits import Limiter
from tests.support.http import Api, Client


def test_a_minute_later_it_may_try_again() -> None:
    at = [100.0]
    limiter = Limiter(3, now=lambda: at[0])
    for _ in range(3):
        limiter.count("10.0.0.1")
    limiter.count("10.0.0.2")
    with pytest.raises(TooManyRequests) as refused:
        limiter.count("10.0.0.1")
    assert refused.value.retry_after == 61
    at[0] += 60
    limiter.count("10.0.0.1")


def test_many_callers_cost_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.api.limits._MOST_CALLERS", 10)
    limiter = Limiter(1, now=lambda: 100.0)
    for number in range(1000):
        limiter.count(str(number))
    assert len(limiter._events) <= 10


def test_guessing_tokens_is_slowed_and_right_ones_still_work(plain_api: Api) -> None:
    """SEC-3: token failures are limited."""
    stranger = Client(plain_api.app, "sb_" + "A" * 43)
    answers = [stranger.get("/jobs") for _ in range(310)]
    assert [answer.status_code for answer in answers[:3]] == [401, 401, 401]
    assert answers[-1].status_code == 429 and int(answers[-1].headers["Retry-After"]) >= 1
    assert answers[-1].mimetype == "application/problem+json"
    assert plain_api.admin.get("/jobs").status_code == 200
