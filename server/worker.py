"""The job process put together: recovery at start, a ticker, a runner. `serve` runs one beside the web process."""

from __future__ import annotations

import logging
from collections.abc import Callable

from server.db.session import Database
from server.jobs.recovery import recover
from server.jobs.runner import Runner
from server.jobs.ticker import Ticker
from server.processes import is_dead, new_name
from server.push.worker import PushWorker
from server.settings import Settings
from server.stores.connecting import connect
from server.sync.worker import NewsWorker

log = logging.getLogger(__name__)


def _is_dead(settings: Settings, mine: str) -> Callable[[str], bool]:
    """Whether another process that sent is known to be gone. One of several servers leaves that to the lease: machines
    may share a name, and a process elsewhere can't be asked whether it lives."""
    if settings.several_machines:
        return lambda _owner: False
    return lambda owner: is_dead(owner, mine)


class Worker:
    """Plans and runs jobs, tells the stores and hears from them, until it is stopped."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db, self._settings = db, settings
        self._runner = Runner(db, settings)
        self._ticker = Ticker(self._runner.tick)
        name = new_name()
        self._push = PushWorker(db, settings, connect=connect, owner=name, is_dead=_is_dead(settings, name))
        self._news = NewsWorker(db, settings)

    def start(self) -> None:
        """Take up what was left, then tick."""
        recover(self._db, self._settings, self._runner.owner)
        self._ticker.start()
        self._push.start()
        self._news.start()
        log.info("jobs run as %s", self._runner.owner)

    def stop(self) -> None:
        """No new runs; those under way come to an end or wait for the next start."""
        self._ticker.stop()
        self._runner.stop()
        self._news.stop()
        self._push.stop()
