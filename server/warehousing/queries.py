"""Figures and movements with the codes people know, for API, command line, reports (STK-1, STK-9, STK-10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, or_, select, tuple_, union_all
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.base import fold
from server.ledger import queries as ledger
from server.ledger.models import Entry, Movement
from server.places.models import SafetyStock, Warehouse
from server.places.queries import warehouse_named
from server.warehousing import figures

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


class StockRow(NamedTuple):
    """The figures of one SKU in one warehouse (STK-1), and the shelf and safety stock it has there now (WH-4).

    Available is on hand less allocated; of a combination (`kind`) what its components allow (CAT-6), while the other
    figures are those of its own stock.
    """

    place: Place
    sku: str
    kind: str
    warehouse: str
    on_hand: int
    allocated: int
    on_the_way: int
    defective: int
    available: int
    title: str
    category: str
    brand: str
    shelf: str | None
    safety_stock: int | None

    @property
    def sku_id(self) -> int:
        """The SKU's number."""
        return self.place[2]

    @property
    def at_risk(self) -> bool:
        """Whether orders hold more of it than is there (STK-5)."""
        return self.allocated > self.on_hand

    @property
    def is_low(self) -> bool:
        """Whether available is below the safety stock (WH-4)."""
        return self.safety_stock is not None and self.available < self.safety_stock


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
    kinds = [figures.of_singles(), figures.of_combinations()]
    if wanted.as_of is not None:
        kinds = [figures.of_the_past(wanted.as_of)]
    asked = _asked(session, wanted)
    if after is not None:
        asked.append(tuple_(*figures.ORDER) > tuple_(*after))
    pages = [_page(kind.where(*asked), wanted, limit) for kind in kinds]
    rows = union_all(*(select(page) for page in pages)).subquery("stock")
    query = select(rows).order_by(*list(rows.c)[: len(figures.ORDER)]).limit(limit)
    for row in session.execute(query.execution_options(yield_per=1000)):
        yield StockRow(tuple(row[:4]), *row[4:])


def _page(rows: Select[Any], wanted: StockFilter, limit: int | None) -> FromClause:
    """The first `limit` of these rows; where all are wanted, the order of the whole is enough."""
    column = rows.selected_columns
    if wanted.at_risk:
        rows = rows.where(column.allocated > column.on_hand)
    if wanted.low:
        rows = rows.where(column.available < SafetyStock.quantity)
    return (rows if limit is None else rows.order_by(*figures.ORDER).limit(limit)).subquery()


_SEARCHED = (MerchantSku.key, MerchantSku.title_key)


def _asked(session: Session, wanted: StockFilter) -> list[ColumnElement[bool]]:
    """The conditions on SKU and warehouse. Raises `NotFound` for a warehouse that is none."""
    asked: list[ColumnElement[bool]] = []
    if wanted.sku is not None:
        asked.append(MerchantSku.key == fold(wanted.sku))
    if wanted.skus:
        asked.append(MerchantSku.key.in_([fold(code) for code in wanted.skus]))
    if wanted.warehouse is not None:
        asked.append(Warehouse.id == warehouse_named(session, wanted.warehouse).id)
    if wanted.q is not None:
        part = fold(wanted.q)
        asked.append(or_(*(column.contains(part, autoescape=True) for column in _SEARCHED)))
    return asked


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
