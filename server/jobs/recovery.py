"""At start: whatever a crash left is finished, freed or refused before anybody is told that we are ready."""

from __future__ import annotations

import logging

from server import clock
from server.db.session import Database
from server.jobs import claiming
from server.jobs.catalogue import CATALOGUE
from server.jobs.service import prepare
from server.settings import Settings

log = logging.getLogger(__name__)


def recover(db: Database, settings: Settings, owner: str) -> None:
    """Jobs exist, leases of dead processes are free where one machine has the database to itself, and what is due at
    every start waits.

    With several machines a lease is left to run out: a process elsewhere can't be asked whether it lives.
    """
    db.write(prepare)
    if not settings.several_machines:
        freed = db.write(lambda session: claiming.free_dead(session, owner))
        if freed:
            log.info("%d runs that a crash left are taken up again", freed)
    at, kinds, alone = clock.now(), CATALOGUE.at_start, CATALOGUE.alone
    db.write(lambda session: claiming.plan_start(session, at=at, kinds=kinds, alone=alone))
