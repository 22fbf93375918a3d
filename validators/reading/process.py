"""The parent's side of the child that reads: start it, bound it, understand how it ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from validators.extracting.grid import Grid
from validators.extracting.job import Job
from validators.extracting.refusing import Unreadable
from validators.reading import watchdog
from validators.reading.limits import Limits

_ROOT = str(Path(__file__).resolve().parents[2])
#: -I: no environment, no user site, no current folder; so the child is told where the package is.
_PROGRAM = f"import sys; sys.path.insert(0, {_ROOT!r}); from validators.extracting.child import main; main()"


class Busy(Exception):
    """As many files as allowed are being read; try again after `retry_after` seconds."""

    def __init__(self, retry_after: int = 5) -> None:
        super().__init__("other files are being read")
        self.retry_after = retry_after


class _Readers:
    """How many children run now, over all threads of this process."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._running = 0

    @contextmanager
    def one(self, limits: Limits) -> Iterator[None]:
        """Wait for a free place; raises Busy after `limits.queue_seconds`."""
        with self._free:
            if not self._free.wait_for(lambda: self._running < limits.at_once, limits.queue_seconds):
                raise Busy
            self._running += 1
        try:
            yield
        finally:
            with self._free:
                self._running -= 1
                self._free.notify()


_readers = _Readers()


class Reader:
    """A child, started and waiting for its job: it starts while the parent looks at the archive."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
        watchdog.watch(self._process, limits.memory)

    def extract(self, job: Job) -> Grid:
        """The grid of a file. Raises Unreadable; a child that died or took too long is "file-too-heavy"."""
        output = self._answer(json.dumps(job.as_json()).encode() + b"\n")
        try:
            answer: dict[str, Any] = json.loads(output)
        except ValueError:
            raise Unreadable("file-too-heavy") from None
        if "refused" in answer:
            raise Unreadable(answer["refused"], **answer["facts"])
        return Grid.unpacked(answer["grid"])

    def _answer(self, task: bytes) -> bytes:
        """What the child printed; nothing where it was ended or ended itself."""
        try:
            output, _ = self._process.communicate(task, timeout=self._limits.wall_seconds)
        except subprocess.TimeoutExpired:
            return b""
        return output if self._process.returncode == 0 else b""

    def end(self) -> None:
        """Leave nothing running, whatever happened."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


@contextmanager
def reader(limits: Limits) -> Iterator[Reader]:
    """One of the few children allowed at once. Raises Busy where none is free in time."""
    with _readers.one(limits):
        child = Reader(limits)
        try:
            yield child
        finally:
            child.end()


def _environment() -> dict[str, str]:
    """Nothing of ours: no secrets, no database. Windows can't start Python without its own folder's name."""
    return {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
