"""A backup of the database while it is in use; never a copy of the live file, which may lack whole tables."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, make_url

from server.errors import Refused

DUMP_SECONDS = 3600


def write(url: str, file: Path) -> None:
    """Write the database at `url` to `file`, readable by its owner only, and check what was written.

    SQLite: a whole database. PostgreSQL: a dump for `pg_restore`. Raises `Refused` where the file exists, its folder
    does not, the tools are missing, or the check fails; then there is no file.
    """
    if file.exists():
        raise Refused(f"{file} exists; a backup never overwrites one")
    if not file.parent.is_dir():  # made silently, a misspelt folder would be noticed when the backup is needed
        raise Refused(f"there is no folder {file.parent}; make it first, or write the backup elsewhere")
    unfinished = file.with_name(file.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        unfinished.touch(0o600)
        parsed = make_url(url)
        (_copy_sqlite if parsed.get_backend_name() == "sqlite" else _dump_postgresql)(parsed, unfinished)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def shown_url(url: str) -> str:
    """The URL as people may see it, without its password."""
    return make_url(url).render_as_string(hide_password=True)


def _copy_sqlite(url: URL, file: Path) -> None:
    with closing(sqlite3.connect(f"file:{url.database}?mode=ro", uri=True, isolation_level=None)) as source:
        source.execute("VACUUM INTO ?", (str(file),))
    with closing(sqlite3.connect(file)) as copy:
        found = [row[0] for row in copy.execute("PRAGMA integrity_check")]
        broken = copy.execute("PRAGMA foreign_key_check").fetchall()
    if found != ["ok"] or broken:
        raise Refused(f"the backup is not sound: {'; '.join(found)[:500]}; broken references: {len(broken)}")


def _dump_postgresql(url: URL, file: Path) -> None:
    for tool in ("pg_dump", "pg_restore"):
        if shutil.which(tool) is None:
            raise Refused(f"{tool} is not on this machine; install PostgreSQL's client tools")
    environment = dict(os.environ)
    if url.password is not None:
        environment["PGPASSWORD"] = str(url.password)
    where = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    _run(["pg_dump", "--format=custom", f"--file={file}", f"--dbname={where}"], environment)
    _run(["pg_restore", "--list", str(file)], environment)


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=DUMP_SECONDS, check=False)
    if done.returncode != 0:
        raise Refused(f"{command[0]}: {done.stderr.strip()[:500]}")
