"""What `write` leaves behind when the database fails it."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from sqlalchemy import func, null, select
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


def test_a_reading_session_sees_one_state(db: Database) -> None:
    """Several statements of one answer fit together, on both databases."""
    db.write(lambda session: make_warehouse(session, "A"))
    with db.read() as session:
        seen = session.scalars(select(Warehouse.code)).all()
        db.write(lambda other: make_warehouse(other, "B"))
        assert session.scalars(select(Warehouse.code)).all() == seen == ["A"]
    assert _count(db) == 2


def test_letters_are_lowered_alike(db: Database) -> None:
    """What is looked for without regard to case is found on both databases, in every alphabet."""
    db.write(lambda session: make_warehouse(session, "ÄRMEL"))
    with db.read() as session:
        assert session.scalar(select(func.lower(Warehouse.code))) == "ärmel"
        assert session.scalar(select(func.lower(null()))) is None
