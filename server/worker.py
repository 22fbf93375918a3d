"""The job process put together: recovery at start, a ticker, a runner. `serve` runs one beside the web process."""

from __future__ import annotations

import logging
import os
import platform

from server.db.session import Database
from server.jobs.recovery import recover
from server.jobs.runner import Runner
from server.jobs.ticker import Ticker
from server.push.worker import PushWorker
from server.settings import Settings
from server.stores.connecting import connect
from server.sync.worker import NewsWorker

log = logging.getLogger(__name__)


def _owner(settings: Settings) -> str:
    """This process among those that send. The only server of a database frees at once what it had leased before it
    died; one of several leaves that to the lease, since the others may be alive."""
    return f"push@{platform.node()}" + (f":{os.getpid()}" if settings.several_machines else "")


class Worker:
    """Plans and runs jobs, tells the stores and hears from them, until it is stopped."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db, self._settings = db, settings
        self._runner = Runner(db, settings)
        self._ticker = Ticker(self._runner.tick)
        self._push = PushWorker(db, settings, connect=connect, owner=_owner(settings))
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
