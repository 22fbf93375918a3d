"""init, upgrade, verify-ledger, backup: the database itself."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from server import clock
from server.cli.opening import database, known_step, opened, settings
from server.cli.output import AsJson, say, table
from server.cli.starting import make_first_admin, ready, show_first_token
from server.db import backup as backups
from server.db import migrating
from server.db.revisions import STEPS
from server.db.session import Database
from server.errors import Refused
from server.ledger.verifying import verify


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(init)
    app.command()(upgrade)
    app.command("verify-ledger")(verify_ledger)
    app.command()(backup)


def init() -> None:
    """Prepare the database and make the first admin. A second time changes nothing."""
    with ready(settings()) as found:
        say(f"the database is ready: {backups.shown_url(found.settings.url)}")
        show_first_token(found)


def upgrade() -> None:
    """Bring the database up to date, after a backup of what is there."""
    with opened(settings()) as found:
        before, newest = known_step(found.db), STEPS[-1]
        if before == newest:
            say(f"the database is up to date ({newest})")
            return
        if before is not None:
            file = found.settings.data_dir / "backups" / f"before-{newest}-{clock.now():%Y%m%dT%H%M%S}.backup"
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            backups.write(found.settings.url, file)
            say(f"backup: {file}")
        migrating.upgrade(found.db.engines.write)
        make_first_admin(found.db, found.settings.data_dir)
        say(f"the database is at {newest}")


def verify_ledger(as_json: AsJson = False) -> None:
    """Compare every figure with the sum of its movements; 1 if any differs."""
    with database() as found, found.db.read() as session:
        differences = verify(session)
        if differences or as_json:
            table([asdict(difference) for difference in differences], as_json=as_json)
    if differences:
        many = f"{len(differences)} difference{'s' if len(differences) > 1 else ''}"
        raise Refused(f"{many}: these figures are not the sums of their movements")
    if not as_json:
        say("0 differences: every figure is the sum of its movements")


def backup(file: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")]) -> None:
    """Write a backup while the server runs, and check it."""
    with database() as found:
        backups.write(found.settings.url, file)
        if found.settings.is_sqlite:
            _check_copy(file)
        say(f"backup: {file} ({file.stat().st_size:,} bytes), checked")


def _check_copy(file: Path) -> None:
    copy = Database(f"sqlite:///{file.absolute()}")
    try:
        with copy.read() as session:
            if verify(session):
                raise Refused(f"the figures in {file} differ from their movements: python -m server verify-ledger")
    finally:
        copy.close()
        for rest in ("-wal", "-shm"):
            Path(f"{file}{rest}").unlink(missing_ok=True)
