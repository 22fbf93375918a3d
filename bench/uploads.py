"""Workbooks end to end through HTTP, against parsing them and inserting the rows that must be written.

The floor reads the file with calamine and writes with one bare `executemany` per table, into a copy of the same
database with the same durability: no checks, no messages, no outcome to look at afterwards, no history.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from python_calamine import CalamineWorkbook

from bench import books
from bench.measuring import Pair, in_turn, peak_memory, seconds
from bench.page import Figure, Section, Size, against_floor, at_least, at_most
from bench.site import Site, site
from validators.templates.building import HEADER_ROW

MOST_RATIO, MOST_MB, LEAST_ROWS = 3.0, 400, 10_000
#: Rows a second that others were measured at on a machine of this kind.
RIVALS = (
    "Medusa's bulk call 1,200; django-import-export 650 to 5,400, without a ledger; Odoo 60 to 120; ERPNext 16 to 41"
)
_AT = "2026-01-01T00:00:00.000000Z"


def run(size: Size) -> Section:
    """Measure both workbooks."""
    section = Section(
        "Workbooks end to end",
        f"{size.rows:,} rows handed in through HTTP (one request, until its outcome is there), server and jobs in one "
        "process, SQLite with `synchronous=FULL`. Floor: calamine parses the file, bare `executemany` inserts the rows "
        f"that must be written, indexes and foreign keys in place. Rows a second of others: {RIVALS}.",
    )
    with TemporaryDirectory(prefix="stockbook-bench-") as name, site(Path(name) / "data") as here:
        copy = Path(name) / "floor.db"
        _copy_database(here.database, copy)
        section.figures += _sku_create(here, copy, size)
        section.figures += _stock_in(here, copy, size)
    return section


def _sku_create(here: Site, copy: Path, size: Size) -> list[Figure]:
    files = [books.sku_create(size.rows, batch) for batch in range(size.rounds)]
    with peak_memory(here.process.pid) as peak:
        checked = _rounds(here, copy, files, "mode=validate", None)
        applied = _rounds(here, copy, files, "mode=apply", _insert_skus)
    return _figures("SKU create", checked, applied, peak.megabytes, size)


def _stock_in(here: Site, copy: Path, size: Size) -> list[Figure]:
    files = [books.stock_in(size.rows, batch) for batch in range(size.rounds)]
    with peak_memory(here.process.pid) as peak:
        checked = _rounds(here, copy, files, "mode=validate", None)
        applied = _rounds(here, copy, files, "mode=apply", _insert_arrivals)
    return _figures("Stock-in", checked, applied, peak.megabytes, size)


def _figures(what: str, checked: Pair, applied: Pair, peak: int, size: Size) -> list[Figure]:
    return [
        against_floor(f"{what}, validate and apply", applied, most=MOST_RATIO),
        at_least(f"{what}, rows a second", size.rows / applied.seconds, "rows/s", LEAST_ROWS),
        at_most(f"{what}, peak memory of server and child", peak, "MB", MOST_MB),
        Figure(
            f"{what}, validate only, against parsing only",
            f"{checked.seconds:.2f} s",
            f"{checked.floor_seconds:.2f} s",
            f"{checked.ratio:.2f}",
        ),
    ]


Insert = Callable[[sqlite3.Connection, Sequence[Sequence[Any]]], None]


def _rounds(here: Site, copy: Path, files: Sequence[bytes], query: str, insert: Insert | None) -> Pair:
    def floor(number: int) -> float:
        path = copy.parent / "floor.xlsx"
        path.write_bytes(files[number])
        return seconds(lambda: _bare(path, copy, insert))

    def measured(number: int) -> float:
        here.settle()
        return seconds(lambda: here.upload(files[number], query))

    return in_turn(len(files), measured, floor)


def _bare(path: Path, database: Path, insert: Insert | None) -> None:
    """The floor: parse, insert, commit."""
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(1).to_python(skip_empty_area=False)
    if insert is None:
        return
    db = sqlite3.connect(database, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("BEGIN IMMEDIATE")
    insert(db, rows[HEADER_ROW:])
    db.execute("COMMIT")
    db.close()


def _insert_skus(db: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
    columns = (
        "code, key, skeleton, title, title_key, parent_sku, parent_key, model_key, size, colour, category, brand, "
        "weight_g, cost, price, currency, kind, own_stock, attributes, model_number, picture_url, serial_mode, status, "
        "notes, created_at, updated_at"
    )
    rest = ("single", 0, "{}", "", "", "off", "active", "", _AT, _AT)
    db.executemany(
        f"INSERT INTO merchant_sku ({columns}) VALUES ({', '.join('?' * 26)})",
        [
            (r[0], r[0].lower(), r[0].lower(), r[1], r[1].lower(), r[2], r[2].lower(), "", r[3], r[4], r[6], r[7],
             str(r[9]), str(r[15]), str(r[16]), r[17], *rest)
            for r in rows
        ],
    )  # fmt: skip
    ids = _sku_ids(db)
    db.executemany(
        "INSERT INTO gtin (key, value, sku_id) VALUES (?, ?, ?)", [(r[8], r[8], ids[r[0].lower()]) for r in rows]
    )


def _insert_arrivals(db: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
    """List, lines, entry, movements, balances, outbox marks: what a completed stock-in list consists of."""
    ids = _sku_ids(db)
    skus = [ids[row[0].lower()] for row in rows]
    number = db.execute(
        "INSERT INTO stock_list (direction, state, warehouse_id, note, created_at, created_by, completed_by) "
        "VALUES ('in', 'completed', 1, '', ?, '', '')",
        (_AT,),
    ).lastrowid
    db.executemany(
        "INSERT INTO stock_list_line (list_id, line, sku_id, quantity, unit_cost, note) VALUES (?, ?, ?, ?, ?, ?)",
        [(number, n, sku, row[2], str(row[4]), row[5]) for n, (sku, row) in enumerate(zip(skus, rows, strict=True))],
    )
    entry = db.execute(
        "INSERT INTO entry (key, content, kind, document, document_id, at, actor, note) "
        "VALUES (?, x'00', 'stock_in', 'stock_list', ?, ?, '', '')",
        (f"floor/{number}", number, _AT),
    ).lastrowid
    db.executemany(
        "INSERT INTO movement (entry_id, line, warehouse_id, sku_id, on_hand, allocated, on_the_way, defective) "
        "VALUES (?, ?, 1, ?, ?, 0, 0, 0)",
        [(entry, n, sku, row[2]) for n, (sku, row) in enumerate(zip(skus, rows, strict=True))],
    )
    db.executemany(
        "INSERT INTO balance (warehouse_id, sku_id, on_hand, allocated, on_the_way, defective) "
        "VALUES (1, ?, ?, 0, 0, 0)",
        [(sku, row[2]) for sku, row in zip(skus, rows, strict=True)],
    )
    db.executemany(
        "INSERT INTO changed (sku_id, version, causes, forced, marked_at) VALUES (?, 1, 4, 0, ?)",
        [(sku, _AT) for sku in skus],
    )


def _sku_ids(db: sqlite3.Connection) -> dict[str, int]:
    return dict(db.execute("SELECT key, id FROM merchant_sku"))


def _copy_database(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as db:
        db.execute("VACUUM INTO ?", (str(target),))
