"""The connection breaks after the database committed and before it said so: what was applied is applied (P1)."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from server.ledger.models import Balance
from server.uploads import pipeline
from server.uploads.models import Upload
from server.uploads.pipeline import Request, Who
from server.uploads.sources import keep_rows
from tests.server.uploads.conftest import Uploads

_COMMIT = Session.commit


@pytest.fixture
def commit_is_lost(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Statuses of uploads whose commit is not answered; each one once."""
    lost: list[str] = []

    def commit(session: Session) -> None:
        status = session.scalar(select(Upload.status).order_by(Upload.id.desc()).limit(1))
        _COMMIT(session)
        if status in lost:
            lost.remove(status)
            raise OperationalError("COMMIT", None, Exception("server closed the connection unexpectedly"))

    monkeypatch.setattr(Session, "commit", commit)
    return lost


def units(uploads: Uploads) -> list[int]:
    with uploads.db.read() as session:
        return list(session.scalars(select(Balance.on_hand)))


def test_an_applied_upload_whose_commit_got_lost_is_applied(
    uploads: Uploads, singles: list[int], commit_is_lost: list[str]
) -> None:
    """P1, WB-7, WB-8: its outcome stays and is the answer; it can be taken back, and handed in again after that."""
    row = {"sku": "A", "warehouse": "MAIN", "quantity": 7}
    commit_is_lost.append("applied")
    number, status = uploads.send("stock_in", row)
    assert (status, units(uploads), commit_is_lost) == ("applied", [7], [])
    assert [each["status"] for each in uploads.rows(number)] == ["ok"]
    assert uploads.send("stock_in", row)[1] == "duplicate"
    uploads.undo(number)
    assert units(uploads) == [0]
    assert uploads.send("stock_in", row)[1] == "applied"


def test_a_checked_upload_whose_commit_got_lost_is_checked(
    uploads: Uploads, singles: list[int], commit_is_lost: list[str]
) -> None:
    """P1: its rows are still there to be looked at."""
    commit_is_lost.append("validated")
    number, status = uploads.send("stock_in", {"sku": "A", "warehouse": "MAIN", "quantity": 7}, apply=False)
    assert status == "validated" and len(uploads.rows(number)) == 1


def test_one_whose_commit_got_lost_on_the_way_has_failed(
    uploads: Uploads, singles: list[int], commit_is_lost: list[str]
) -> None:
    """P1: nothing was applied, and the history says so."""
    source = keep_rows(uploads.settings, {"template": "stock_in", "rows": [{"sku": "A", "quantity": 7}]})
    number = pipeline.receive(uploads.db, source, Request("apply"), Who("anna"))
    commit_is_lost.append("running")
    with pytest.raises(OperationalError):
        pipeline.process(uploads.db, uploads.settings, number, source, Request("apply"), Who("anna"))
    with uploads.db.read() as session:
        assert session.get_one(Upload, number).status == "failed"
    assert units(uploads) == []
