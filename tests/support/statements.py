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
