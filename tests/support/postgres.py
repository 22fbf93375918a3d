"""A PostgreSQL cluster of the tests' own, started as an unprivileged user (the server refuses to run as root)."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.support.ports import free_port


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`, None where the machine has no PostgreSQL server."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return versions[-1].parent if versions else None


@contextmanager
def cluster() -> Iterator[str]:
    """A running cluster; gives the URL of its server without a database name. Gone afterwards, with its data."""
    tools = binaries()
    assert tools is not None
    folder = Path(tempfile.mkdtemp(prefix="stockbook-pg-"))
    user = _unprivileged(folder)
    port = free_port()
    data = folder / "data"
    _run_as(
        user,
        [str(tools / "initdb"), "-D", str(data), "-U", "stockbook", "-A", "trust", "--no-sync", "-E", "UTF8"],
    )
    options = [
        f"-p{port}", f"-k{folder}", "-clisten_addresses=127.0.0.1", "-cfsync=off", "-csynchronous_commit=off",
        "-cfull_page_writes=off", "-cmax_connections=120", "-cshared_buffers=64MB", "-cautovacuum=off",
        "-cwal_level=minimal", "-cmax_wal_senders=0", "-cjit=off",
    ]  # fmt: skip
    process = subprocess.Popen(
        [str(tools / "postgres"), "-D", str(data), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **_identity(user),
    )
    url = f"postgresql://stockbook@127.0.0.1:{port}"
    try:
        _wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged(folder: Path) -> str:
    if os.geteuid() != 0:
        return getpass.getuser()
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        return name
    raise RuntimeError("no unprivileged user to run PostgreSQL as")


def _identity(user: str) -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _run_as(user: str, command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, **_identity(user))  # type: ignore[call-overload]


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError("PostgreSQL did not start")
        try:
            psycopg.connect(f"{url}/postgres", connect_timeout=1).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("PostgreSQL did not answer")
