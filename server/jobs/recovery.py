"""At start: whatever a crash left is finished, freed or refused before anybody is told that we are ready."""

from __future__ import annotations

import logging

from server.db.session import Database
from server.jobs import claiming
from server.jobs.service import prepare
from server.settings import Settings

log = logging.getLogger(__name__)


def recover(db: Database, settings: Settings, owner: str) -> None:
    """Jobs exist, and leases of dead processes are free, where one machine has the database to itself.

    With several machines a lease is left to run out: a process elsewhere can't be asked whether it lives.
    """
    db.write(prepare)
    if settings.several_machines:
        return
    freed = db.write(lambda session: claiming.free_dead(session, owner))
    if freed:
        log.info("%d runs that a crash left are taken up again", freed)
