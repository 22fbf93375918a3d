"""Orders taken in and allocated by several writers at once, against bare conditional updates in the same database.

The floor is what a careful hand-written loop does: for each line one update that changes nothing where too little is
there, and a commit. It keeps no order, no line, no movement, nothing to release or explain, and tells no store.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.databases import AT, KINDS, database, default_warehouse, kinds, make_skus, make_stores, put_stock
from bench.measuring import Pair, in_turn, seconds
from bench.page import Figure, Section, Size, against_floor
from server.channels.protocol import MarketLine, MarketOrder, MarketStatus
from server.db.session import Database
from server.orders.models import Order
from server.orders.taking import take_in
from server.stores.models import Store

WRITERS, PAGE, LINES, MOST_RATIO = 4, 100, 3, 4.0
_UNITS = 1_000_000
TAKE = (
    "UPDATE balance SET allocated = allocated + {0} "
    "WHERE warehouse_id = {0} AND sku_id = {0} AND on_hand - allocated >= {0}"
)
Lines = Sequence[int]  # the SKU of each line, one unit of it


def run(size: Size) -> Section:
    """Measure every database there is, over many SKUs and over a single one."""
    section = Section(
        "Orders allocated",
        f"{size.orders:,} orders of {LINES} lines, taken in by {WRITERS} writers at once in pages of {PAGE}, as order "
        "sync does: order, lines, holds, movements, balances, marks for the push. Floor: a bare conditional UPDATE for "
        f"each line and nothing else (SQLite: one writer, PostgreSQL: {WRITERS}). *By order* commits after each order, "
        f"as one does that decides orders one by one; *by page* after {PAGE}. Both databases with the durability "
        "they have in use. The longest wait is that of any one writer for one page, its own work included.",
    )
    for kind in kinds():
        for skus in (1_000, 1):
            section.figures += _figures(kind, skus, size)
    return section


def _figures(kind: str, skus: int, size: Size) -> list[Figure]:
    what = f"{KINDS[kind]}, {skus:,} SKU{'s' if skus > 1 else ', hot'}"
    with database(kind) as db:
        shop = _Shop(db, skus, size)
        by_page = in_turn(size.rounds, shop.take, lambda _: shop.floor(PAGE))
        by_order = Pair(by_page.measured, [shop.floor(1) for _ in range(size.rounds)])
        shop.prove(size.rounds * size.orders)
    return [
        against_floor(f"{what}, floor by page", by_page, most=MOST_RATIO),
        against_floor(f"{what}, floor by order", by_order, most=MOST_RATIO),
        Figure(f"{what}, orders a second", f"{size.orders / by_page.seconds:,.0f}"),
        Figure(f"{what}, longest wait of a writer", f"{max(shop.waits):.2f} s"),
    ]


class _Shop:
    """A store with mapped SKUs and plenty of stock, and the orders that buy from it."""

    def __init__(self, db: Database, skus: int, size: Size) -> None:
        self.db = db
        self.waits: list[float] = []
        chance = random.Random(20260101)
        self._skus: list[int] = db.write(lambda session: make_skus(session, skus))
        self._store: int = db.write(lambda session: make_stores(session, 1, self._skus))[0]
        db.write(lambda session: put_stock(session, self._skus, _UNITS))
        self._warehouse: int = db.write(default_warehouse)
        self._orders: list[Lines] = [
            chance.sample(self._skus, LINES) if skus >= LINES else self._skus * LINES for _ in range(size.orders)
        ]

    def take(self, number: int) -> float:
        """Take all orders in, under numbers of this round; gives the seconds."""
        pages = [
            [market_order(f"{number}-{start + place}", lines) for place, lines in enumerate(page)]
            for start, page in pages_of(self._orders, PAGE)
        ]
        return seconds(lambda: _at_once(self._take_page, pages))

    def _take_page(self, page: Sequence[MarketOrder]) -> None:
        def work(session: Session) -> None:
            take_in(session, session.get_one(Store, self._store), page, by="bench", at=AT)

        self.waits.append(seconds(lambda: self.db.write(work)))

    def floor(self, orders: int) -> float:
        """Bare updates with a commit after so many orders; gives the seconds."""
        pages = [page for _, page in pages_of(self._orders, PAGE)]
        bare = _bare_sqlite if self.db.dialect == "sqlite" else _bare_postgres
        if self.db.dialect == "sqlite":  # one writer is the fastest that SQLite can be
            return seconds(lambda: bare(self.db, self._warehouse, self._orders, orders))
        return seconds(lambda: _at_once(lambda page: bare(self.db, self._warehouse, page, orders), pages))

    def prove(self, orders: int) -> None:
        """All were allocated, or what was measured was something else."""
        with self.db.read() as session:
            found = session.scalar(select(func.count()).select_from(Order).where(Order.state == "to_pack"))
        if found != orders:
            raise RuntimeError(f"{found} of {orders} orders were allocated")


def market_order(number: str, lines: Lines) -> MarketOrder:
    """An order that is ready to ship, of one unit of each of these SKUs."""
    return MarketOrder(
        number=number,
        status=MarketStatus.READY_TO_SHIP,
        updated_at=AT,
        placed_at=AT,
        paid_at=AT,
        lines=[MarketLine(str(place), f"S{sku_id}", 1) for place, sku_id in enumerate(lines, 1)],
    )


def pages_of(orders: Sequence[Any], length: int) -> Iterator[tuple[int, Sequence[Any]]]:
    """The orders in pages, each with its first one's place."""
    return ((start, orders[start : start + length]) for start in range(0, len(orders), length))


def _at_once(work: Callable[[Any], None], pages: Sequence[Any]) -> None:
    with ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(work, pages))


def _bare_sqlite(db: Database, warehouse: int, orders: Sequence[Lines], together: int) -> None:
    with db.engines.write.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.execute("ROLLBACK") if raw.in_transaction else None
        for _, some in pages_of(orders, together):
            raw.execute("BEGIN IMMEDIATE")
            for sku_id in (sku_id for lines in some for sku_id in lines):
                _granted(raw.execute(TAKE.format("?"), (1, warehouse, sku_id, 1)).rowcount)
            raw.execute("COMMIT")


def _bare_postgres(db: Database, warehouse: int, orders: Sequence[Lines], together: int) -> None:
    with db.engines.write.connect() as connection:
        raw: Any = connection.connection.driver_connection
        for _, some in pages_of(orders, together):
            # in key order, or the writers deadlock
            for sku_id in sorted(sku_id for lines in some for sku_id in lines):
                _granted(raw.execute(TAKE.format("%s"), (1, warehouse, sku_id, 1)).rowcount)
            raw.commit()


def _granted(rows: int) -> None:
    if rows != 1:
        raise RuntimeError("the floor ran out of stock")
