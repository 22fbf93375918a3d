"""Figures and movements (STK-1, STK-9, STK-10)."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime, timedelta
from typing import Any

from flask import Response
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import Select, and_, or_, select, tuple_
from sqlalchemy.orm import Session

from server import clock
from server.api.frame import needs, resource, services, show
from server.api.paging import MAX_LIMIT, Page, Paging
from server.catalog.models import MerchantSku
from server.db.base import fold
from server.errors import WrongUse
from server.ledger import queries as ledger
from server.ledger.models import Entry, Movement
from server.places.models import Warehouse
from server.places.queries import warehouse_named

api = resource("stock", "Stock")


class StockShown(BaseModel):
    """The figures of one SKU in one warehouse."""

    sku: str
    warehouse: str
    on_hand: int
    allocated: int
    available: int
    on_the_way: int
    defective: int


class StockPage(BaseModel):
    """A page of figures."""

    items: list[StockShown]
    next: str | None = Field(description="Give it back as `after`; null at the end.")


class StockFilter(BaseModel):
    """Which figures, and of when."""

    sku: str | None = Field(None, max_length=64)
    warehouse: str | None = Field(None, max_length=64)
    q: str | None = Field(None, max_length=64, description="Part of a SKU's code or title.")
    as_of: AwareDatetime | None = Field(None, description="As of this past moment, from movements alone.")
    after: str | None = Field(None, max_length=400)
    limit: int = Field(100, ge=1, le=MAX_LIMIT)


class MovementShown(BaseModel):
    """One posted line: the change to each figure."""

    id: int
    key: str
    kind: str
    document: str
    document_id: int
    line: int
    sku: str
    warehouse: str
    on_hand: int
    allocated: int
    on_the_way: int
    defective: int
    at: datetime
    by: str
    note: str
    reverses: int | None


class MovementFilter(Paging):
    """Which movements; the history's window unless `since` is given."""

    sku: str | None = Field(None, max_length=64)
    warehouse: str | None = Field(None, max_length=64)
    kind: str | None = Field(None, max_length=30)
    document: str | None = Field(None, max_length=30)
    document_id: int | None = Field(None, ge=1, le=2**63 - 1)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


@api.get("/stock", responses={200: StockPage})
@needs("read")
def list_stock(query: StockFilter) -> Response:
    """Figures per warehouse and SKU, now or as of a past moment."""
    with services().db.read() as session:
        rows = session.execute(_figures(session, query).limit(query.limit + 1)).all()
        some = rows[: query.limit]
        following = _cursor(some[-1]) if len(rows) > query.limit else None
        return show(StockPage(items=[_stock_shown(row) for row in some], next=following))


def _figures(session: Session, query: StockFilter) -> Select[Any]:
    figures = (ledger.figures_as_of(query.as_of) if query.as_of is not None else ledger.figures_now()).subquery()
    rows: Select[Any] = (
        select(
            MerchantSku.key, Warehouse.key.label("place"), MerchantSku.code, Warehouse.code.label("warehouse"), figures
        )
        .join(MerchantSku, MerchantSku.id == figures.c.sku_id)
        .join(Warehouse, Warehouse.id == figures.c.warehouse_id)
        .order_by(MerchantSku.key, Warehouse.key, MerchantSku.id)
    )
    if query.as_of is None:
        rows = rows.where(MerchantSku.deleted_at.is_(None), Warehouse.deleted_at.is_(None))
    if query.sku is not None:
        rows = rows.where(MerchantSku.key == fold(query.sku))
    if query.warehouse is not None:
        rows = rows.where(figures.c.warehouse_id == warehouse_named(session, query.warehouse).id)
    if query.q is not None:
        part = fold(query.q)
        rows = rows.where(
            or_(MerchantSku.key.contains(part, autoescape=True), MerchantSku.title_key.contains(part, autoescape=True))
        )
    if query.after is not None:
        sku, place = _place(query.after)
        rows = rows.where(tuple_(MerchantSku.key, Warehouse.key) > tuple_(sku, place))
    return rows


def _cursor(row: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps([row.key, row.place]).encode()).decode()


def _place(cursor: str) -> tuple[str, str]:
    try:
        sku, place = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, binascii.Error) as error:
        raise WrongUse("`after` is not the `next` of a page", field="after") from error
    return str(sku), str(place)


def _stock_shown(row: Any) -> StockShown:
    return StockShown(
        sku=row.code,
        warehouse=row.warehouse,
        on_hand=row.on_hand,
        allocated=row.allocated,
        available=row.on_hand - row.allocated,
        on_the_way=row.on_the_way,
        defective=row.defective,
    )


@api.get("/movements", responses={200: Page[MovementShown]})
@needs("read")
def list_movements(query: MovementFilter) -> Response:
    """Movements, newest first; of the last 730 days unless `since` asks for more."""
    shared = services()
    since = query.since or clock.now() - timedelta(days=shared.settings.history_days)
    with shared.db.read() as session:
        rows = ledger.movements(
            kind=query.kind, document=query.document, document_id=query.document_id, since=since, until=query.until
        )
        rows = rows.join(MerchantSku, MerchantSku.id == Movement.sku_id).join(
            Warehouse, Warehouse.id == Movement.warehouse_id
        )
        rows = rows.add_columns(MerchantSku.code, Warehouse.code)
        if query.sku is not None:
            rows = rows.where(MerchantSku.key == fold(query.sku))
        if query.warehouse is not None:
            rows = rows.where(and_(Warehouse.key == fold(query.warehouse)))
        if query.after is not None:
            rows = rows.where(Movement.id < query.after)
        found = session.execute(rows.order_by(Movement.id.desc()).limit(query.limit + 1)).all()
    items = [_movement_shown(*row) for row in found[: query.limit]]
    return show(Page(items=items, next=items[-1].id if len(found) > query.limit else None))


def _movement_shown(movement: Movement, entry: Entry, sku: str, warehouse: str) -> MovementShown:
    return MovementShown(
        id=movement.id,
        key=f"{entry.key}/{movement.line}",
        kind=entry.kind,
        document=entry.document,
        document_id=entry.document_id,
        line=movement.line,
        sku=sku,
        warehouse=warehouse,
        on_hand=movement.on_hand,
        allocated=movement.allocated,
        on_the_way=movement.on_the_way,
        defective=movement.defective,
        at=entry.at,
        by=entry.actor,
        note=entry.note,
        reverses=entry.reverses_id,
    )
