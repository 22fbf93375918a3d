"""Stores worked on side by side, one thread for each at a time: one that is slow or dead never holds up another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

#: Stores talked to at once. Those that failed last time share a few threads of their own, so that however many of them
#: hang, a store that answers never waits for one that does not.
HEALTHY, SUSPECT = 8, 4

Done = TypeVar("Done")


class SideBySide(Generic[Done]):
    """Threads that do `work(store_id)`, which must raise nothing; one per store at a time."""

    def __init__(self, work: Callable[[int], Done], *, name: str) -> None:
        self._work = work
        #: Set once no more is to be started; `work` may look at it to come to an end.
        self.stopping = threading.Event()
        self._busy: set[int] = set()
        self._guard = threading.Lock()
        self._healthy = ThreadPoolExecutor(HEALTHY, name)
        self._suspect = ThreadPoolExecutor(SUSPECT, f"{name}-suspect")

    def dispatch(self, stores: Iterable[tuple[int, bool]]) -> list[Future[Done]]:
        """Start on those of `stores` that are not being worked on; each with whether it failed the last time."""
        started = []
        for store_id, suspect in stores:
            with self._guard:
                if store_id in self._busy or self.stopping.is_set():
                    continue
                self._busy.add(store_id)
            started.append((self._suspect if suspect else self._healthy).submit(self._run, store_id))
        return started

    def close(self) -> None:
        """Finish what is under way, start no more."""
        self.stopping.set()
        self._healthy.shutdown(cancel_futures=True)
        self._suspect.shutdown(cancel_futures=True)

    def _run(self, store_id: int) -> Done:
        try:
            return self._work(store_id)
        finally:
            with self._guard:
                self._busy.discard(store_id)
