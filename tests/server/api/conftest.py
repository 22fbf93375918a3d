"""The API over both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.db.session import Database
from server.settings import Settings
from tests.support.http import Api, make_api


@pytest.fixture
def api(db: Database, tmp_path: Path) -> Iterator[Api]:
    """An application with a client per role."""
    made = make_api(db, Settings(data_dir=tmp_path, database_url=db.url))
    yield made
    made.shared.token_uses.flush()


@pytest.fixture
def plain_api(sqlite_url: str, tmp_path: Path) -> Iterator[Api]:
    """The same on SQLite only, for what does not depend on the database."""
    database = Database(sqlite_url)
    made = make_api(database, Settings(data_dir=tmp_path, database_url=sqlite_url))
    yield made
    made.shared.token_uses.flush()
    database.close()
