"""The child process: a job as a line of JSON on its input, a grid or a refusal as a line of JSON on its output.

Whatever a file does to a reader (abort, panic, endless loop, all memory) happens here and not in the server.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
from collections.abc import Callable
from typing import Any

from validators.extracting.grid import Grid
from validators.extracting.job import Job
from validators.extracting.refusing import Unreadable

#: Kind of file -> module with a `read(job)`; one is imported per child, for each costs 10 to 25 ms.
READERS = {"xlsx": "xlsx", "xlsm": "xlsx", "xls": "xls", "ods": "ods", "csv": "csv_text"}


def main() -> None:
    """Read the job, bound this process, read the file, answer."""
    gc.disable()  # one file and gone: looking for cycles among a million cells only costs time
    job = Job.from_json(json.loads(sys.stdin.buffer.readline()))
    read: Callable[[Job], Grid] = importlib.import_module(f"validators.extracting.{READERS[job.kind]}").read
    bound(job.limits["memory"], job.limits["cpu_seconds"])
    answer = json.dumps(answered(read, job), ensure_ascii=False, separators=(",", ":"))
    sys.stdout.buffer.write(answer.encode("utf-8", "surrogatepass"))
    sys.stdout.buffer.flush()


def answered(read: Callable[[Job], Grid], job: Job) -> dict[str, Any]:
    """The answer to a job: `{"grid": …}` or `{"refused": code, "facts": …}`."""
    try:
        return {"grid": read(job).packed(job.limits["text_characters"])}
    except Unreadable as refusal:
        return {"refused": refusal.code, "facts": refusal.facts}
    except MemoryError:
        return {"refused": "file-too-heavy", "facts": {}}
    except BaseException as error:  # the edge of the process: readers panic with things that are no Exception
        return {"refused": "file-damaged", "facts": {"reason": f"it can't be read ({type(error).__name__})"}}


def bound(memory: int, cpu_seconds: int) -> None:
    """Limits that the system keeps for us, where it can (not on Windows: there the parent watches)."""
    if sys.platform == "win32":
        return
    resource = importlib.import_module("resource")
    limits = {"AS": memory, "CPU": cpu_seconds, "CORE": 0, "NOFILE": 64, "FSIZE": 0}
    for name, value in limits.items():
        _lower(resource, getattr(resource, f"RLIMIT_{name}"), value)


def _lower(resource: Any, limit: int, value: int) -> None:
    """Lower one limit, hard and soft; macOS refuses some of them."""
    _, hard = resource.getrlimit(limit)
    most = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(limit, (most, most))
    except (ValueError, OSError):
        return
