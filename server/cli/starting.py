"""The first start: an empty database is made whole, and the admin's token is shown once (SEC-1)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.orm import Session

from server import clock
from server.access.tokens import first_admin
from server.cli.opening import Opened, check, known_step, opened
from server.cli.output import say
from server.db import migrating
from server.db.revisions import STEPS
from server.db.session import Database
from server.jobs.service import prepare
from server.places.service import ensure_default
from server.settings import Settings

TOKEN_FILE = "admin-token"


@contextmanager
def ready(chosen: Settings, *, upgrade: bool = False) -> Iterator[Opened]:
    """For servers: an empty database is made whole and gets its admin; an older one is upgraded or refused."""
    with opened(chosen) as found:
        here = known_step(found.db)
        if here is None or (upgrade and here != STEPS[-1]):
            migrating.upgrade(found.db.engines.write)
        check(found.db)
        yield Opened(found.db, chosen, make_first_admin(found.db, chosen.data_dir))


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
