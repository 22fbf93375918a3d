"""News that was handled is kept for a time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from server.channels.protocol import Hint
from server.clock import now
from server.db.session import Database
from server.jobs import catalogue
from server.jobs.kinds import JobContext
from server.settings import Settings
from server.sync import inbox
from server.sync.models import Inbox
from tests.factories import make_store


def handled_long_ago(db: Database, number: int) -> None:
    """News of a store, all handled but the newest."""
    store = db.write(lambda s: make_store(s, "Shop"))
    db.write(lambda s: inbox.keep(s, store, [Hint(f"d{each}", f"o{each}") for each in range(number)], b"{}"))
    old = update(Inbox).where(Inbox.delivery != f"d{number - 1}/o{number - 1}")
    db.write(lambda s: s.execute(old.values(handled_at=now() - timedelta(days=31))))


def test_news_is_forgotten_in_bites(db: Database) -> None:
    """Millions of them in one statement would hold up everybody who writes. What waits is never forgotten."""
    handled_long_ago(db, 6)
    bites = [db.write(lambda s: inbox.forget_old(s, 30, limit=2)) for _ in range(4)]
    assert bites == [2, 2, 1, 0]
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Inbox)) == 1


def test_retention_goes_on_until_nothing_is_left(db: Database, tmp_path: Path) -> None:
    """JOB-1: it counts what it forgot, and stops when it is told to."""
    handled_long_ago(db, 6)
    settings = Settings(data_dir=tmp_path)
    told: list[str] = []
    context = JobContext(
        db, settings, {}, "test", lambda _done, _all=None, text="": told.append(text), stopping=lambda: False
    )
    assert catalogue.retention(context) == {"news": 5}
    assert told == ["news"]
