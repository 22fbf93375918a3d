"""Hostile workbooks handed in to a real server: refused in words, nothing applied, and it goes on (P5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak import hostile
from tests.soak.trial import Place

pytestmark = pytest.mark.slow


def test_no_file_takes_the_service_down(sqlite_url: str, tmp_path: Path) -> None:
    """WB-10, WB-12: a sample of them, validated and applied; `python -m tests.soak hostile` hands in all."""
    figures = hostile.run(Place(sqlite_url, tmp_path / "server"), 20)
    assert hostile.TRIAL.broken(figures) == {}, figures
    assert figures["slowest_s"] < 20, figures
    assert figures["growth_mb"] < 150, figures
