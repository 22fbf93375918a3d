"""Names of processes among those that share a database, and whether the one with a name is still alive."""

from __future__ import annotations

import os
import secrets
import socket

#: What no earlier process of the same number had, in letters
_START = secrets.token_hex(3)


def new_name() -> str:
    """A name for something in this process that holds leases: machine, process, this start of it, and letters of its
    own. At most 61 letters."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{_START}{secrets.token_hex(3)}"


def is_dead(other: str, mine: str) -> bool:
    """Whether the process of `other` is known to be gone, asked under the name `mine`.

    Of another machine's process, and of a name that is none of ours, nothing is known.
    """
    try:
        host, pid, start = other.rsplit(":", 2)
        my_host, my_pid, my_start = mine.rsplit(":", 2)
        number = int(pid)
    except ValueError:
        return False
    if host != my_host:
        return False
    if pid == my_pid:
        return start[: len(_START)] != my_start[: len(_START)]
    return not _lives(number)


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
