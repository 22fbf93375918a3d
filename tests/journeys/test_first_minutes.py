"""`demo` as a process: the first start, a kill, the second start, the end (what `make run` does)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.support.ports import free_port

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


class Demo:
    """Starts `demo` on free ports; what it printed is in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.started = folder, 0
        self.port, self.sandbox_port = free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.sandbox = f"http://127.0.0.1:{self.sandbox_port}/sandbox/v1/"
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> Path:
        """Starts and does not wait; the file it prints to."""
        self.started += 1
        printed = self.folder / f"printed-{self.started}"
        ports = ["--port", str(self.port), "--sandbox-port", str(self.sandbox_port)]
        with printed.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server", "demo", *ports],
                cwd=ROOT,
                env={**os.environ, "STOCKBOOK_DATA_DIR": str(self.folder / "var")},
                stdout=file,
                stderr=subprocess.STDOUT,
                # A suite that was started in the background ignores Ctrl-C, and what it starts would do so too.
                preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
            )
        return printed

    def start(self) -> str:
        """Starts, waits for its last line, gives all it printed."""
        printed = self.launch()
        assert self.process is not None
        for _ in range(1_800):
            text = printed.read_text()
            if "Ctrl-C stops everything." in text:
                return text
            assert self.process.poll() is None, text
            time.sleep(0.1)
        raise AssertionError(printed.read_text())

    def end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(60)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    made = Demo(tmp_path)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.end(signal.SIGTERM)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.HTTPError:
        return False


def test_first_start_kill_second_start_and_end(demo: Demo) -> None:
    """SEC-1: the token is shown once. A kill leaves the sandbox store; the next start uses it and keeps the data."""
    printed = demo.start()
    token = re.search(r"^admin token: (\S+)$", printed, re.MULTILINE)
    assert token is not None
    headers = {"Authorization": f"Bearer {token[1]}"}
    made = httpx.post(f"{demo.address}/api/v1/users", json={"name": "Ann"}, headers=headers, timeout=10)
    assert made.status_code == 201
    assert demo.end(signal.SIGKILL) != 0
    assert _answers(demo.sandbox)

    assert "admin token:" not in demo.start()
    users = httpx.get(f"{demo.address}/api/v1/users?name=ann", headers=headers, timeout=10).json()
    assert [user["name"] for user in users["items"]] == ["Ann"]

    assert demo.end(signal.SIGTERM) == 0
    assert not _answers(demo.sandbox) and not _answers(f"{demo.address}/healthz")

    demo.start()
    assert demo.end(signal.SIGINT) == 0
    assert not _answers(demo.sandbox)
