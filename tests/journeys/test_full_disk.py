"""A disk that fills up in the middle of an upload: nothing of it is there, and the server goes on (P1)."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select

from server.db.session import Database
from server.ledger.models import Balance, Movement
from server.ledger.verifying import verify
from tests.soak.kills import send
from tests.soak.trial import make_skus, stock_in_book
from tests.support.server import StockbookServer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="left out: limits of a running process need Linux"),
]
ROWS = 2_000
#: Room for the file that is handed in, not for what applying it writes.
ROOM_BYTES = 150_000


def test_an_upload_that_fills_the_disk(sqlite_url: str, tmp_path: Path) -> None:
    """WB-7: refused in words and not half-applied; once there is room again, the same request is applied."""
    db = Database(sqlite_url)
    with StockbookServer(tmp_path / "server", database_url=sqlite_url, jobs=False) as server:
        codes = db.write(lambda session: make_skus(session, ROWS))
        with closing(sqlite3.connect(make_url(sqlite_url).database or "")) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what is written from here on grows a file
        content = stock_in_book(codes, 3)
        server.fill_the_disk(ROOM_BYTES)
        answer = send(server, content, "press-1")
        assert answer.status_code == 503, answer.text
        assert "nothing was done" in answer.json()["detail"]
        assert server.is_alive()
        assert [upload["status"] for upload in server.get("/uploads")["items"]] == ["failed"]
        assert server.get("/stock")["items"] == []
        assert _ledger(db) == (0, 0)
        server.fill_the_disk(None)
        again = send(server, content, "press-1")
        assert (again.status_code, again.json()["status"]) == (200, "applied"), again.text[:500]
        assert _ledger(db) == (ROWS, ROWS * 3)
    db.close()


def _ledger(db: Database) -> tuple[int, int]:
    """Movements, and units on hand."""
    with db.read() as session:
        assert verify(session) == []
        movements = session.scalar(select(func.count(Movement.id))) or 0
        return movements, session.scalar(select(func.sum(Balance.on_hand))) or 0
