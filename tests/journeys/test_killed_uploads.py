"""A server killed while it applies an upload, and a database that fails at any statement: whole or not at all (P1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak import faults, kills
from tests.soak.trial import Place

pytestmark = pytest.mark.slow


def test_a_killed_server_leaves_no_half_upload(db_url: str, tmp_path: Path) -> None:
    """WB-7: cut off half-way is finished or rolled back; the same key again gets the stored or the finished answer."""
    figures = kills.run(Place(db_url, tmp_path / "server"), 3, rows=3_000)
    assert kills.TRIAL.broken(figures) == {}, figures


def test_a_fault_at_any_statement_leaves_nothing(db_url: str, tmp_path: Path) -> None:
    """WB-6, WB-7: for every k, once as a passing fault and once as a database that is gone until the next start."""
    figures = faults.run(Place(db_url, tmp_path), 1)
    assert faults.TRIAL.broken(figures) == {}, figures
    assert figures["faults"] > 20, figures
