"""Stock counts: written down as drafts, posted by completing them (STK-5, STK-8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from server import clock
from server.api.auth import caller
from server.api.frame import Body, ById, Quantity, needs, resource, services, show
from server.api.once import once
from server.api.paging import Page, Paging, cut
from server.catalog.queries import require_ids
from server.places.queries import default_warehouse, warehouse_named
from server.warehousing import counts, documents
from server.warehousing.counts import CountChange, Counted, NewCount
from server.warehousing.documents import CountState
from server.warehousing.models import StockCount

api = resource("stock_counts", "Stock counts")


class CountLineShown(BaseModel):
    """What was found of a SKU in one spot."""

    sku: str
    shelf: str | None
    counted: int
    expected: int = Field(description="The SKU's on hand when the line was written.")
    on_hand: int | None = Field(description="The SKU's on hand just before completion.")
    difference: int | None = Field(description="What completing posted for the SKU, all of its lines together.")
    note: str


class CountShown(BaseModel):
    """A stock count without its lines."""

    id: int
    state: CountState
    warehouse: str
    note: str
    upload: int | None
    created_at: datetime
    created_by: str
    completed_at: datetime | None
    completed_by: str


class CountWithLines(CountShown):
    """A stock count with its lines."""

    lines: list[CountLineShown]


class NewCountLine(Body):
    """Units of a SKU found in one spot; several shelves of a SKU add up."""

    sku: str = Field(max_length=64)
    counted: Quantity
    shelf: str | None = Field(None, max_length=64, description="For information.")
    note: str = Field("", max_length=255)


class NewStockCount(Body):
    """A count to be written down; of the default warehouse unless one is named."""

    warehouse: str | None = Field(None, max_length=64)
    note: str = Field("", max_length=500)
    lines: list[NewCountLine] = Field(min_length=1, max_length=10_000)


class CountEdit(Body):
    """What to change of a draft; `lines`, where given, are all of its lines."""

    note: str | None = Field(None, max_length=500)
    lines: list[NewCountLine] | None = Field(None, min_length=1, max_length=10_000)


class CountFilter(Paging):
    """Which counts."""

    state: CountState | None = None
    warehouse: str | None = None


@api.get("/stock-counts", responses={200: Page[CountShown]})
@needs("read")
def list_stock_counts(query: CountFilter) -> Response:
    """Stock counts, newest first."""
    with services().db.read() as session:
        found = documents.counts(
            session,
            state=query.state,
            warehouse_id=warehouse_named(session, query.warehouse).id if query.warehouse else None,
            before=query.after,
            limit=query.limit + 1,
        )
        return show(cut(found, query, lambda view: CountShown(**view.facts())))


@api.post("/stock-counts", responses={201: CountWithLines})
@needs("stock.write")
def create_stock_count(body: NewStockCount) -> Response:
    """Write a count down as a draft; nothing is posted."""
    by = caller().name

    def work(session: Session) -> CountWithLines:
        place = warehouse_named(session, body.warehouse) if body.warehouse else default_warehouse(session)
        new = NewCount(place.id, _lines(session, place.id, body.lines), body.note)
        return _with_lines(session, counts.create_count(session, new, by=by, at=clock.now()))

    return once(work, status=201)


@api.get("/stock-counts/<int:id>", responses={200: CountWithLines})
@needs("read")
def get_stock_count(path: ById) -> Response:
    """One stock count with its lines."""
    with services().db.read() as session:
        return show(_with_lines(session, counts.find_count(session, path.id)))


@api.patch("/stock-counts/<int:id>", responses={200: CountWithLines})
@needs("stock.write")
def edit_stock_count(path: ById, body: CountEdit) -> Response:
    """Change a draft."""
    by = caller().name

    def work(session: Session, row: StockCount) -> None:
        lines = _lines(session, row.warehouse_id, body.lines) if body.lines is not None else None
        counts.edit(session, row.id, CountChange(body.note, lines), by=by, at=clock.now())

    return _act(path.id, work)


@api.post("/stock-counts/<int:id>/complete", responses={200: CountWithLines})
@needs("stock.write")
def complete_stock_count(path: ById) -> Response:
    """Complete it: on hand becomes what was counted, also below what orders hold; differences are posted."""
    by = caller().name
    return _act(path.id, lambda session, row: counts.complete(session, row, by=by, at=clock.now()))


@api.post("/stock-counts/<int:id>/cancel", responses={200: CountWithLines})
@needs("stock.write")
def cancel_stock_count(path: ById) -> Response:
    """Call a draft off."""
    by = caller().name
    return _act(path.id, lambda session, row: counts.cancel(session, row.id, by=by, at=clock.now()))


def _act(count_id: int, act: Callable[[Session, StockCount], object]) -> Response:
    """Do it to the locked count, once, and show what became of it."""

    def work(session: Session) -> CountWithLines:
        row = counts.find_count(session, count_id, lock=True)
        act(session, row)
        return _with_lines(session, row)

    return once(work)


def _lines(session: Session, warehouse_id: int, lines: Sequence[NewCountLine]) -> list[Counted]:
    skus = require_ids(session, [line.sku for line in lines])
    places = documents.shelves_named(session, warehouse_id, [line.shelf for line in lines])
    return [Counted(sku, line.counted, shelf, line.note) for sku, line, shelf in zip(skus, lines, places, strict=True)]


def _with_lines(session: Session, row: StockCount) -> CountWithLines:
    view = documents.count_views(session, [row])[0]
    lines = [CountLineShown(**line._asdict()) for line in documents.count_lines(session, row.id)]
    return CountWithLines(**view.facts(), lines=lines)
