"""What a run says of a sync."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.db.session import Database
from server.errors import StockbookError
from server.jobs import catalogue
from server.jobs.kinds import JobContext
from server.settings import Settings
from server.sync.reading import Synced


def test_a_run_names_the_stores_that_could_not_be_read(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JOB-1: with the reason; the run fails only when no store could be read."""
    said: list[str] = []
    context = JobContext(
        db, Settings(data_dir=tmp_path), {}, "test", lambda _done, _all=None, text="": said.append(text)
    )

    def come_to(done: Synced) -> None:
        monkeypatch.setattr(catalogue.sync, "sync_orders", lambda *_, **__: done)

    come_to(Synced(stores=1, new=2, failed={"East": "asleep"}))
    assert catalogue.sync_orders(context) == {"stores": 1, "new": 2, "failed": 1}
    assert said == ["East: asleep"]
    come_to(Synced(stores=3, same=40, ignored=2))
    assert catalogue.sync_orders(context) == {}, "nothing new: not kept for long"
    come_to(Synced(failed={"East": "asleep", "West": "gone"}))
    with pytest.raises(StockbookError, match="East: asleep; West: gone"):
        catalogue.sync_orders(context)
