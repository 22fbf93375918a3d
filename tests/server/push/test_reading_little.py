"""Looking for what to push reads what is due, not what has piled up; on SQLite, whose plans can be read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from server.db.session import Database
from server.outbox.causes import Cause
from server.push.evaluating import evaluate
from server.push.leasing import due_stores
from server.stores.mapping import map_many
from tests.factories import AT, make_sku, make_store, make_store_sku
from tests.support.statements import counted, plan_of


@pytest.fixture
def small(sqlite_url: str) -> Iterator[Database]:
    """A store that sells one SKU."""
    db = Database(sqlite_url)
    db.write(lambda s: make_store_sku(s, make_store(s), "a", make_sku(s, "A")))
    yield db
    db.close()


def test_pushes_refused_for_good_are_not_looked_through(small: Database) -> None:
    """PSH-10: they stay until retried by hand, and cost the others nothing."""
    with counted(small) as seen:
        small.write(lambda s: due_stores(s, at=AT))
    assert "USING INDEX ix_push_store_due" in plan_of(small, seen[-1])


def test_a_lost_mapping_is_found_from_the_unmapped_not_from_all_that_waits(small: Database) -> None:
    """PSH-6: after a large change every listing waits; each step of evaluating them must not read all of these."""
    small.write(lambda s: map_many(s, {1: None}, cause=Cause.MAPPING, by="test", at=AT))
    with counted(small) as seen:
        evaluate(small)
    sweeps = [one for one in seen if one.startswith(("DELETE FROM push ", "UPDATE push ")) and "IS NULL)" in one]
    assert len(sweeps) == 2
    for sweep in sweeps:
        assert "SCAN push" not in plan_of(small, sweep), sweep


def test_the_index_of_what_is_due_leaves_failed_ones_out(db: Database) -> None:
    """PSH-10: on both databases."""
    catalogue = "pg_indexes WHERE indexname" if db.dialect == "postgresql" else "sqlite_master WHERE name"
    column = "indexdef" if db.dialect == "postgresql" else "sql"
    with db.read() as session:
        made = session.scalar(text(f"SELECT {column} FROM {catalogue} = 'ix_push_store_due'"))
    assert "failed_at IS NULL" in made
