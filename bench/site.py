"""A server of the bench's own: a real process on loopback over a temporary folder, and a client."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

_ADDRESS = re.compile(r"http://\S+")
_LONGEST_SECONDS = 600.0


@dataclass(frozen=True)
class Site:
    """A running server: its process, its data folder, and a client with the admin's token."""

    process: subprocess.Popen[str]
    folder: Path
    client: httpx.Client

    @property
    def database(self) -> Path:
        """The embedded database's file."""
        return self.folder / "stockbook.db"

    def upload(self, content: bytes, query: str) -> dict[str, Any]:
        """Hand a workbook in and wait for its outcome, which must not be an error."""
        answer = self.client.post(f"/uploads?{query}", files={"file": ("book.xlsx", content)})
        found = answer.raise_for_status().json()
        while found["status"] == "running":
            time.sleep(0.02)
            found = self.client.get(f"/uploads/{found['id']}").raise_for_status().json()
        if found["status"] not in ("applied", "validated"):
            raise RuntimeError(f"upload {found['id']} is {found['status']}: {found['messages']} {found['problem']}")
        return dict(found)

    def settle(self) -> None:
        """Wait until nothing is left to evaluate, so that the next round does not pay for this one."""
        end = time.monotonic() + _LONGEST_SECONDS
        while time.monotonic() < end:
            with sqlite3.connect(self.database) as db:
                (left,) = db.execute("SELECT count(*) FROM changed").fetchone()
            if not left:
                return
            time.sleep(0.05)
        raise RuntimeError("the server does not come to rest")


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """A fresh server, answering and with its jobs running, for the length of the block."""
    log = folder.with_suffix(".log")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STOCKBOOK_")}
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "serve", "--port", "0"],
            env={**environment, "STOCKBOOK_DATA_DIR": str(folder)},
            cwd=Path(__file__).parents[1],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        address = _address(process, log)
        token = (folder / "admin-token").read_text().strip()
        with httpx.Client(
            base_url=f"{address}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=_LONGEST_SECONDS,
            trust_env=False,
        ) as client:
            yield Site(process, folder, client)
    finally:
        process.terminate()
        process.wait(30)


def _address(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := _ADDRESS.search(line):
            return found[0].rstrip("/")
    raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")
