"""What a new start says of uploads that still run (P1): a leftover is given up, one at work is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from server.access.users import create_user
from server.clock import now
from server.db.session import Database
from server.settings import Settings
from server.uploads import pipeline
from server.uploads.models import Upload
from server.uploads.pipeline import Request, Who
from server.uploads.sources import keep_rows

ROWS = {"template": "stock_in", "rows": [{"sku": "A", "quantity": 1}]}


@pytest.fixture
def settings(db: Database, tmp_path) -> Settings:
    return Settings(data_dir=tmp_path, database_url=db.url)


def received(db: Database, settings: Settings, who: Who) -> int:
    """An upload that its process is just beginning with."""
    return pipeline.receive(db, keep_rows(settings, ROWS), Request("apply"), who)


def status(db: Database, upload: int) -> str:
    with db.read() as session:
        return session.get_one(Upload, upload).status


def test_what_the_only_server_left_running_is_given_up(db: Database, settings: Settings) -> None:
    """P1: its threads died with it."""
    anna = db.write(lambda s: create_user(s, "anna", role="manager", by="test").id)
    upload = received(db, settings, Who("anna", anna))
    assert pipeline.recover(db, all_of_them=True) == 1
    assert status(db, upload) == "failed"


def test_a_command_that_is_at_work_is_left_alone(db: Database, settings: Settings) -> None:
    """P1: it runs in a process of its own; a server that starts meanwhile must not write it off."""
    upload = received(db, settings, Who("cli:anna"))
    assert pipeline.recover(db, all_of_them=True) == 0
    assert status(db, upload) == "running"


def test_a_command_that_died_is_given_up_when_its_lease_has_run_out(db: Database, settings: Settings) -> None:
    """P1: by the next start, or by retention."""
    upload = received(db, settings, Who("cli:anna"))
    db.write(lambda s: s.execute(update(Upload).values(lease_until=now() - timedelta(seconds=1))))
    assert pipeline.recover(db, all_of_them=False) == 1
    assert status(db, upload) == "failed"
