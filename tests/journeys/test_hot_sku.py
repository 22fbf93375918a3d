"""More orders than units, taken by many processes at once: each unit is promised once (P2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak import hot_sku
from tests.soak.trial import Place

pytestmark = pytest.mark.slow


def test_never_oversold(db_url: str, tmp_path: Path) -> None:
    """ORD-2, STK-4: accepted are as many as there are units, and no caller sees a lock or a deadlock."""
    figures = hot_sku.run(Place(db_url, tmp_path), 40)
    assert hot_sku.TRIAL.broken(figures) == {}, figures
