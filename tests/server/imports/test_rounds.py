"""Files arrive in a folder, on an FTP and on an SFTP server, and are taken once (JOB-2)."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace

import openpyxl
import pytest

from server.imports import flow
from server.imports.addresses import PlaceTrouble
from tests.server.imports.conftest import PLACES, WAIT, Watched

Watch = Callable[..., Watched]
ROW = {"sku": "A-1", "quantity": 5}


@pytest.mark.parametrize("kind", PLACES)
def test_a_good_file_is_applied_and_moved(watch: Watch, kind: str) -> None:
    """JOB-2: applied, moved to done with its result workbook beside it; the history names import and user (SEC-2)."""
    night = watch(kind)
    night.drop("stock in.xlsx", night.book(ROW))
    assert night.round().counts["applied"] == 1
    assert night.on_hand("A-1") == 5
    (upload,) = night.uploads()
    assert (upload["by"], upload["filename"], upload["status"]) == (
        "import night (manager-user)",
        "stock in.xlsx",
        "applied",
    )
    kept = f"stock in (upload {upload['id']})"
    assert night.kept("done") == [f"{kept}.result.xlsx", f"{kept}.xlsx"]
    assert len(night.names()) == 2
    book = openpyxl.load_workbook(io.BytesIO(night.files.read(f"done/{kept}.result.xlsx")))
    assert book.sheetnames
    assert night.round().counts.total() == 0


@pytest.mark.parametrize("kind", PLACES)
def test_a_bad_file_goes_to_failed_with_a_reason(watch: Watch, kind: str) -> None:
    """JOB-2: a file that is no workbook, and one with a wrong row; the good one beside them is applied."""
    night = watch(kind)
    night.drop("notes.xlsx", b"<html>not a workbook</html>")
    night.drop("wrong.xlsx", night.book({"sku": "NO-SUCH", "quantity": 1}))
    night.drop("good.xlsx", night.book(ROW))
    done = night.round()
    assert (done.counts["failed"], done.counts["applied"]) == (2, 1)
    assert {said.split(":")[0] for said in done.said} == {"notes.xlsx", "wrong.xlsx"}
    failed = night.kept("failed")
    assert [name.partition(" ")[0] for name in failed] == ["notes", "notes", "wrong", "wrong", "wrong"]
    assert "web page" in night.text("failed/notes")
    assert "Nothing was applied" in night.text("failed/wrong")
    assert night.on_hand("A-1") == 5


@pytest.mark.parametrize("kind", PLACES)
def test_a_file_in_two_halves_waits(watch: Watch, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """JOB-2: what is still being written is left for the next round, whatever it is called meanwhile."""
    night = watch(kind)
    content = night.book(ROW)
    half = len(content) // 2
    night.drop("stock.xlsx", content[:half])
    night.drop("other.xlsx.part", content[:half])
    night.drop("~$stock.xlsx", b"lock")
    monkeypatch.setattr(flow, "_wait", lambda *_: night.drop("stock.xlsx", content))
    assert night.round().counts == {"waiting": 1}
    assert night.uploads() == []
    monkeypatch.setattr(flow, "_wait", lambda *_: None)
    assert night.round().counts["applied"] == 1
    assert night.on_hand("A-1") == 5
    assert [name for name in night.names() if "/" not in name] == ["other.xlsx.part", "~$stock.xlsx"]


def test_waiting_takes_its_time_and_ends_when_the_server_stops() -> None:
    """Between the two looks, as long as the import says."""
    began = time.monotonic()
    WAIT(0.3, lambda: False)
    assert time.monotonic() - began >= 0.3
    WAIT(10_000, lambda: True)


@pytest.mark.parametrize("kind", PLACES)
def test_a_good_file_twice_is_applied_once(watch: Watch, kind: str) -> None:
    """WB-7: the same content again does nothing, and the text beside it says so; both are kept."""
    night = watch(kind)
    content = night.book(ROW)
    night.drop("stock.xlsx", content)
    night.round()
    night.drop("stock.xlsx", content)
    assert night.round().counts["duplicate"] == 1
    assert night.on_hand("A-1") == 5
    first, second = night.uploads()
    assert (second["status"], second["duplicate_of"]) == ("duplicate", first["id"])
    assert "Nothing was done" in night.text(f"done/stock (upload {second['id']})")


def test_again_applies_the_same_content_once_more(watch: Watch) -> None:
    """An import whose files repeat themselves says so."""
    night = watch(again=True)
    for expected in (5, 10):
        night.drop("stock.xlsx", night.book(ROW))
        night.round()
        assert night.on_hand("A-1") == expected


def test_validating_and_good_rows_only(watch: Watch) -> None:
    """JOB-2: the three modes."""
    looking = watch(name="looking", mode="validate")
    looking.drop("stock.xlsx", looking.book(ROW))
    assert looking.round().counts["validated"] == 1
    assert looking.on_hand("A-1") == 0
    looking.drop("wrong.xlsx", looking.book({"sku": "NO-SUCH", "quantity": 1}))
    assert looking.round().said == ["wrong.xlsx: 1 row is not right."]
    good = watch(name="good", mode="apply_good")
    good.drop("both.xlsx", good.book(ROW, {"sku": "NO-SUCH", "quantity": 1}))
    assert good.round().counts["partly_applied"] == 1
    assert good.on_hand("A-1") == 5


def test_only_what_fits_the_pattern_and_is_small_enough(watch: Watch) -> None:
    """WB-12: a file that is too large is never fetched."""
    night = watch(pattern="stock*.xlsx, *.csv")
    night.settings = replace(night.settings, upload_max_bytes=2000)
    night.drop("prices.xlsx", b"x")
    night.drop("STOCK big.XLSX", b"x" * 3000)
    assert night.round().counts["failed"] == 1
    assert night.uploads() == []
    assert "larger than" in night.text("failed/")
    assert "prices.xlsx" in night.names()


def test_a_link_is_not_followed(watch: Watch) -> None:
    """A link in the folder leads nowhere, wherever it points."""
    night = watch()
    (night.home.parent.parent / "outside.xlsx").write_bytes(b"secret")
    (night.home / "inside.xlsx").symlink_to(night.home.parent.parent / "outside.xlsx")
    assert night.round().counts.total() == 0


def test_a_user_who_may_not(watch: Watch) -> None:
    """SEC-1: it can do what its user may: a viewer applies nothing."""
    night = watch(acts_as="viewer-user")
    night.drop("stock.xlsx", night.book(ROW))
    with pytest.raises(Exception, match="a viewer may not"):
        night.round()
    assert night.names() == ["stock.xlsx"]


@pytest.mark.parametrize("kind", ["ftp", "sftp"])
def test_a_wrong_password_is_said_in_words(watch: Watch, kind: str) -> None:
    """JOB-2: bad credentials."""
    night = watch(kind, settings={"password": "wrong"})
    with pytest.raises(PlaceTrouble, match="refuses the user name or the password"):
        night.round()


def test_an_unknown_host_key_is_named(watch: Watch) -> None:
    """A server whose key nobody gave is not trusted, and gets no password."""
    with pytest.raises(PlaceTrouble, match="if it is SHA256:"):
        watch("sftp", settings={"host_key": ""}).round()
    with pytest.raises(PlaceTrouble, match="another key than before"):
        watch("sftp", "other", settings={"host_key": "SHA256:AAAA"}).round()


def test_a_place_that_is_away(watch: Watch) -> None:
    """JOB-2: says so in words."""
    gone = watch()
    gone.home.rmdir()
    with pytest.raises(PlaceTrouble, match="is not there"):
        gone.round()
