"""A sync of many new orders, read page by page, against inserting bare rows and taking bare units.

The market answers from memory, so that what is measured is ours: every page is stored in a transaction of its own with
the mark of how far was read, its orders allocated, what they hold written down, their SKUs marked for the push.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import func, select

from bench.allocation import LINES, PAGE, TAKE, Lines, market_order, pages_of
from bench.databases import (
    AT,
    KINDS,
    counted,
    database,
    default_warehouse,
    kinds,
    make_skus,
    make_stores,
    put_stock,
)  # fmt: skip
from bench.measuring import in_turn, seconds
from bench.page import Figure, Section, Size
from server.channels.protocol import Connector, Features, MarketOrder, News, OrderPage
from server.db.base import moment_for
from server.db.session import Database
from server.orders.models import Order
from server.settings import Settings
from server.sync.flow import sync_orders

SKUS, _UNITS = 1_000, 1_000_000


def run(size: Size) -> Section:
    """Measure every database there is."""
    section = Section(
        "Orders synced",
        f"{size.orders:,} new orders of {LINES} lines over {SKUS:,} SKUs of one store, in pages of {PAGE}. Floor: bare "
        "`executemany` of the orders and their lines, a bare conditional UPDATE for each line, a commit after each "
        "page; nothing is vetted, held, posted, marked or explained. No aim was set.",
    )
    for kind in kinds():
        section.figures += _figures(kind, size)
    return section


def _figures(kind: str, size: Size) -> list[Figure]:
    with database(kind) as db:
        shop = _Shop(db, size)
        pair = in_turn(size.rounds, shop.sync, shop.floor)
        shop.prove(2 * size.rounds * size.orders)
    what = f"{KINDS[kind]}, sync in pages"
    return [
        Figure(what, f"{pair.seconds:.2f} s", f"{pair.floor_seconds:.2f} s", f"{pair.ratio:.2f}"),
        Figure(f"{what}: orders a second", f"{size.orders / pair.seconds:,.0f}"),
        Figure(f"{what}: statements a page", f"{shop.statements / -(-size.orders // PAGE):.0f}"),
    ]


class _Market:
    """All that a sync asks of a connector: a page of orders, and the next."""

    features = Features(news=News.NONE)

    def __init__(self, orders: Sequence[MarketOrder]) -> None:
        self._orders = orders

    def orders(self, since: datetime, cursor: str | None = None) -> OrderPage:
        end = int(cursor or 0) + PAGE
        more = str(end) if end < len(self._orders) else None
        return OrderPage(self._orders[end - PAGE : end], next=more, seen_until=AT)


class _Shop:
    """A store with mapped SKUs and plenty of stock, and the orders that buy from it."""

    def __init__(self, db: Database, size: Size) -> None:
        self.db, self.statements = db, 0
        chance = random.Random(20260101)
        self._skus: list[int] = db.write(lambda session: make_skus(session, SKUS))
        self._store: int = db.write(lambda session: make_stores(session, 1, self._skus))[0]
        db.write(lambda session: put_stock(session, self._skus, _UNITS))
        self._warehouse: int = db.write(default_warehouse)
        self._orders: list[Lines] = [chance.sample(self._skus, LINES) for _ in range(size.orders)]

    def sync(self, number: int) -> float:
        """Sync all orders, under numbers of this round; gives the seconds."""
        market = _Market([market_order(f"{number}-{place}", lines) for place, lines in enumerate(self._orders)])
        settings = Settings(database_url=self.db.url)
        with counted(self.db) as seen:
            took = seconds(
                lambda: sync_orders(self.db, settings, by="bench", connect=lambda *_: cast(Connector, market))
            )
        self.statements = len(seen)
        return took

    def floor(self, number: int) -> float:
        """Insert bare; gives the seconds."""
        return seconds(lambda: _bare(self.db, self._store, self._warehouse, self._orders, number))

    def prove(self, orders: int) -> None:
        """All are there and allocated, or what was measured was something else."""
        with self.db.read() as session:
            found = session.scalar(select(func.count()).select_from(Order).where(Order.state == "to_pack"))
        if found != orders:
            raise RuntimeError(f"{found} of {orders} orders were taken in")


_ORDER = (
    'INSERT INTO "order" (store_id, number, supplement, state, market_status, warehouse_id, cod, hold, cancel_pending, '
    "placed_at, counts_at, seen_at, content, currency, tracking, filed, listed, steps, created_at, updated_at) "
    "VALUES ({0}, {0}, 0, 'to_pack', 'ready_to_ship', {0}, {0}, {0}, {0}, {0}, {0}, {0}, '', '', '[]', {0}, {0}, 1, "
    "{0}, {0})"
)
_LINE = (
    "INSERT INTO order_line (order_id, line_key, store_sku_id, sku_id, quantity, name) "
    "VALUES ({0}, {0}, (SELECT id FROM store_sku WHERE store_id = {0} AND sku_id = {0}), {0}, 1, '')"
)


def _bare(db: Database, store: int, warehouse: int, orders: Sequence[Lines], number: int) -> None:
    mark, at = ("?" if db.dialect == "sqlite" else "%s"), moment_for(db.dialect, AT)
    with db.engines.write.connect() as connection:
        raw: Any = connection.connection.driver_connection
        cursor = raw.cursor()
        for start, page in pages_of(orders, PAGE):
            if db.dialect == "sqlite":
                cursor.execute("BEGIN IMMEDIATE")
            cursor.execute('SELECT coalesce(max(id), 0) FROM "order"')
            (newest,) = cursor.fetchone()
            rest = (warehouse, False, False, False, at, at, at, False, False, at, at)
            names = [f"floor-{number}-{start + place}" for place in range(len(page))]
            cursor.executemany(_ORDER.format(mark), [(store, name, *rest) for name in names])
            cursor.execute(f'SELECT id FROM "order" WHERE id > {mark} ORDER BY id', (newest,))
            ids = [row[0] for row in cursor.fetchall()]
            lines = [
                (order, str(place), store, sku, sku)
                for order, skus in zip(ids, page, strict=True)
                for place, sku in enumerate(skus, 1)
            ]
            cursor.executemany(_LINE.format(mark), lines)
            cursor.executemany(TAKE.format(mark), [(1, warehouse, sku, 1) for *_, sku in lines])
            raw.commit()
