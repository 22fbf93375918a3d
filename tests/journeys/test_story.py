"""The whole story of orders and stock, played over HTTP against a server with its own workers (see `story.py`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.story import story
from tests.support.company import over_http


@pytest.mark.slow
def test_the_whole_story(db_url: str, tmp_path: Path) -> None:
    """ORD-2, ORD-4, ORD-5, ORD-6, ORD-7, ORD-8, ORD-11, STK-5, STK-7, STK-8, STK-11: figures asserted at every step."""
    with over_http(db_url, tmp_path) as company:
        steps = list(story(company))
    assert len(steps) == 20
