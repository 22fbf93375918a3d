"""Files that were handed in go after a time; the history stays, and says so."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server import clock
from server.errors import NotFound
from server.uploads import downloads, pipeline, previewing
from server.uploads.expiring import forget_files
from server.uploads.models import Upload
from server.uploads.pipeline import Request, Who
from server.uploads.sources import folder, source_of
from tests.server.uploads.conftest import Uploads

ROW = {"sku": "A", "warehouse": "MAIN", "quantity": 7}
LONG_AGO = datetime(2025, 1, 6, 12, 0, tzinfo=UTC)


def of(uploads: Uploads, number: int) -> Upload:
    with uploads.db.read() as session:
        return session.get_one(Upload, number)


def stored(uploads: Uploads, number: int) -> Path:
    return folder(uploads.settings) / of(uploads, number).stored_as


def handed_in(uploads: Uploads, at: datetime, *, apply: bool = True) -> int:
    """An upload of that day, its file as old."""
    with clock.frozen(at):
        number, _ = uploads.send("stock_in", ROW, apply=apply)
    os.utime(stored(uploads, number), (at.timestamp(), at.timestamp()))
    return number


def test_old_files_go_and_their_history_stays(uploads: Uploads, singles: list[int]) -> None:
    """Its rows are still shown, and downloading says what became of it."""
    old, young = handed_in(uploads, LONG_AGO), handed_in(uploads, datetime.now(UTC))
    assert forget_files(uploads.db, uploads.settings) == 1
    assert not stored(uploads, old).exists() and stored(uploads, young).exists()
    assert [row["status"] for row in uploads.rows(old)] == ["ok"]
    with pytest.raises(NotFound, match=r"kept for 365 days\. What came of it is still shown"):
        downloads.original_file(uploads.settings, of(uploads, old))
    with pytest.raises(NotFound, match="no longer kept"):
        downloads.result_file(uploads.db, uploads.settings, old)
    uploads.undo(old)


def test_a_preview_says_that_the_file_is_gone(uploads: Uploads, singles: list[int]) -> None:
    """PSH-12: in words, not as an error of the disk."""
    old = handed_in(uploads, LONG_AGO, apply=False)
    assert forget_files(uploads.db, uploads.settings) == 1
    with pytest.raises(NotFound, match="no longer kept"):
        previewing.preview(uploads.db, uploads.settings, old)


def test_a_file_that_was_handed_in_again_is_kept_for_the_younger_one(uploads: Uploads, singles: list[int]) -> None:
    old = handed_in(uploads, LONG_AGO, apply=False)
    source = source_of(of(uploads, old).stored_as, "", "stock_in")
    again = pipeline.receive(uploads.db, source, Request("apply"), Who("anna"))
    assert forget_files(uploads.db, uploads.settings) == 0 and stored(uploads, again).exists()
    pipeline.process(uploads.db, uploads.settings, again, source, Request("apply"), Who("anna"))
    with clock.frozen(datetime.now(UTC) + timedelta(days=366)):
        assert forget_files(uploads.db, uploads.settings) == 1


def test_what_a_crash_left_goes_too_and_0_days_keep_everything(uploads: Uploads) -> None:
    stray = folder(uploads.settings) / "0123.upload"
    stray.write_bytes(b"x")
    os.utime(stray, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    assert forget_files(uploads.db, replace(uploads.settings, upload_files_days=0)) == 0
    assert forget_files(uploads.db, uploads.settings, stopping=lambda: True) == 0
    assert forget_files(uploads.db, uploads.settings) == 1 and not stray.exists()
