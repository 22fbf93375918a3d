"""Runners over a test database, with jobs that do as the test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from server.db.session import Database
from server.jobs.catalogue import Catalogue, JobContext
from server.jobs.models import Job, Run
from server.jobs.runner import Runner
from server.jobs.service import prepare
from server.settings import Settings


@dataclass
class Bench:
    """A catalogue to fill, runners over it, and what is in the database."""

    db: Database
    settings: Settings
    catalogue: Catalogue = field(default_factory=Catalogue)
    runners: list[Runner] = field(default_factory=list)

    def job(
        self,
        kind: str,
        function: Callable[[JobContext], dict[str, int]],
        *,
        every: int = 3600,
        active: bool = True,
        alone: bool = True,
    ) -> None:
        self.catalogue.register(
            kind, kind.title(), function, default_every_seconds=every, default_active=active, alone=alone
        )
        self.db.write(lambda session: prepare(session, self.catalogue))

    def runner(self, *, max_threads: int = 8, lease_seconds: float = 40) -> Runner:
        made = Runner(
            self.db,
            self.settings,
            catalogue=self.catalogue,
            max_threads=max_threads,
            lease=timedelta(seconds=lease_seconds),
        )
        self.runners.append(made)
        return made

    def runs(self) -> list[Run]:
        with self.db.read() as session:
            found = session.query(Run).order_by(Run.id).all()
            session.expunge_all()
        return found

    def jobs(self) -> list[Job]:
        with self.db.read() as session:
            found = session.query(Job).order_by(Job.id).all()
            session.expunge_all()
        return found


@pytest.fixture
def bench(db: Database, tmp_path: Path) -> Iterator[Bench]:
    """Both databases."""
    made = Bench(db, Settings(data_dir=tmp_path, database_url=db.url))
    yield made
    for runner in made.runners:
        runner.stop(within_seconds=2)
