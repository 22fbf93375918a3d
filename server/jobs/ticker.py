"""APScheduler as a clock and nothing else: schedules are rows, because its own job store must not be shared."""

from __future__ import annotations

from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler

EVERY_SECONDS = 1.0


class Ticker:
    """Calls `tick` every second from a thread of its own, never twice at once; late ticks become one."""

    def __init__(self, tick: Callable[[], object], *, every_seconds: float = EVERY_SECONDS) -> None:
        self._scheduler = BackgroundScheduler(daemon=True, timezone="UTC")
        self._scheduler.add_job(
            tick, "interval", seconds=every_seconds, misfire_grace_time=None, coalesce=True, max_instances=1
        )

    def start(self) -> None:
        """Begin; the first tick comes after one interval."""
        self._scheduler.start()

    def stop(self) -> None:
        """No further tick; waits for the one under way."""
        self._scheduler.shutdown(wait=True)
