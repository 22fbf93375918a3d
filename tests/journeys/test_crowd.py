"""Eight processes do everything that moves stock, through one server and through two, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak import crowd
from tests.soak.trial import Place

pytestmark = pytest.mark.slow


def test_a_crowd_at_one_server(db_url: str, tmp_path: Path) -> None:
    """STK-2, STK-4, ORD-2, PSH-10: no lock or deadlock reaches anybody, and nothing breaks."""
    figures = crowd.run(Place(db_url, tmp_path), 10)
    assert crowd.TRIAL.broken(figures) == {}, figures


@pytest.mark.postgres
@pytest.mark.parametrize("db_url", ["postgresql"], indirect=True)
def test_a_crowd_at_two_servers(db_url: str, tmp_path: Path) -> None:
    """JOB-3: the same where two servers share a database."""
    figures = crowd.run_two(Place(db_url, tmp_path), 10)
    assert crowd.TWO_SERVERS.broken(figures) == {}, figures
