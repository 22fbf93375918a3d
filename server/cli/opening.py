"""Settings and database for a command; the first start."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from server import clock
from server import settings as settings_module
from server.access.tokens import first_admin
from server.cli.output import log_to_stderr, say
from server.db import migrating
from server.db.session import Database
from server.errors import Refused
from server.jobs.service import prepare
from server.places.service import ensure_default
from server.settings import Settings

TOKEN_FILE = "admin-token"


@dataclass(frozen=True)
class Opened:
    """A database that is up to date; `token` on the very first start only."""

    db: Database
    settings: Settings
    token: str | None = None


def actor() -> str:
    """Who is at the command line: `cli:anna` (SEC-2)."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a user without a name, as in some containers
        return f"cli:{os.getuid() if hasattr(os, 'getuid') else 'unknown'}"


def settings() -> Settings:
    """Settings from the environment; log lines go to the error stream (STOCKBOOK_LOG: warning unless set)."""
    log_to_stderr(os.environ.get("STOCKBOOK_LOG", "warning"))
    return settings_module.load()


@contextmanager
def database() -> Iterator[Opened]:
    """An existing database that is up to date. Raises `Refused` saying which command makes it so."""
    with opened(settings()) as found:
        check(found.db)
        yield found


@contextmanager
def opened(chosen: Settings) -> Iterator[Opened]:
    """The database of `chosen`, as it is."""
    chosen.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    db = Database(chosen.url)
    try:
        yield Opened(db, chosen)
    finally:
        db.close()


@contextmanager
def ready(chosen: Settings, *, upgrade: bool = False) -> Iterator[Opened]:
    """For servers: an empty database is made whole and gets its admin; an older one is upgraded or refused."""
    with opened(chosen) as found:
        if upgrade or migrating.revision_of(found.db.engines.write) is None:
            migrating.upgrade(found.db.engines.write)
        check(found.db)
        yield Opened(found.db, chosen, make_first_admin(found.db, chosen.data_dir))


def check(db: Database) -> None:
    """Raise `Refused` unless the schema is the one this code knows."""
    here, newest = migrating.revision_of(db.engines.write), migrating.newest_revision()
    if here is None:
        raise Refused("there is no database yet: python -m server init")
    if here != newest:
        raise Refused(f"the database is at step {here}, this version wants {newest}: python -m server upgrade")


def make_first_admin(db: Database, folder: Path) -> str | None:
    """On the first start: the admin's token, also kept in the data folder for its owner only (SEC-1)."""

    def make(session: Session) -> str | None:
        prepare(session)
        ensure_default(session, clock.now())
        text = first_admin(session, by="system")
        if text is not None:  # before the commit: a crash between must not lose the only token
            keep_secret(folder / TOKEN_FILE, text)
        return text

    return db.write(make)


def show_first_token(found: Opened) -> None:
    """Print the token that was just made; later starts only say where it is kept."""
    if found.token is not None:
        say(f"admin token: {found.token}")
    kept = found.settings.data_dir / TOKEN_FILE
    if kept.exists():
        say(f"(the token is kept in {kept})")


def keep_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    path.chmod(0o600)
