"""More orders than units, taken by many processes at once: each unit is promised once (P2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak import hot_sku, rush
from tests.soak.trial import Place

pytestmark = pytest.mark.slow


def test_never_oversold(db_url: str, tmp_path: Path) -> None:
    """ORD-2, STK-4: accepted are as many as there are units, and no caller sees a lock or a deadlock."""
    figures = hot_sku.run(Place(db_url, tmp_path), 40)
    assert hot_sku.TRIAL.broken(figures) == {}, figures


def test_buyers_in_three_stores_while_pushes_run(db_url: str, tmp_path: Path) -> None:
    """ORD-2: what the shops sell before a push reaches them is out of stock here; never is a unit promised twice."""
    figures = rush.run(Place(db_url, tmp_path), 30)
    assert rush.TRIAL.broken(figures) == {}, figures
    assert figures["out_of_stock"] == figures["sold_beyond_stock"], figures
