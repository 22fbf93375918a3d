from __future__ import annotations

import pytest

from server.db.session import Database
from tests.server.orders.desk import Desk, open_desk


@pytest.fixture
def desk(db: Database) -> Desk:
    """A store with RED and BLUE mapped and green not; 10 of RED and 10 of BLUE in MAIN."""
    opened = open_desk(db)
    opened.stock(opened.red, 10)
    opened.stock(opened.blue, 10)
    return opened
