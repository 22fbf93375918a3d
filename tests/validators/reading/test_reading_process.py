"""The child that reads: bounded, few at once, and without a word when it dies."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.hostile.packages import good_row, header, sheet, xlsx
from validators.extracting.job import Job
from validators.extracting.refusing import Unreadable
from validators.reading import Busy, Limits, process, read, watchdog
from validators.reading.sheets import shape_of
from validators.registry import WORKBOOKS


def _upload(folder: Path) -> Path:
    path = folder / "upload"
    path.write_bytes(xlsx())
    return path


def test_too_slow(tmp_path: Path) -> None:
    """A child past its wall limit is ended; the upload is refused in words."""
    with pytest.raises(Unreadable, match="too much memory or time") as refusal:
        read(_upload(tmp_path), filename="a.xlsx", workbooks=WORKBOOKS, limits=Limits(wall_seconds=0.001))
    assert refusal.value.code == "file-too-heavy"


@pytest.mark.skipif(sys.platform != "linux", reason="left out: only Linux bounds a child's memory itself")
def test_too_large_for_its_memory(tmp_path: Path) -> None:
    """A child that may not have the memory it needs dies alone: it can have no more than it was born with."""
    path = _upload(tmp_path)
    path.write_bytes(xlsx(sheet(header() + "".join(good_row(row, f"NK-{row}") for row in range(2, 60_000)))))
    with pytest.raises(Unreadable) as refusal:
        read(path, filename="a.xlsx", workbooks=WORKBOOKS, limits=Limits(memory=20 << 20))
    assert refusal.value.code in ("file-too-heavy", "file-damaged")


def test_few_at_once(tmp_path: Path) -> None:
    """While as many as allowed are read, a further upload waits, then is told to come back."""
    limits = Limits(at_once=1, queue_seconds=0.05)
    inside, done = threading.Event(), threading.Event()

    def hold() -> None:
        with process.reader(limits):
            inside.set()
            done.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(5)
    with pytest.raises(Busy) as busy:
        read(_upload(tmp_path), filename="a.xlsx", workbooks=WORKBOOKS, limits=limits)
    done.set()
    holder.join()
    assert busy.value.retry_after > 0
    assert len(read(_upload(tmp_path), filename="a.xlsx", workbooks=WORKBOOKS, limits=limits)) == 1


def test_nothing_is_left_running(tmp_path: Path) -> None:
    """A child whose job never comes is ended."""
    with process.reader(Limits()) as child:
        pid = child._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_child_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child gets nothing of our environment."""
    monkeypatch.setenv("STOCKBOOK_SECRET_KEY", "secret")
    assert "secret" not in process._environment().values()


def test_the_child_is_lean() -> None:
    """The child loads neither pandas nor Pandera: it starts in milliseconds."""
    program = "import sys, validators.extracting.child, validators.extracting.xlsx; print('pandas' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert found.stdout.strip() == "False"


def test_the_watchdog_ends_what_grows() -> None:
    """Where the system has no limit to set, the parent looks, and kills."""
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
    used = iter([10, 50, 200])
    watchdog.watch(sleeper, 100, used=lambda pid: next(used))
    assert sleeper.wait(5) != 0


def test_a_large_file_is_read_whole(tmp_path: Path) -> None:
    """20,000 rows come through the pipe. How fast is for `make bench`."""
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>S{n}</t></is></c><c r="C{n}"><v>{n}</v></c></row>'
        for n in range(2, 20_002)
    )
    path = tmp_path / "upload"
    head = '<row r="1"><c r="A1" t="str"><v>SKU</v></c><c r="C1" t="str"><v>Quantity</v></c></row>'
    path.write_bytes(xlsx(f'<worksheet xmlns="x"><sheetData>{head}{rows}</sheetData></worksheet>'))
    raw = read(path, filename="a.xlsx", workbooks=WORKBOOKS)
    assert len(raw) == 20_000


def test_a_job_survives_the_pipe() -> None:
    """What the parent asks is what the child reads."""
    job = Job("/x", "xlsx", [shape_of(WORKBOOKS["stock_in"])], None, {"rows": 5})
    again = Job.from_json(job.as_json())
    headers = ["sku", "UNIT COST*", "Status", "status", "Colour"]
    assert again.shapes[0].match(headers).columns == job.shapes[0].match(headers).columns == {"sku": 0, "unit_cost": 1}
    assert again.shapes[0].match(headers).unknown == {4: "Colour"}
