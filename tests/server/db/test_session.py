"""What `write` leaves behind when the database fails it."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from server.db.session import Database
from server.errors import Busy
from server.places.models import Warehouse
from tests.factories import make_warehouse


def _count(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(Warehouse)) or 0


def test_a_commit_that_failed_leaves_a_database_that_can_be_written(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P1: a disk that was full for a moment costs that one transaction; no lock stays behind."""
    error = sqlite3.OperationalError if db.dialect == "sqlite" else psycopg.OperationalError

    def full(_connection: object) -> None:
        raise error("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(db.engines.write.dialect, "do_commit", full)
        with pytest.raises((OperationalError, Busy)):
            db.write(lambda session: make_warehouse(session, "LOST"))
    assert _count(db) == 0
    for code in ("A", "B"):
        db.write(lambda session, code=code: make_warehouse(session, code))
    assert _count(db) == 2
