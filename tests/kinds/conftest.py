"""The application as it is, for tests over every one of a kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.db.session import Database
from server.settings import Settings
from tests.support.http import Api, make_api


@pytest.fixture
def everything(sqlite_url: str, tmp_path: Path) -> Iterator[Api]:
    """Every route over an empty database, with a client per role."""
    database = Database(sqlite_url)
    made = make_api(database, Settings(data_dir=tmp_path, database_url=sqlite_url))
    yield made
    made.shared.token_uses.flush()
    database.close()
