"""How many statements something takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from server.db.session import Database


@contextmanager
def counted(db: Database) -> Iterator[list[str]]:
    """The statements that run inside the block, in writing transactions."""
    with _counted(db.engines.write) as seen:
        yield seen


@contextmanager
def counted_reads(db: Database) -> Iterator[list[str]]:
    """The statements that run inside the block, in reading transactions; on PostgreSQL in all, on one engine."""
    with _counted(db.engines.read) as seen:
        yield seen


@contextmanager
def _counted(engine: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def plan_of(db: Database, statement: str) -> str:
    """How SQLite would go about a statement, a step a line; what its parameters are does not matter."""
    with db.engines.read.connect() as connection:
        cursor = connection.connection.cursor()
        marks = statement.count("?")
        return "\n".join(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", [None] * marks))
