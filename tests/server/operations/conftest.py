"""What use cases across rooms are tried on: a shop, and the API over both databases."""

from __future__ import annotations

import pytest

from server.db.session import Database
from tests.server.api.conftest import api
from tests.server.operations.shop import Shop

__all__ = ["api"]


@pytest.fixture
def shop(db: Database) -> Shop:
    """A store, two SKUs, a warehouse."""
    return Shop(db)
