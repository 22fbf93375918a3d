"""Users, and what is written down of their changes."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from server.access.models import AuditLine
from server.access.users import change_user, create_user, user_named
from server.db.session import Database
from server.errors import Conflict, NotFound, Refused, WrongUse


def test_a_name_is_taken_whatever_its_case(db: Database) -> None:
    db.write(lambda s: create_user(s, "Anna Blum", role="viewer", by="test"))
    with pytest.raises(Conflict):
        db.write(lambda s: create_user(s, " ANNA BLUM ", role="viewer", by="test"))
    with db.read() as session:
        assert user_named(session, "anna blum").name == "Anna Blum"
        with pytest.raises(NotFound):
            user_named(session, "nobody")


@pytest.mark.parametrize(
    "name", ["", " ", "cli:root", "job:push", "schedule", "System", "news", "a\nb", "x" * 101, "-x"]
)
def test_nobody_may_look_like_the_system(db: Database, name: str) -> None:
    """SEC-2: `by` in the audit log can't be mistaken."""
    with pytest.raises(WrongUse):
        db.write(lambda s: create_user(s, name, role="viewer", by="test"))


def test_someone_remains_admin(db: Database) -> None:
    one = db.write(lambda s: create_user(s, "one", role="admin", by="test"))
    with pytest.raises(Refused):
        db.write(lambda s: change_user(s, one.id, active=False, by="test"))
    db.write(lambda s: create_user(s, "two", role="admin", by="test"))
    changed = db.write(lambda s: change_user(s, one.id, role="viewer", by="test"))
    assert changed.role == "viewer"
    with pytest.raises(NotFound):
        db.write(lambda s: change_user(s, 999, active=False, by="test"))


def test_someone_remains_admin_of_two_at_once(db: Database) -> None:
    """SEC-1: two admins who shut each other out at the same moment: one of them stays."""
    ids = [db.write(lambda s, name=name: create_user(s, name, role="admin", by="test")).id for name in ("one", "two")]  # type: ignore[misc]
    both = threading.Barrier(2)

    def shut_out(user_id: int) -> bool:
        both.wait()
        try:
            db.write(lambda s: (change_user(s, user_id, active=False, by="test"), time.sleep(0.1)))
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(shut_out, ids)) == [False, True]


def test_every_change_says_who(db: Database) -> None:
    """SEC-2"""
    user = db.write(lambda s: create_user(s, "one", role="admin", by="anna"))
    db.write(lambda s: create_user(s, "two", role="admin", by="anna"))
    db.write(lambda s: change_user(s, user.id, role="manager", by="ben"))
    with db.read() as session:
        columns = select(AuditLine.actor, AuditLine.action, AuditLine.subject, AuditLine.detail)
        lines = session.execute(columns.order_by(AuditLine.id)).all()
    assert [(line.actor, line.action, line.subject) for line in lines] == [
        ("anna", "user.create", "one"),
        ("anna", "user.create", "two"),
        ("ben", "user.change", "one"),
    ]
    assert lines[2].detail["before"]["role"] == "admin" and lines[2].detail["after"]["role"] == "manager"


@pytest.mark.parametrize("statement", ["UPDATE audit_line SET actor = 'x'", "DELETE FROM audit_line"])
def test_the_audit_log_can_not_be_edited(db: Database, statement: str) -> None:
    """SEC-2: the database itself refuses."""
    db.write(lambda s: create_user(s, "one", role="admin", by="anna"))
    with pytest.raises(DBAPIError):
        db.write(lambda s: s.execute(text(statement)))
