"""Stock-in and stock-out lists: made as *to do*, posted by completing them (STK-6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.api.auth import caller
from server.api.frame import Body, ById, needs, resource, services, show
from server.api.once import once
from server.api.paging import Page, Paging, page
from server.catalog.models import MerchantSku
from server.db.base import fold
from server.db.bulk import TEXT, relation
from server.errors import NotFound
from server.operations.complete_list import complete_list
from server.places.models import Shelf, Warehouse
from server.places.queries import default_warehouse, warehouse_named
from server.warehousing import documents, drafting, service
from server.warehousing.drafting import ListChange
from server.warehousing.models import StockList
from server.warehousing.service import ListLine, NewList

api = resource("stock_lists", "Stock lists")

Direction = Literal["in", "out"]


class StockListLineShown(BaseModel):
    """One line of a list."""

    sku: str
    quantity: int
    shelf: str | None
    unit_cost: Decimal | None
    note: str


class ListShown(BaseModel):
    """A list without its lines."""

    id: int
    state: Literal["todo", "completed"]
    warehouse: str
    note: str
    upload: int | None
    created_at: datetime
    created_by: str
    completed_at: datetime | None
    completed_by: str


class ListWithLines(ListShown):
    """A list with its lines."""

    lines: list[StockListLineShown]


class NewLine(Body):
    """One line: units of a SKU."""

    sku: str = Field(max_length=64)
    quantity: int = Field(strict=True, ge=1, le=10_000_000)
    shelf: str | None = Field(None, max_length=64)
    unit_cost: Decimal | None = Field(None, ge=0, max_digits=18, decimal_places=6)
    note: str = Field("", max_length=255)


class NewStockList(Body):
    """A list to be made; the default warehouse unless one is named."""

    warehouse: str | None = Field(None, max_length=64)
    note: str = Field("", max_length=500)
    lines: list[NewLine] = Field(min_length=1, max_length=10_000)


class ListEdit(Body):
    """What to change of a list that is to do; `lines`, where given, are all of its lines."""

    note: str | None = Field(None, max_length=500)
    lines: list[NewLine] | None = Field(None, min_length=1, max_length=10_000)


class ListFilter(Paging):
    """Which lists."""

    state: Literal["todo", "completed"] | None = None


@api.get("/stock-ins", responses={200: Page[ListShown]})
@needs("read")
def list_stock_ins(query: ListFilter) -> Response:
    """Stock-in lists, newest first."""
    return _list("in", query)


@api.get("/stock-outs", responses={200: Page[ListShown]})
@needs("read")
def list_stock_outs(query: ListFilter) -> Response:
    """Stock-out lists, newest first."""
    return _list("out", query)


@api.post("/stock-ins", responses={201: ListWithLines})
@needs("stock.write")
def create_stock_in(body: NewStockList) -> Response:
    """Make a stock-in list in *to do*; nothing is posted."""
    return _create("in", body)


@api.post("/stock-outs", responses={201: ListWithLines})
@needs("stock.write")
def create_stock_out(body: NewStockList) -> Response:
    """Make a stock-out list in *to do*; nothing is posted."""
    return _create("out", body)


@api.get("/stock-ins/<int:id>", responses={200: ListWithLines})
@needs("read")
def get_stock_in(path: ById) -> Response:
    """One stock-in list with its lines."""
    return _get("in", path.id)


@api.get("/stock-outs/<int:id>", responses={200: ListWithLines})
@needs("read")
def get_stock_out(path: ById) -> Response:
    """One stock-out list with its lines."""
    return _get("out", path.id)


@api.patch("/stock-ins/<int:id>", responses={200: ListWithLines})
@needs("stock.write")
def edit_stock_in(path: ById, body: ListEdit) -> Response:
    """Change a stock-in list that is to do."""
    return _edit("in", path.id, body)


@api.patch("/stock-outs/<int:id>", responses={200: ListWithLines})
@needs("stock.write")
def edit_stock_out(path: ById, body: ListEdit) -> Response:
    """Change a stock-out list that is to do."""
    return _edit("out", path.id, body)


@api.delete("/stock-ins/<int:id>", responses={200: ListWithLines})
@needs("stock.write")
def remove_stock_in(path: ById) -> Response:
    """Take a stock-in list away that is to do; the answer is what it was."""
    return _remove("in", path.id)


@api.delete("/stock-outs/<int:id>", responses={200: ListWithLines})
@needs("stock.write")
def remove_stock_out(path: ById) -> Response:
    """Take a stock-out list away that is to do; the answer is what it was."""
    return _remove("out", path.id)


@api.post("/stock-ins/<int:id>/complete", responses={200: ListWithLines})
@needs("stock.write")
def complete_stock_in(path: ById) -> Response:
    """Complete it: on hand rises, shelves are assigned."""
    return _complete("in", path.id)


@api.post("/stock-outs/<int:id>/complete", responses={200: ListWithLines})
@needs("stock.write")
def complete_stock_out(path: ById) -> Response:
    """Complete it: on hand falls; refused line by line where more is taken than is available."""
    return _complete("out", path.id)


def _list(direction: Direction, query: ListFilter) -> Response:
    rows = select(StockList).where(StockList.direction == direction)
    if query.state is not None:
        rows = rows.where(StockList.state == query.state)
    with services().db.read() as session:
        places = {row.id: row.code for row in session.execute(select(Warehouse.id, Warehouse.code))}
        return show(
            page(
                session, rows, StockList.id, query, lambda row: _shown(row, places[row.warehouse_id]), newest_first=True
            )
        )


def _create(direction: Direction, body: NewStockList) -> Response:
    by = caller().name

    def work(session: Session) -> ListWithLines:
        place = warehouse_named(session, body.warehouse) if body.warehouse else default_warehouse(session)
        new = NewList(direction, place.id, _lines(session, place.id, body.lines), body.note)
        return _with_lines(session, drafting.draft_list(session, new, by=by, at=clock.now()))

    return once(work, status=201)


def _edit(direction: Direction, list_id: int, body: ListEdit) -> Response:
    by = caller().name

    def work(session: Session) -> ListWithLines:
        row = service.find_list(session, list_id, direction=direction, lock=True)
        lines = _lines(session, row.warehouse_id, body.lines) if body.lines is not None else None
        change = ListChange(body.note, lines)
        return _with_lines(session, drafting.edit(session, list_id, change, direction=direction, by=by, at=clock.now()))

    return once(work)


def _remove(direction: Direction, list_id: int) -> Response:
    by = caller().name

    def work(session: Session) -> ListWithLines:
        was = _with_lines(session, service.find_list(session, list_id, direction=direction, lock=True))
        drafting.remove(session, list_id, direction=direction, by=by, at=clock.now())
        return was

    return once(work)


def _complete(direction: Direction, list_id: int) -> Response:
    by = caller().name

    def work(session: Session) -> ListWithLines:
        return _with_lines(session, complete_list(session, list_id, direction=direction, by=by, at=clock.now()))

    return once(work)


def _get(direction: Direction, list_id: int) -> Response:
    with services().db.read() as session:
        return show(_with_lines(session, service.find_list(session, list_id, direction=direction)))


def _lines(session: Session, warehouse_id: int, lines: Sequence[NewLine]) -> list[ListLine]:
    """Codes to records. Raises `NotFound` with every line that names none."""
    skus = _ids(session, MerchantSku, {line.sku for line in lines}, MerchantSku.deleted_at.is_(None))
    places = _ids(session, Shelf, {line.shelf for line in lines if line.shelf}, Shelf.warehouse_id == warehouse_id)
    found: list[ListLine] = []
    unknown: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        sku_id = skus.get(fold(line.sku))
        shelf_id = places.get(fold(line.shelf)) if line.shelf else None
        if sku_id is None:
            unknown.append({"line": number, "field": "sku", "detail": f"no merchant SKU '{line.sku}'"})
        elif line.shelf and shelf_id is None:
            unknown.append({"line": number, "field": "shelf", "detail": f"no shelf '{line.shelf}' in this warehouse"})
        else:
            found.append(ListLine(sku_id, line.quantity, shelf_id, line.unit_cost, line.note))
    if unknown:
        more = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        raise NotFound(f"line {unknown[0]['line']}: {unknown[0]['detail']}{more}", errors=unknown)
    return found


def _ids(session: Session, model: type[MerchantSku] | type[Shelf], codes: set[str], where: object) -> dict[str, int]:
    with relation(session, {"key": TEXT}, [(fold(code),) for code in codes]) as r:
        query = select(model.key, model.id).join(r, r.c.key == model.key).where(where)  # type: ignore[arg-type]
        return {row[0]: row[1] for row in session.execute(query)}


def _with_lines(session: Session, row: StockList) -> ListWithLines:
    lines = [StockListLineShown(**line._asdict()) for line in documents.stock_list_lines(session, row.id)]
    place = session.get_one(Warehouse, row.warehouse_id)
    return ListWithLines(**_shown(row, place.code).model_dump(), lines=lines)


def _shown(row: StockList, warehouse: str) -> ListShown:
    return ListShown(
        id=row.id,
        state="completed" if row.state == "completed" else "todo",
        warehouse=warehouse,
        note=row.note,
        upload=row.upload_id,
        created_at=row.created_at,
        created_by=row.created_by,
        completed_at=row.completed_at,
        completed_by=row.completed_by,
    )
