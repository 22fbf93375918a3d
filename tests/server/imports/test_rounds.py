"""Files arrive in a folder, on an FTP and on an SFTP server, and are taken once (JOB-2)."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import openpyxl
import pytest

from server import clock
from server.imports import claiming
from server.imports.addresses import PlaceTrouble
from server.imports.places import opened
from server.imports.rules import Found
from server.imports.wholeness import has_open_line
from server.imports.work import Order, Work
from tests.server.imports.conftest import PLACES, WAIT, Watched
from tests.support.ports import free_port

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
    monkeypatch.setattr(Work, "wait_until", lambda *_: night.drop("stock.xlsx", content))
    assert night.round().counts == {"waiting": 1}
    assert night.uploads() == []
    monkeypatch.setattr(Work, "wait_until", lambda *_: None)
    assert night.round().counts["applied"] == 1
    assert night.on_hand("A-1") == 5
    assert [name for name in night.names() if "/" not in name] == ["other.xlsx.part", "~$stock.xlsx"]


@pytest.mark.parametrize("kind", ["folder", "ftp"])
def test_half_a_workbook_that_lies_still_waits(watch: Watch, kind: str) -> None:
    """JOB-2: its writer is slow, or was cut off and begins anew: it waits over rounds, until it is whole."""
    night = watch(kind)
    content = night.book(ROW)
    night.drop("half.xlsx", content[: len(content) // 2])
    night.drop("begun.csv", b"")
    for _ in range(2):
        done = night.round(alone=True)
        assert done.counts == {"waiting": 2}
        assert [said.partition(",")[0] for said in done.said] == [
            "begun.csv: it is empty",
            "half.xlsx: its end is missing",
        ]
    assert night.uploads() == []
    night.drop("half.xlsx", content)
    assert night.round(alone=True).counts == {"applied": 1, "waiting": 1}
    assert night.on_hand("A-1") == 5


def test_half_a_workbook_that_stays_like_that_fails(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """JOB-2: nobody waits for ever; the text says what is wrong and what to do."""
    night = watch()
    night.drop("half.xlsx", night.book(ROW)[:5000])
    night.round(alone=True)
    later = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert night.round(alone=True).counts == {"failed": 1}
    assert "a part of it is missing or broken" in night.text("failed/half")
    assert "put it into the watched place again" in night.text("failed/half")


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_table_cut_off_in_a_number(watch: Watch, monkeypatch: pytest.MonkeyPatch, goes_on: bool) -> None:
    """JOB-2: 2 may be the beginning of 25: a .csv whose last line has no end is watched for a minute."""
    night = watch(template="stock_in")
    night.drop("stock.csv", b"SKU,Warehouse,Quantity\nA-1,Main,2")
    waited: list[float] = []

    def wait(_: Work, seconds: float) -> None:
        waited.append(seconds)
        if goes_on and seconds > 1:
            night.drop("stock.csv", b"SKU,Warehouse,Quantity\nA-1,Main,25\n")

    monkeypatch.setattr(Work, "wait_until", wait)
    assert night.round().counts == {"waiting" if goes_on else "applied": 1}
    assert waited == [1, 60]
    night.round()
    assert night.on_hand("A-1") == (25 if goes_on else 2)


@pytest.mark.parametrize(
    ("name", "content", "open_line"),
    [
        ("a.csv", b"A\n1", True),
        ("a.csv", b"A\r\n1\r\n", False),
        ("a.txt", "A\n1\n".encode("utf-16-le"), False),
        ("a.tsv", "A\n1".encode("utf-16-be"), True),
        ("a.xlsx", b"PK", False),
    ],
)
def test_which_tables_have_an_open_line(name: str, content: bytes, open_line: bool) -> None:
    """Whatever its encoding."""
    assert has_open_line(io.BytesIO(content), name) is open_line


def test_a_long_name_in_another_script(watch: Watch) -> None:
    """JOB-2: what is made of its name must find room too, or it would be applied and never moved."""
    night = watch()
    night.drop("ü" * 120 + ".xlsx", night.book(ROW))
    assert night.round().counts == {"applied": 1}
    assert len(night.kept("done")) == 2


@pytest.mark.parametrize("kind", ["folder", "ftp", "sftp"])
def test_where_nothing_can_be_kept(watch: Watch, kind: str) -> None:
    """JOB-2: what is named done is no folder: applied once, and said in each run which folder it is."""
    night = watch(kind, pattern="*.xlsx")
    night.drop("done", b"")
    night.drop("stock.xlsx", night.book(ROW))
    for _ in range(2):
        done = night.round(alone=True)
        assert done.counts == {"trouble": 1}
        assert "the folder done/ can't be made there: " in done.said[0]
    assert night.on_hand("A-1") == 5
    (night.home / "done").unlink()
    assert night.round(alone=True).counts == {"applied": 1}
    assert night.on_hand("A-1") == 5


def test_a_server_that_does_not_run(watch: Watch) -> None:
    """JOB-2: in words that say where to look."""
    port = free_port()
    settings = replace(watch().settings, import_hosts=f"127.0.0.1:{port}")
    with (
        pytest.raises(PlaceTrouble, match="nobody answers at that address and port"),
        opened(settings, "ftp", {"host": "127.0.0.1", "port": port}, {}),
    ):
        pass


@pytest.mark.parametrize("kind", PLACES)
def test_a_file_that_goes_between_look_and_reading(watch: Watch, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """JOB-2: nothing is taken, nothing waits, and the file beside it is."""
    night = watch(kind)
    night.drop("going.xlsx", night.book({"sku": "B-2", "quantity": 1}))
    night.drop("stock.xlsx", night.book(ROW))
    claim = claiming.claim

    def goes(session: Any, import_id: int, key: str, found: Found, *, at: datetime) -> Any:
        if found.name == "going.xlsx":
            night.files.rename("going.xlsx", "elsewhere.part")
        return claim(session, import_id, key, found, at=at)

    monkeypatch.setattr(claiming, "claim", goes)
    assert night.round().counts == {"gone": 1, "applied": 1}
    assert [one["filename"] for one in night.uploads()] == ["stock.xlsx"]


def test_a_port_where_something_else_answers(watch: Watch) -> None:
    """JOB-2: an FTP server's port given for SFTP."""
    night = watch("ftp")
    port = int(night.settings.import_hosts.rpartition(":")[2])
    given = {"host": "127.0.0.1", "port": port, "user": "shop"}
    with pytest.raises(PlaceTrouble, match="is no SFTP server"), opened(night.settings, "sftp", given, {}):
        pass


def test_a_name_that_can_not_be_is_said(watch: Watch) -> None:
    """JOB-2: it is left, and the run says so and what to do."""
    night = watch()
    night.drop("l" * 230 + ".xlsx", night.book(ROW))
    night.drop("two\nlines.xlsx", night.book(ROW))
    done = night.round()
    assert done.counts == {"left": 2}
    assert [said.partition(": ")[2].partition(",")[2] for said in done.said] == [" so it is left; rename it"] * 2
    assert any(said.startswith("two?lines.xlsx") for said in done.said)
    assert night.on_hand("A-1") == 0


def test_a_folder_that_is_not_there_is_said_in_words(watch: Watch) -> None:
    """JOB-2: no number of an error, whatever the library says."""
    for kind, name in (("ftp", "far"), ("sftp", "farther")):
        with pytest.raises(PlaceTrouble, match=r"^there is no (such folder or file|/gone)$"):
            watch(kind, name, settings={"path": "gone"}).round()


def test_waiting_takes_its_time_and_ends_when_the_server_stops(watch: Watch) -> None:
    """Between the two looks, as long as the import says."""
    night = watch()
    with opened(night.settings, "folder", {"path": str(night.home)}, {}) as place:
        work = Work(night.api.db, night.settings, cast(Order, None), place, lambda: False)
        WAIT(work, 0.3)
        assert time.monotonic() - work.began >= 0.3
        WAIT(replace(work, stopping=lambda: True), 10_000)


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
