"""CH-7: a channel's rate is kept, by all threads together."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from server.channels.errors import Throttled
from server.channels.pacing import PACE_SECONDS, Bucket, bucket


@dataclass
class Time:
    """A clock that sleeping moves on."""

    now: float = 0.0
    naps: list[float] = field(default_factory=list)

    def timer(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


def _bucket(time: Time, per_second: float, burst: int = 1) -> Bucket:
    return Bucket(per_second, burst, timer=time.timer, sleep=time.sleep)


def test_calls_are_spread_over_time() -> None:
    """CH-7: ten calls at four a second take the time of nine."""
    time = Time()
    pace = _bucket(time, 4)
    for _ in range(10):
        pace.take()
    assert time.now == pytest.approx(9 / 4)


def test_a_burst_goes_at_once_and_then_the_pace_holds() -> None:
    time = Time()
    pace = _bucket(time, 2, burst=3)
    for _ in range(4):
        pace.take()
    assert time.naps == [0.5]


def test_who_waits_in_line_waits_longer_than_who_came_before() -> None:
    time = Time()
    naps: list[float] = []
    pace = Bucket(1, timer=time.timer, sleep=naps.append)  # nobody's sleep moves the clock: all come at once
    for _ in range(4):
        pace.take()
    assert naps == [1.0, 2.0, 3.0]


def test_a_long_wait_is_told_instead_of_slept() -> None:
    time = Time()
    pace = _bucket(time, 1 / 180)
    pace.take()
    with pytest.raises(Throttled) as raised:
        pace.take()
    assert raised.value.retry_after == pytest.approx(180)
    assert time.naps == []


def test_a_pause_asked_for_by_the_market_is_kept() -> None:
    time = Time()
    pace = _bucket(time, 100)
    pace.rest(5)
    pace.take()
    assert time.now == pytest.approx(5.01)
    pace.rest(PACE_SECONDS + 1)
    with pytest.raises(Throttled):
        pace.take()


def test_the_pace_outlives_the_connector() -> None:
    assert bucket(("test", "one"), 5) is bucket(("test", "one"), 5)
    assert bucket(("test", "one"), 5) is not bucket(("test", "two"), 5)
