"""How often one caller may fail or ask, per process: with N processes the limit is N times as high."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from server.errors import StockbookError

WINDOW_SECONDS = 60.0
_MOST_CALLERS = 10_000


class TooOften(StockbookError):
    """More within a minute than one caller may; nothing was looked at. Again in `retry_after` seconds."""

    code = "too-many-requests"

    def __init__(self, wait: int) -> None:
        super().__init__(f"too often; try again in {wait} seconds")
        self.retry_after = wait


class Limiter:
    """At most `per_minute` events of each caller within any minute; 0: any number."""

    def __init__(self, per_minute: int, *, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._now = per_minute, now
        self._lock = threading.Lock()
        self._events: dict[str, deque[float]] = {}

    def count(self, caller: str) -> None:
        """One more event. Raises `TooOften` past the limit."""
        if not self._per_minute:
            return
        at = self._now()
        with self._lock:
            if len(self._events) >= _MOST_CALLERS and caller not in self._events:
                self._forget(at)
            events = self._events.setdefault(caller, deque())
            while events and events[0] <= at - WINDOW_SECONDS:
                events.popleft()
            if len(events) >= self._per_minute:
                wait = int(events[0] + WINDOW_SECONDS - at) + 1
                raise TooOften(wait)
            events.append(at)

    def _forget(self, at: float) -> None:
        """Callers that have been quiet; all of them if none has, so that memory stays bounded."""
        lively = {name: events for name, events in self._events.items() if events[-1] > at - WINDOW_SECONDS}
        self._events = lively if len(lively) < _MOST_CALLERS else {}
