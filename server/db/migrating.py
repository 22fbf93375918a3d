"""Bring a database's schema up to date. Steps stand in `migrations/versions`, forward only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine

_STEPS = Path(__file__).with_name("migrations")


def upgrade(engine: Engine) -> None:
    """Run every step that is missing, in one transaction."""
    with engine.begin() as connection:
        command.upgrade(_config(connection), "head")


def write_step(engine: Engine, metadata: Any, message: str, revision: str) -> None:
    """For developers: write the step from the database as it is to `metadata`."""
    with engine.begin() as connection:
        config = _config(connection)
        config.attributes["metadata"] = metadata
        command.revision(config, message=message, autogenerate=True, rev_id=revision)


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_STEPS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config
