"""No file takes the reader down: every hostile or damaged one is read or refused in words, and soon."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.hostile.make import ALL, Case
from validators.checking.steps import check
from validators.messages import CODES
from validators.reading import RawSheet, Unreadable, read
from validators.registry import WORKBOOKS

#: Seconds. Far above what any of them takes, so that a busy machine fails none of them.
HANGS = 60


def test_there_are_enough_of_them() -> None:
    """Sixty at least, each under its own name, each refusal a known code."""
    assert len(ALL) >= 60
    assert len({case.name for case in ALL}) == len(ALL)
    assert {case.code for case in ALL if case.code} <= set(CODES)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_read_or_refused(case: Case, tmp_path: Path) -> None:
    """WB-10, WB-12: rows, or a reason; it never hangs; and this process goes on."""
    path = tmp_path / "upload"
    path.write_bytes(case.data)
    template = "stock_in" if case.filename.endswith((".csv", ".xls", ".ods")) else None
    begun = time.perf_counter()
    outcome = _outcome(path, case, template)
    assert time.perf_counter() - begun < HANGS
    if case.code is None:
        assert isinstance(outcome, RawSheet), outcome
        assert outcome.stopped or check(outcome).frame.index.is_unique
    else:
        assert isinstance(outcome, Unreadable), outcome
        assert (outcome.code, len(str(outcome)) > 20) == (case.code, True)


def _outcome(path: Path, case: Case, template: str | None) -> RawSheet | Unreadable:
    try:
        return read(path, filename=case.filename, workbooks=WORKBOOKS, template=template)
    except Unreadable as refusal:
        return refusal
