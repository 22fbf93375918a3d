"""Figures and movements with the codes people know, for API, command line, reports (STK-1, STK-9, STK-10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select, tuple_
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.base import fold
from server.ledger import queries as ledger
from server.ledger.models import Entry, Movement
from server.places.models import SafetyStock, Warehouse
from server.places.queries import warehouse_named

#: What a row of figures is told apart by, and listed in the order of: codes, then numbers (a code can be used again).
Place = tuple[str, str, int, int]


@dataclass(frozen=True)
class StockFilter:
    """Which figures: of a SKU or any of several, a warehouse, SKUs with `q` in code or title; now, or as of a past
    moment. `at_risk`: orders hold more than is there (STK-5); `low`: available is below the safety stock (WH-4)."""

    sku: str | None = None
    warehouse: str | None = None
    q: str | None = None
    as_of: datetime | None = None
    skus: tuple[str, ...] = ()
    at_risk: bool = False
    low: bool = False


@dataclass(frozen=True)
class StockRow:
    """The figures of one SKU in one warehouse (STK-1), and the safety stock it has there now (WH-4)."""

    place: Place
    sku: str
    warehouse: str
    on_hand: int
    allocated: int
    on_the_way: int
    defective: int
    title: str = ""
    safety_stock: int | None = None

    @property
    def sku_id(self) -> int:
        """The SKU's number."""
        return self.place[2]

    @property
    def at_risk(self) -> bool:
        """Whether orders hold more of it than is there (STK-5)."""
        return self.available < 0

    @property
    def is_low(self) -> bool:
        """Whether available is below the safety stock (WH-4)."""
        return self.safety_stock is not None and self.available < self.safety_stock

    @property
    def available(self) -> int:
        """On hand less allocated."""
        return self.on_hand - self.allocated


@dataclass(frozen=True)
class MovementFilter:
    """Which movements; `since` and `until` are both inclusive."""

    sku: str | None = None
    warehouse: str | None = None
    kind: str | None = None
    document: str | None = None
    document_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class MovementRow:
    """One posted line (STK-3)."""

    movement: Movement
    entry: Entry
    sku: str
    warehouse: str

    @property
    def key(self) -> str:
        """Its idempotency key: the entry's, and the line."""
        return f"{self.entry.key}/{self.movement.line}"


def stock(
    session: Session, wanted: StockFilter, *, after: Place | None = None, limit: int | None = None
) -> Iterator[StockRow]:
    """Figures by SKU and warehouse, those behind `after`. Of now: without deleted SKUs and warehouses.

    Raises `NotFound` for a warehouse that is none.
    """
    order = (MerchantSku.key, Warehouse.key, MerchantSku.id, Warehouse.id)
    rows = _figures(session, wanted, order).order_by(*order).limit(limit)
    if after is not None:
        rows = rows.where(tuple_(*order) > tuple_(*after))
    for row in session.execute(rows.execution_options(yield_per=1000)):
        yield StockRow(tuple(row[:4]), *row[4:])


def _figures(session: Session, wanted: StockFilter, order: Any) -> Select[Any]:
    figures = (ledger.figures_as_of(wanted.as_of) if wanted.as_of is not None else ledger.figures_now()).subquery()
    columns = (figures.c[name] for name in ledger.FIGURES)
    rows: Select[Any] = (
        select(*order, MerchantSku.code, Warehouse.code, *columns, MerchantSku.title, SafetyStock.quantity)
        .join(MerchantSku, MerchantSku.id == figures.c.sku_id)
        .join(Warehouse, Warehouse.id == figures.c.warehouse_id)
        .outerjoin(SafetyStock, and_(SafetyStock.sku_id == MerchantSku.id, SafetyStock.warehouse_id == Warehouse.id))
    )
    available = figures.c.on_hand - figures.c.allocated
    if wanted.at_risk:
        rows = rows.where(available < 0)
    if wanted.low:
        rows = rows.where(available < SafetyStock.quantity)
    if wanted.as_of is None:
        rows = rows.where(MerchantSku.deleted_at.is_(None), Warehouse.deleted_at.is_(None))
    if wanted.sku is not None:
        rows = rows.where(MerchantSku.key == fold(wanted.sku))
    if wanted.skus:
        rows = rows.where(MerchantSku.key.in_([fold(code) for code in wanted.skus]))
    if wanted.warehouse is not None:
        rows = rows.where(Warehouse.id == warehouse_named(session, wanted.warehouse).id)
    if wanted.q is not None:
        part = fold(wanted.q)
        in_code, in_title = (column.contains(part, autoescape=True) for column in _SEARCHED)
        rows = rows.where(or_(in_code, in_title))
    return rows


_SEARCHED = (MerchantSku.key, MerchantSku.title_key)


def movements(
    session: Session, wanted: MovementFilter, *, before: int | None = None, limit: int | None = None
) -> Iterator[MovementRow]:
    """Movements, newest first, those with a number below `before`. Also of deleted SKUs and warehouses (WH-6)."""
    rows = ledger.movements(
        kind=wanted.kind,
        document=wanted.document,
        document_id=wanted.document_id,
        since=wanted.since,
        until=wanted.until,
    )
    rows = rows.join(MerchantSku, MerchantSku.id == Movement.sku_id)
    rows = rows.join(Warehouse, Warehouse.id == Movement.warehouse_id)
    rows = rows.add_columns(MerchantSku.code, Warehouse.code).order_by(Movement.id.desc()).limit(limit)
    if wanted.sku is not None:
        rows = rows.where(MerchantSku.key == fold(wanted.sku))
    if wanted.warehouse is not None:
        rows = rows.where(Warehouse.key == fold(wanted.warehouse))
    if before is not None:
        rows = rows.where(Movement.id < before)
    for row in session.execute(rows.execution_options(yield_per=1000)):
        yield MovementRow(*row)
