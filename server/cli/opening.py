"""Settings and database for a command."""

from __future__ import annotations

import getpass
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from server import settings as settings_module
from server.cli.output import log_to_stderr
from server.db.backup import shown_url
from server.db.revisions import STEPS, revision_of
from server.db.session import Database
from server.errors import Refused, WrongUse
from server.settings import Settings

log = logging.getLogger(__name__)


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
    """The database of `chosen`, as it is. What it answers amiss becomes a sentence, as `Refused`."""
    chosen.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    db = Database(chosen.url)
    try:
        yield Opened(db, chosen)
    except OverflowError as error:
        raise WrongUse("a number is larger than any that can be kept") from error
    except SQLAlchemyError as error:
        log.debug("database", exc_info=error)
        raise Refused(_said(error, chosen)) from error
    finally:
        db.close()


def _said(error: SQLAlchemyError, chosen: Settings) -> str:
    """What a database that does not do its work says, and what would help."""
    said = str(getattr(error, "orig", None) or error).splitlines()[0]
    if chosen.is_sqlite and ("readonly" in said or "unable to open" in said):
        whom = f"the user who runs this must be able to read and write it and its folder: {shown_url(chosen.url)}"
        return f"the database file can't be used ({said}); {whom}"
    return f"the database does not answer as it should: {said}"


def check(db: Database) -> None:
    """Raise `Refused` unless the schema is the one this code knows."""
    here = known_step(db)
    if here is None:
        raise Refused("there is no database yet: python -m server init")
    if here != STEPS[-1]:
        raise Refused(f"the database is at step {here}, this version wants {STEPS[-1]}: python -m server upgrade")


def known_step(db: Database) -> str | None:
    """The step the database is at, None for an empty one. Raises `Refused` for one that a newer version has made."""
    here = revision_of(db.engines.write)
    if here is not None and here > STEPS[-1]:
        said = f"a newer version of Stockbook made this database (step {here}; this version knows {STEPS[-1]})"
        raise Refused(f"{said}: install that version, or restore a backup from before")
    return here
