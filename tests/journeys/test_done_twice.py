"""The same request at once, the same news again and again: one effect, one answer, one end (P4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak import news, twice
from tests.soak.trial import Place

pytestmark = pytest.mark.slow


def test_thirty_at_once_under_one_key(db_url: str, tmp_path: Path) -> None:
    """WB-7, STK-3: a real server, thirty clients, one effect, answers equal byte for byte."""
    figures = twice.run(Place(db_url, tmp_path / "server"), 2)
    assert twice.TRIAL.broken(figures) == {}, figures


def test_news_again_and_out_of_order(db_url: str, tmp_path: Path) -> None:
    """ORD-3, CH-5: late and repeated news changes nothing it should not."""
    figures = news.run(Place(db_url, tmp_path), 15)
    assert news.TRIAL.broken(figures) == {}, figures
    assert figures["delivered_wildly"] > figures["delivered_once"], figures
