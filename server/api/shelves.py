"""Shelves and what lies on them (WH-2, WH-3)."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from server import clock
from server.api.auth import caller
from server.api.frame import Body, ById, needs, resource, services, show
from server.api.once import once
from server.api.paging import Page, Paging, cut
from server.catalog.queries import require_ids
from server.places import queries, shelves
from server.places.queries import ShelfRow
from server.places.rules import ShelfStatus

api = resource("shelves", "Shelves")


class ShelfShown(BaseModel):
    """A shelf, and what it is by what lies on it."""

    id: int
    warehouse: str
    code: str
    sku: str | None
    status: ShelfStatus


class NewShelf(Body):
    """A shelf to be, perhaps with a SKU on it."""

    warehouse: str | None = Field(None, description="Its warehouse's code; the default one unless given.")
    code: str
    sku: str | None = None


class ShelfChange(Body):
    """The SKU to put on it; null takes off what is on it."""

    sku: str | None


class ShelfFilter(Paging):
    """Which shelves."""

    warehouse: str | None = None
    code: str | None = None
    sku: str | None = None
    status: ShelfStatus | None = None


def shown(row: ShelfRow) -> ShelfShown:
    """A shelf as the API shows it."""
    return ShelfShown(id=row.id, warehouse=row.warehouse, code=row.code, sku=row.sku, status=row.status)


@api.get("/shelves", responses={200: Page[ShelfShown]})
@needs("read")
def list_shelves(query: ShelfFilter) -> Response:
    """Shelves, with what lies on them."""
    with services().db.read() as session:
        found = queries.shelves(
            session,
            warehouse_id=None if query.warehouse is None else queries.warehouse_named(session, query.warehouse).id,
            status=query.status,
            code=query.code,
            sku_id=None if query.sku is None else require_ids(session, [query.sku])[0],
            after=query.after,
            limit=query.limit + 1,
        )
        return show(cut(found, query, shown))


@api.post("/shelves", responses={201: ShelfShown})
@needs("records.write")
def create_shelf(body: NewShelf) -> Response:
    """Make a shelf."""
    by, at = caller().name, clock.now()

    def work(session: Session) -> ShelfShown:
        named = body.warehouse
        where = queries.warehouse_named(session, named) if named else queries.default_warehouse(session)
        [shelf_id] = shelves.create_shelves(session, [(where.id, body.code)], by=by, at=at)
        if body.sku is not None:
            _put(session, shelf_id, body.sku, by)
        return shown(queries.find_shelf(session, shelf_id))

    return once(work, status=201)


@api.get("/shelves/<int:id>", responses={200: ShelfShown})
@needs("read")
def get_shelf(path: ById) -> Response:
    """One shelf."""
    with services().db.read() as session:
        return show(shown(queries.find_shelf(session, path.id)))


@api.patch("/shelves/<int:id>", responses={200: ShelfShown})
@needs("records.write")
def change_shelf(path: ById, body: ShelfChange) -> Response:
    """Put a SKU on a shelf, freeing the one it lay on; an occupied shelf is refused with what holds it."""
    by, at = caller().name, clock.now()

    def work(session: Session) -> ShelfShown:
        row = queries.find_shelf(session, path.id)
        if body.sku is not None:
            _put(session, row.id, body.sku, by)
        elif row.sku_id is not None:
            shelves.free(session, [(row.warehouse_id, row.sku_id)], by=by, at=at)
        return shown(queries.find_shelf(session, path.id))

    return once(work)


@api.delete("/shelves/<int:id>", responses={200: ShelfShown})
@needs("records.delete")
def remove_shelf(path: ById) -> Response:
    """Delete a shelf that is not occupied."""
    by, at = caller().name, clock.now()

    def work(session: Session) -> ShelfShown:
        gone = shown(queries.find_shelf(session, path.id))
        shelves.delete_shelves(session, [path.id], by=by, at=at)
        return gone

    return once(work)


def _put(session: Session, shelf_id: int, sku: str, by: str) -> None:
    [sku_id] = require_ids(session, [sku])
    shelves.assign(session, [shelves.Wish(shelf_id, sku_id)], by=by, at=clock.now())
