"""SQLite or PostgreSQL: pragmas, time-outs, and how a transaction begins.

SQLAlchemy's defaults on SQLite oversell: no BEGIN before a SELECT, foreign keys off. Here a writing transaction begins
IMMEDIATE, a reading one deferred, on two engines over the same file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url

BUSY_TIMEOUT_MS = 15_000
_POSTGRES_OPTIONS = "-c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"


@dataclass(frozen=True)
class Engines:
    """The engine that writes and the one that reads; on PostgreSQL they share their connections."""

    write: Engine
    read: Engine

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.write.dialect.name

    def dispose(self) -> None:
        """Close every connection."""
        self.write.dispose()
        self.read.dispose()


def open_engines(url: str, *, pool_size: int = 16) -> Engines:
    """Engines for `url`: `sqlite:///path` or `postgresql+psycopg://…`."""
    if make_url(url).get_backend_name() == "sqlite":
        return _open_sqlite(url)
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=8,
        pool_pre_ping=True,
        connect_args={"options": _POSTGRES_OPTIONS},
    )
    event.listen(engine, "reset", _end_transaction)
    # One state of the database for the whole of a reading transaction, as on SQLite; the connections are the same.
    return Engines(write=engine, read=engine.execution_options(isolation_level="REPEATABLE READ"))


def _open_sqlite(url: str) -> Engines:
    database = make_url(url).database
    if database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    # The connection used last comes next: as few as possible have pages in their caches, and those are warm.
    write, read = (create_engine(url, pool_size=16, max_overflow=16, pool_use_lifo=True) for _ in range(2))
    for engine, begin in ((write, "BEGIN IMMEDIATE"), (read, "BEGIN")):
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_with(begin))
        event.listen(engine, "reset", _end_transaction)
    return Engines(write=write, read=read)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is sent by us
    # SQLite's own knows ASCII only: a search for 'ä' would miss 'Ä', which PostgreSQL finds.
    connection.create_function("lower", 1, _lower, deterministic=True)
    # FULL: with NORMAL a power cut loses acknowledged work.
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-16000",  # of each connection; twice as much gained nothing over the system's own cache
    ):
        connection.execute(f"PRAGMA {pragma}")


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _end_transaction(connection: Any, _record: Any, _state: Any) -> None:
    """A commit that failed (a full disk) leaves its transaction open, and SQLAlchemy takes it for ended. Put back into
    the pool like that, the connection would keep its locks and no one could write until the next start."""
    connection.rollback()  # nothing is sent where nothing is open


def _begin_with(statement: str) -> Any:
    def begin(connection: Any) -> None:
        connection.exec_driver_sql(statement)

    return begin
