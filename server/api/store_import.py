"""Importing a store: what it would do, and doing it (CH-2)."""

from __future__ import annotations

from typing import Literal, cast

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from server.api.auth import caller
from server.api.frame import Answer, Body, ById, needs, resource, services, show
from server.api.jobs import RunShown, accepted
from server.api.once import once
from server.jobs import service
from server.operations.import_store import ImportRow, StoreImport
from server.stores.queries import find_store
from server.sync import importing

api = resource("store_import", "Stores")

JOB = "import_store"
#: Rows of a preview; the counts are of all.
MOST_ROWS = 1_000
#: As long as someone waits for an answer, and one of the few threads that answer requests waits with him.
PREVIEW_SECONDS = 20.0


class ImportRowShown(BaseModel):
    """One listing of the store."""

    store_sku: str
    name: str
    shown: int | None = Field(description="What buyers see now.")
    sku: str | None = Field(description="The merchant SKU it is mapped to, or would be.")
    step: Literal["mapped", "map", "create", "leave"]
    opening: int = Field(description="Units that are booked into the default warehouse for it.")
    available: int | None = Field(description="What is available of the SKU here, in all warehouses together.")
    note: str


class StoreImportShown(BaseModel):
    """What importing the store would do."""

    store: str
    first: bool = Field(description="Nothing was ever booked in: this store's quantities are.")
    warehouse: str
    counts: dict[str, int] = Field(description="Listings by step, and units booked in.")
    rows: list[ImportRowShown] = Field(description=f"The first {MOST_ROWS:,} listings.")


class Nothing(Body):
    """No content."""


@api.get("/stores/<int:id>/import", responses={200: StoreImportShown})
@needs("stores.write")
def preview_import(path: ById) -> Response:
    """What importing the store would do: asks the store for its listings, changes nothing. 503 where they take long."""
    shared = services()
    shared.previews.count(f"user:{caller().user_id}")
    return show(_shown(importing.preview(shared.db, shared.settings, path.id, seconds=PREVIEW_SECONDS)))


@api.post("/stores/<int:id>/import", responses={202: RunShown})
@needs("stores.write")
def import_store(path: ById, body: Nothing) -> Response:
    """Import the store. Answers at once with the run to follow.

    The first store brings listings and quantities; a later one its listings and mappings, and is told our quantities.
    """
    by = caller().name

    def work(session: Session) -> Answer:
        store = find_store(session, path.id)
        return accepted(service.ask(session, JOB, {"stores": [store.name]}, by=by), JOB)

    return once(work)


def _shown(done: StoreImport) -> StoreImportShown:
    rows = [_row(row) for row in done.rows[:MOST_ROWS]]
    return StoreImportShown(store=done.store, first=done.first, warehouse=done.warehouse, counts=done.counts, rows=rows)


def _row(row: ImportRow) -> ImportRowShown:
    return ImportRowShown(
        store_sku=row.store_sku,
        name=row.name,
        shown=row.shown,
        sku=row.sku,
        step=cast(Literal["mapped", "map", "create", "leave"], row.step),
        opening=row.opening,
        available=row.available,
        note=row.note,
    )
