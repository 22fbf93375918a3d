"""Which step a database is at, and which steps this code knows. Every command asks; it takes no migration tool."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

#: The steps by number, oldest first: `migrations/versions/0001_first_tables.py` is step 0001.
STEPS = tuple(sorted(file.name.partition("_")[0] for file in Path(__file__).parent.glob("migrations/versions/0*.py")))


def revision_of(engine: Engine) -> str | None:
    """The step the database is at, None for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
