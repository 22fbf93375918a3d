from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

import server.db
from server.db.revisions import STEPS, revision_of
from server.db.session import Database


def test_the_steps_are_those_of_the_migrations() -> None:
    """They are told from file names; the migration tool reads the files."""
    config = Config()
    config.set_main_option("script_location", str(Path(server.db.__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    found = ScriptDirectory.from_config(config)
    assert tuple(reversed([step.revision for step in found.walk_revisions()])) == STEPS


def test_the_step_of_a_database(db: Database) -> None:
    assert revision_of(db.engines.write) == STEPS[-1]


def test_an_empty_database_is_at_no_step(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    assert revision_of(empty.engines.write) is None
    empty.close()
