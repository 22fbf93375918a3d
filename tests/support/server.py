"""A Stockbook server as a process of its own, to be asked over HTTP, killed and started again."""

from __future__ import annotations

import os
import resource
import signal
import ssl
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from server.cli.main import main
from tests.support.ports import free_port
from tests.support.processes import PROCESSES

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
START_SECONDS = 90.0


class StockbookServer:
    """`python -m server serve` on a port that stays the same over restarts. It ends with the `with` block."""

    def __init__(
        self, folder: Path, *, database_url: str = "", jobs: bool = True, tls: bool = False, **environ: str
    ) -> None:
        """`environ`: more settings, without their prefix and in lower case. `tls`: over HTTPS, with the certificate in
        `folder`, which its client trusts by the authority beside it."""
        self.folder = folder
        self.port = free_port()
        self.address = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._command = [
            "serve",
            "--port",
            str(self.port),
            *([] if jobs else ["--no-jobs"]),
            *(["--tls"] if tls else []),
        ]
        self.trusts = ssl.create_default_context(cafile=folder / "tls" / "authority.crt") if tls else True
        given = {"data_dir": str(folder), "database_url": database_url, "public_url": self.address, **environ}
        self._environ = {f"STOCKBOOK_{name.upper()}": value for name, value in given.items()}
        self._process: Any = None
        self.client = httpx.Client(base_url=f"{self.address}/api/v1", timeout=120, trust_env=False, verify=self.trusts)

    def __enter__(self) -> StockbookServer:
        self.start()
        return self

    def __exit__(self, _kind: type | None, error: BaseException | None, _trace: TracebackType | None) -> None:
        self.stop()
        self.client.close()
        if error is not None:
            print(self.log[-4000:])

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        target = (self._command, self._environ, self.folder / "server.log")
        self._process = PROCESSES.Process(target=_serve, args=target, daemon=True)
        self._process.start()
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            assert self._process.is_alive(), self.log[-4000:]
            if self._is_ready():
                self.client.headers["Authorization"] = f"Bearer {self.token}"
                return
            time.sleep(0.05)
        raise AssertionError(f"not ready after {START_SECONDS} s\n{self.log[-4000:]}")

    def kill(self) -> None:
        """`kill -9`: no chance to tidy up. Connections of the client to it are gone too."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None and self._process.is_alive():
            self._end(signal.SIGTERM)

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        return int(self._process.pid)

    @property
    def token(self) -> str:
        """The admin's, made on the first start."""
        return (self.folder / "admin-token").read_text().strip()

    @property
    def log(self) -> str:
        """All that its processes printed."""
        return (self.folder / "server.log").read_text(errors="replace")

    @property
    def memory_mb(self) -> float:
        """Resident memory now."""
        fields = Path(f"/proc/{self.pid}/statm").read_text().split()
        return int(fields[1]) * resource.getpagesize() / 1e6

    def fill_the_disk(self, at_bytes: int | None) -> None:
        """From now on no file of it grows past `at_bytes`, as if the disk were full; None: there is room again."""
        most = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (most if at_bytes is None else at_bytes, most))

    def is_alive(self) -> bool:
        """Whether `/healthz` answers."""
        return bool(httpx.get(f"{self.address}/healthz", timeout=10, trust_env=False, verify=self.trusts).is_success)

    def get(self, path: str, **params: Any) -> Any:
        """JSON below /api/v1, which must be there."""
        answer = self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, json: Any = None, **more: Any) -> httpx.Response:
        """POST below /api/v1."""
        return self.client.post(path, json=json if json is not None else {}, **more)

    def hand_in(
        self, content: bytes, *, name: str = "book.xlsx", key: str | None = None, **query: Any
    ) -> httpx.Response:
        """POST a workbook."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.client.post("/uploads", params=query, files={"file": (name, content, XLSX)}, headers=headers)

    def apply(self, template: str, *rows: dict[str, Any]) -> dict[str, Any]:
        """Apply rows; the outcome, which must be applied."""
        answer = self.post("/uploads?mode=apply", {"template": template, "rows": list(rows)})
        assert answer.status_code == 200 and answer.json()["status"] == "applied", answer.text
        return dict(answer.json())

    def run_job(self, path: str) -> dict[str, Any]:
        """Ask for a run and follow it to its end, which must be a good one."""
        asked = self.post(path)
        assert asked.status_code == 202, asked.text
        where = asked.headers["Location"].removeprefix("/api/v1")
        ended = wait_for(lambda: run if (run := self.get(where))["ended_at"] else None, what=path, seconds=60)
        assert ended["status"] == "done", ended
        return dict(ended)

    def _is_ready(self) -> bool:
        try:
            return bool(httpx.get(f"{self.address}/readyz", timeout=5, trust_env=False, verify=self.trusts).is_success)
        except httpx.HTTPError:
            return False

    def _end(self, how: signal.Signals) -> None:
        os.kill(self.pid, how)
        self._process.join(60)
        assert not self._process.is_alive(), "it does not end"


def _serve(command: list[str], environ: dict[str, str], log: Path) -> None:
    """What `python -m server` does, with its output in a file."""
    os.environ.update(environ)
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(target, stream.fileno())
    sys.exit(main(command))


def wait_for(look: Any, *, what: str, seconds: float = 90.0, every: float = 0.05) -> Any:
    """What `look` gives once it gives something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(every)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")
