"""A store's pace: how often its market may be called from this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from server.channels.errors import Throttled

#: the longest wait for one's turn; beyond it the caller is told when to come back
PACE_SECONDS = 10.0


class Bucket:
    """A pace: so many calls per second, some at once. One per store and kind of call, shared by all threads."""

    def __init__(
        self,
        per_second: float,
        burst: int = 1,
        *,
        timer: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._per_second = per_second
        self._burst = float(max(1, burst))
        self._timer = timer
        self._sleep = sleep
        self._lock = threading.Lock()
        self._level = self._burst
        self._at = timer()

    def take(self) -> None:
        """Wait for one's turn; `Throttled` at once when that would take longer than `PACE_SECONDS`."""
        with self._lock:
            now = self._timer()
            self._level = min(self._burst, self._level + max(0.0, now - self._at) * self._per_second)
            self._at = max(self._at, now)
            wait = max(0.0, (1 - self._level) / self._per_second) + max(0.0, self._at - now)
            if wait > PACE_SECONDS:
                raise Throttled("this store's calls are paced", retry_after=wait)
            # Taken before it is there: the next one in line waits for its own turn after this one.
            self._level -= 1
        if wait > 0:
            self._sleep(wait)

    def rest(self, seconds: float) -> None:
        """The market asked for a pause: nobody calls before it is over."""
        with self._lock:
            self._level = min(self._level, 0.0)
            self._at = max(self._at, self._timer() + seconds)


_buckets: dict[tuple[str, ...], Bucket] = {}
_buckets_lock = threading.Lock()


def bucket(key: tuple[str, ...], per_second: float, burst: int = 1) -> Bucket:
    """The process's bucket for a channel, store and kind of call: connectors are made per use, pace is not."""
    with _buckets_lock:
        return _buckets.setdefault((*key, str(per_second), str(burst)), Bucket(per_second, burst))
