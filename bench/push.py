"""From a change to the push targets of every store, against reading the figures and inserting the rows bare."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bench.databases import AT, KINDS, counted, database, default_warehouse, kinds, make_skus, make_stores, put_stock
from bench.measuring import MB, held, in_turn, peak_memory, seconds
from bench.page import Figure, Section, Size
from server.db.base import moment_for
from server.db.session import Database
from server.outbox.models import Changed, Push, Told
from server.push.evaluating import CHUNK, evaluate
from server.push.models import Evaluation, PushRule, PushRuleStore, PushRuleWarehouse


@dataclass(frozen=True)
class _Case:
    """So many SKUs changed at once, each in so many stores."""

    skus: int
    stores: int


def run(size: Size) -> Section:
    """Measure one SKU in many stores, and many SKUs in a few."""
    section = Section(
        "A change to its push targets",
        f"From SKUs marked as changed to their stores' push rows, evaluations recorded, {CHUNK:,} SKUs a transaction, "
        "nothing told before. Floor: one query for the figures, bare `executemany` of evaluation, last told and push "
        "rows, one commit. No aim was set.",
    )
    for kind in kinds():
        for case in (_Case(1, 200), _Case(size.skus, 3)):
            section.figures += _figures(kind, case, size)
    return section


def _figures(kind: str, case: _Case, size: Size) -> list[Figure]:
    what = f"{KINDS[kind]}, {case.skus:,} SKU{'s' if case.skus > 1 else ''} with {case.stores} stores"
    with database(kind) as db:
        shop = _Shop(db, case)
        before = held(os.getpid())
        with peak_memory(os.getpid()) as peak:
            pair = in_turn(size.rounds, shop.evaluate, shop.floor)
    return [
        Figure(f"{what}: time to targets", f"{pair.seconds:.3f} s", f"{pair.floor_seconds:.3f} s", f"{pair.ratio:.2f}"),
        Figure(f"{what}: statements", f"{shop.statements}"),
        Figure(f"{what}: memory on top", f"{max(0, peak.bytes - before) / MB:.0f} MB"),
    ]


class _Shop:
    """Stores with mapped SKUs in stock, and one rule for all of them."""

    def __init__(self, db: Database, case: _Case) -> None:
        self.db, self.case, self.statements = db, case, 0
        self._skus: list[int] = db.write(lambda session: make_skus(session, case.skus))
        stores: list[int] = db.write(lambda session: make_stores(session, case.stores, self._skus))
        db.write(lambda session: _make_rule(session, stores))
        db.write(lambda session: put_stock(session, self._skus, 10))

    def evaluate(self, number: int) -> float:
        """Change every SKU and evaluate them; gives the seconds of the evaluation."""
        self._forget()
        self.db.write(lambda session: put_stock(session, self._skus, 10, number=number + 2))
        with counted(self.db) as seen:
            took = seconds(lambda: evaluate(self.db))
        self.statements = len(seen)
        self._prove()
        return took

    def floor(self, number: int) -> float:
        """Read and insert bare; gives the seconds."""
        self._forget()
        return seconds(lambda: _bare(self.db))

    def _forget(self) -> None:
        def work(session: Session) -> None:
            for model in (Changed, Push, Told, Evaluation):
                session.execute(delete(model))

        self.db.write(work)

    def _prove(self) -> None:
        with self.db.read() as session:
            found = session.scalar(select(func.count()).select_from(Push))
        if found != self.case.skus * self.case.stores:
            raise RuntimeError(f"{found} pushes are due, not one for each listing")


def _make_rule(session: Session, stores: Sequence[int]) -> None:
    rule = PushRule(name="All", key="all", percentage=Decimal(100), created_at=AT)
    session.add(rule)
    session.flush()
    session.add(PushRuleWarehouse(rule_id=rule.id, warehouse_id=default_warehouse(session)))
    session.add_all(PushRuleStore(rule_id=rule.id, store_id=store) for store in stores)


_FIGURES = (
    "SELECT s.id, s.store_id, s.sku_id, b.on_hand - b.allocated FROM store_sku s "
    "JOIN balance b ON b.sku_id = s.sku_id ORDER BY s.id"
)
_EVALUATION = (
    "INSERT INTO evaluation (store_sku_id, sku_id, at, causes, forced, target, result) "
    "VALUES ({0}, {0}, {0}, 4, {0}, {0}, 'send')"
)
_TOLD = "INSERT INTO told (store_sku_id, known, answer, target, evaluated_at) VALUES ({0}, {0}, '', {0}, {0})"
_PUSH = (
    "INSERT INTO push "
    "(store_sku_id, store_id, quantity, version, causes, forced, created_at, due_at, attempts, reason) "
    "VALUES ({0}, {0}, {0}, 1, 4, {0}, {0}, {0}, 0, '')"
)


def _bare(db: Database) -> None:
    """The floor."""
    mark, at = ("?" if db.dialect == "sqlite" else "%s"), moment_for(db.dialect, AT)
    with db.engines.write.connect() as connection:
        raw: Any = connection.connection.driver_connection
        if db.dialect == "sqlite":
            raw.execute("BEGIN IMMEDIATE")
        cursor = raw.cursor()
        rows = cursor.execute(_FIGURES).fetchall()
        cursor.executemany(_EVALUATION.format(mark), [(i, sku, at, False, there) for i, _, sku, there in rows])
        cursor.executemany(_TOLD.format(mark), [(i, False, there, at) for i, _, _, there in rows])
        cursor.executemany(_PUSH.format(mark), [(i, store, there, False, at, at) for i, store, _, there in rows])
        raw.commit()
