"""Figures and movements (STK-1, STK-9, STK-10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from flask import Response
from pydantic import BaseModel, BeforeValidator, Field

from server import clock
from server.api.frame import needs, resource, services, show
from server.api.paging import MAX_LIMIT, Page, Paging
from server.errors import WrongUse
from server.moments import moment
from server.warehousing import cursors
from server.warehousing import queries as warehousing
from server.warehousing.queries import MovementRow, StockRow

api = resource("stock", "Stock")


def _moment(text: str, *, end_of_day: bool) -> datetime:
    try:
        return moment(text, end_of_day=end_of_day)
    except WrongUse as error:
        raise ValueError(error.text) from error


#: When there can be movements; the very first and last years can't be told in every zone.
_EVER = Field(ge=datetime(1970, 1, 1, tzinfo=UTC), le=datetime(9000, 1, 1, tzinfo=UTC))
#: A day or a moment, as commands and reports take them too: a day is its first moment, or its last.
Beginning = Annotated[datetime, BeforeValidator(lambda given: _moment(given, end_of_day=False)), _EVER]
End = Annotated[datetime, BeforeValidator(lambda given: _moment(given, end_of_day=True)), _EVER]


class StockShown(BaseModel):
    """The figures of one SKU in one warehouse.

    Available is on hand less allocated; of a combination it is what its components allow, and with own stock at most
    its own. A combination's other figures are those of its own stock, 0 without.
    """

    sku: str
    kind: Literal["single", "combination"]
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
    as_of: End | None = Field(
        None,
        description="As of this past moment, or the end of this day (UTC), from movements alone: of combinations their "
        "own stock's.",
    )
    after: str | None = Field(None, max_length=cursors.LONGEST)
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
    since: Beginning | None = Field(None, description="From this day, or moment, on.")
    until: End | None = Field(None, description="Up to this moment, or the end of this day.")


@api.get("/stock", responses={200: StockPage})
@needs("read")
def list_stock(query: StockFilter) -> Response:
    """Figures per warehouse and SKU, now or as of a past moment."""
    wanted = warehousing.StockFilter(query.sku, query.warehouse, query.q, query.as_of)
    after = None if query.after is None else cursors.place_of(query.after)
    with services().db.read() as session:
        rows = list(warehousing.stock(session, wanted, after=after, limit=query.limit + 1))
    some = rows[: query.limit]
    following = cursors.text_of(some[-1].place) if len(rows) > query.limit else None
    return show(StockPage(items=[_stock_shown(row) for row in some], next=following))


def _stock_shown(row: StockRow) -> StockShown:
    return StockShown.model_validate(row, from_attributes=True)


@api.get("/movements", responses={200: Page[MovementShown]})
@needs("read")
def list_movements(query: MovementFilter) -> Response:
    """Movements, newest first; of the last 730 days unless `since` asks for more."""
    shared = services()
    since = query.since or clock.now() - timedelta(days=shared.settings.history_days)
    wanted = warehousing.MovementFilter(
        sku=query.sku,
        warehouse=query.warehouse,
        kind=query.kind,
        document=query.document,
        document_id=query.document_id,
        since=since,
        until=query.until,
    )
    with shared.db.read() as session:
        found = list(warehousing.movements(session, wanted, before=query.after, limit=query.limit + 1))
    items = [_movement_shown(row) for row in found[: query.limit]]
    return show(Page(items=items, next=items[-1].id if len(found) > query.limit else None))


def _movement_shown(row: MovementRow) -> MovementShown:
    movement, entry = row.movement, row.entry
    return MovementShown(
        id=movement.id,
        key=row.key,
        kind=entry.kind,
        document=entry.document,
        document_id=entry.document_id,
        line=movement.line,
        sku=row.sku,
        warehouse=row.warehouse,
        on_hand=movement.on_hand,
        allocated=movement.allocated,
        on_the_way=movement.on_the_way,
        defective=movement.defective,
        at=entry.at,
        by=entry.actor,
        note=entry.note,
        reverses=entry.reverses_id,
    )
