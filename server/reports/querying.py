"""Rows from the database as a stream: the database keeps its place, this process never holds more than a batch."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Executable
from sqlalchemy.orm import Session

from server.reports.describing import Row

_BATCH = 1_000


def stream(session: Session, query: Executable) -> Iterator[Row]:
    """The rows of `query`, fetched by the thousand."""
    return iter(session.execute(query, execution_options={"yield_per": _BATCH}))
