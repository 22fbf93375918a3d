"""The sandbox's own SQLite file: tables, one writer at a time, and a clock that never shows a time twice."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY_TIMEOUT_MS = 15_000

SCHEMA = """
CREATE TABLE IF NOT EXISTS moment (id INTEGER PRIMARY KEY CHECK (id = 1), last_us INTEGER NOT NULL);
INSERT OR IGNORE INTO moment VALUES (1, 0);
CREATE TABLE IF NOT EXISTS shop (
    name TEXT PRIMARY KEY, secret TEXT, webhook_url TEXT, webhook_secret TEXT,
    orders INTEGER NOT NULL DEFAULT 0, pushes INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS listing (
    shop TEXT NOT NULL, store_sku TEXT NOT NULL, name TEXT NOT NULL,
    product TEXT NOT NULL, gtin TEXT, price TEXT NOT NULL, currency TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 0), times_set INTEGER NOT NULL DEFAULT 0,
    updated_us INTEGER NOT NULL, PRIMARY KEY (shop, store_sku)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS market_order (
    shop TEXT NOT NULL, number TEXT NOT NULL, status TEXT NOT NULL, payment TEXT NOT NULL,
    currency TEXT NOT NULL, tracking TEXT, lines_made INTEGER NOT NULL DEFAULT 0,
    created_us INTEGER NOT NULL, paid_us INTEGER, confirmed_us INTEGER, shipped_us INTEGER,
    cancelled_us INTEGER, updated_us INTEGER NOT NULL, PRIMARY KEY (shop, number)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS market_order_updated ON market_order (shop, updated_us);
CREATE TABLE IF NOT EXISTS order_line (
    shop TEXT NOT NULL, number TEXT NOT NULL, line_id INTEGER NOT NULL, store_sku TEXT NOT NULL,
    name TEXT NOT NULL, quantity INTEGER NOT NULL CHECK (quantity > 0), unit_price TEXT NOT NULL,
    PRIMARY KEY (shop, number, line_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS order_line_sku ON order_line (shop, store_sku);
CREATE TABLE IF NOT EXISTS stock_set (
    id INTEGER PRIMARY KEY, shop TEXT NOT NULL, store_sku TEXT NOT NULL,
    quantity INTEGER NOT NULL, at_us INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS stock_set_listing ON stock_set (shop, store_sku, id);
CREATE TABLE IF NOT EXISTS stock_write (
    ticket INTEGER PRIMARY KEY AUTOINCREMENT, shop TEXT NOT NULL, store_sku TEXT NOT NULL,
    quantity INTEGER NOT NULL, due_us INTEGER NOT NULL, effective INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS stock_write_due ON stock_write (effective, due_us);
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT, shop TEXT NOT NULL, event TEXT NOT NULL, number TEXT NOT NULL,
    status TEXT NOT NULL, updated_us INTEGER NOT NULL, due_us INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (due_us);
CREATE TABLE IF NOT EXISTS fault (shop TEXT PRIMARY KEY, settings TEXT NOT NULL) WITHOUT ROWID;
"""


class Database:
    """One SQLite file in WAL mode, a connection per thread; readers never wait for the writer."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._clock = clock
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._writing = threading.Lock()
        connection = self._connection()
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(SCHEMA)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A consistent view of one moment."""
        connection = self._connection()
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is kept whole at the end of the block, or not at all when it raises."""
        connection = self._connection()
        # The lock keeps this process's threads in line; SQLite's own waiting would poll with growing sleeps.
        with self._writing:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def now_us(self) -> int:
        """The clock's time in microseconds; may stand still or go back."""
        return int(self._clock() * 1_000_000)

    def next_moment(self, connection: sqlite3.Connection) -> int:
        """Microseconds, always later than any moment given before: two changes never share one."""
        row = connection.execute(
            "UPDATE moment SET last_us = max(last_us + 1, ?) RETURNING last_us", (self.now_us(),)
        ).fetchone()
        return int(row["last_us"])

    def close(self) -> None:
        """Close every thread's connection. Only once nobody uses them any more."""
        while self._opened:
            self._opened.pop().close()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            # With NORMAL a crash of the process loses nothing; a power cut may lose a sandbox's last orders.
            connection.execute("PRAGMA synchronous=NORMAL")
            self._local.connection = connection
            self._opened.append(connection)
        return connection
