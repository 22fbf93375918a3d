"""The state machine at a size for every day; `python -m tests.soak machine 200 40` runs it in full."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.machine.run import run

pytestmark = pytest.mark.slow


def test_any_step_after_any_other(db_url: str, tmp_path: Path) -> None:
    """STK-2, STK-4, STK-5, ORD-2, ORD-3, PSH-3 to PSH-8, PSH-10, PSH-13, WB-8: from a seed, so it is the same twice."""
    ran = run(db_url, tmp_path, examples=4, steps=30, number=7)
    assert ran.examples >= 4 and ran.steps >= 100
