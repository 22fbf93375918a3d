"""Names of processes among those that share a database, and whether the one with a name is still alive."""

from __future__ import annotations

import os
import socket
import uuid


def new_name() -> str:
    """A name for this process: machine, process, and something no other process had. At most 61 letters."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:12]}"


def is_dead(other: str, mine: str) -> bool:
    """Whether the process named `other` is known to be gone, asked by the one named `mine`.

    Of another machine's process, and of a name that is none of ours, nothing is known.
    """
    try:
        host, pid, _ = other.rsplit(":", 2)
        my_host, my_pid, _ = mine.rsplit(":", 2)
        number = int(pid)
    except ValueError:
        return False
    if host != my_host or other == mine:
        return False
    return pid == my_pid or not _lives(number)


def _lives(pid: int) -> bool:
    if os.name == "nt":
        return True  # signal 0 is no question there but an interrupt; the lease will run out
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
