"""Insert-or-ignore and insert-or-update, for both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

from server.db.bulk import dialect_of

Insert = postgresql.Insert | sqlite.Insert


def upsert(session: Session, model: type[DeclarativeBase]) -> Any:
    """An `insert` that knows `on_conflict_do_nothing` and `on_conflict_do_update`, for the session's database."""
    insert = postgresql.insert if dialect_of(session) == "postgresql" else sqlite.insert
    return insert(model)
