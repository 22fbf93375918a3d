"""How often one caller may fail."""

from __future__ import annotations

import pytest

from server.access.limits import Limiter, TooOften


def test_a_minute_later_it_may_try_again() -> None:
    at = [100.0]
    limiter = Limiter(3, now=lambda: at[0])
    for _ in range(3):
        limiter.count("10.0.0.1")
    limiter.count("10.0.0.2")
    with pytest.raises(TooOften) as refused:
        limiter.count("10.0.0.1")
    assert refused.value.retry_after == 61
    at[0] += 60
    limiter.count("10.0.0.1")


def test_many_callers_cost_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.access.limits._MOST_CALLERS", 10)
    limiter = Limiter(1, now=lambda: 100.0)
    for number in range(1000):
        limiter.count(str(number))
    assert len(limiter._events) <= 10
