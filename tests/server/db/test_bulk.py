from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.clock import now
from server.db.base import moment_for
from server.db.bulk import NUMBER, TEXT, insert_rows, relation
from server.db.session import Database
from server.errors import Refused
from server.switches.models import Switch


def test_a_relation_joins_with_values(db: Database) -> None:
    def work(session):
        with relation(session, {"key": TEXT, "n": NUMBER}, [("a", 1), ("b", 2)]) as r:
            return session.execute(select(r.c.key, r.c.n).order_by(r.c.n)).all()

    assert [tuple(x) for x in db.write(work)] == [("a", 1), ("b", 2)]
    with db.read() as session, relation(session, {"key": TEXT}, []) as r:
        assert session.execute(select(r.c.key)).all() == []


def test_a_refusal_within_leaves_the_transaction_usable(db: Database) -> None:
    def work(session):
        with pytest.raises(Refused), relation(session, {"n": NUMBER}, [(1,)]):
            raise Refused("short")
        with relation(session, {"key": TEXT}, [("a",)]) as r:
            return session.scalars(select(r.c.key)).all()

    assert db.write(work) == ["a"]


def test_rows_are_inserted_in_bulk(db: Database) -> None:
    rows = [(f"n{i}", "1", moment_for(db.dialect, now()), "me") for i in range(100)]
    db.write(lambda s: insert_rows(s, Switch, ("name", "value", "changed_at", "changed_by"), rows))
    with db.read() as session:
        assert len(session.scalars(select(Switch)).all()) == 100


def test_a_rivals_same_key_is_tried_again(db: Database) -> None:
    """Rows that go to the driver directly lose a race as any others do: the second try finds the rival's row."""
    begun = threading.Event()

    def make(session: Session, pause: float) -> bool:
        if session.get(Switch, "a") is not None:
            return False
        row = ("a", "1", moment_for(db.dialect, now()), "me")
        insert_rows(session, Switch, ("name", "value", "changed_at", "changed_by"), [row])
        begun.set()
        time.sleep(pause)
        return True

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(db.write, lambda session: make(session, 0.3))
        assert begun.wait(60)
        assert db.write(lambda session: make(session, 0)) is False
        assert first.result() is True
