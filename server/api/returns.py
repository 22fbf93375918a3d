"""Returns: a package scanned before the buyer signed, a return list completed after (ORD-11)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from flask import Response
from pydantic import BaseModel, Field, StrictBool
from sqlalchemy.orm import Session

from server import clock
from server.api.auth import caller
from server.api.frame import Body, ById, Quantity, RecordId, needs, resource, services, show
from server.api.once import once
from server.api.paging import Page, Paging
from server.catalog.queries import require_ids
from server.errors import WrongUse
from server.orders import returns
from server.orders.giving_back import Item
from server.orders.models import OrderReturn
from server.orders.return_lists import ReturnView, return_views, returns_by
from server.places.queries import warehouse_named
from server.stores.queries import store_named

api = resource("returns", "Returns")


class ReturnedItem(Body):
    """Units of a SKU that come back: a line's SKU, or a component that a line took."""

    sku: str
    quantity: Quantity | None = Field(None, description="All that is out unless given.")
    condition: Literal["good", "defective"] = "good"
    warehouse: str | None = Field(None, description="Where it left unless given.")


class NewReturn(Body):
    """A package by its tracking or package number, put back at once; or an order that is marked as processed, whose
    return list is *to do* until it is completed."""

    tracking: str | None = Field(None, min_length=1, max_length=100)
    order: RecordId | None = Field(None, description="The order's number here (`id`).")
    store: str | None = Field(None, description="Where orders of several stores have that tracking number.")
    items: list[ReturnedItem] | None = Field(None, min_length=1, max_length=1000, description="All unless given.")
    defective: StrictBool = Field(False, description="All of it is.")
    note: str = Field("", max_length=500)


class ReturnLineShown(BaseModel):
    """What comes back."""

    store_sku: str
    sku: str
    warehouse: str
    quantity: int
    condition: Literal["good", "defective"]


class ReturnShown(BaseModel):
    """A return."""

    id: int
    order: int = Field(description="The order's number here (`id`).")
    store: str
    number: str = Field(description="The store's order number.")
    way: Literal["scan", "list"]
    state: Literal["todo", "completed", "undone"]
    package: str
    note: str
    created_at: datetime
    created_by: str
    completed_at: datetime | None
    completed_by: str
    lines: list[ReturnLineShown]


class ReturnFilter(Paging):
    """Which returns."""

    order: RecordId | None = None
    state: Literal["todo", "completed", "undone"] | None = None


class Scanned(BaseModel):
    """What a scan or a new list came to: one return for each order of the package."""

    items: list[ReturnShown]


def shown(view: ReturnView) -> ReturnShown:
    """A return as the API shows it."""
    row = view.row
    return ReturnShown(
        id=row.id,
        order=row.order_id,
        store=view.store,
        number=view.number,
        way="scan" if row.way == "scan" else "list",
        state="todo" if row.state == "todo" else "completed" if row.state == "completed" else "undone",
        package=row.package,
        note=row.note,
        created_at=row.created_at,
        created_by=row.created_by,
        completed_at=row.completed_at,
        completed_by=row.completed_by,
        lines=[
            ReturnLineShown(
                store_sku=line.store_sku,
                sku=line.sku,
                warehouse=line.warehouse,
                quantity=line.quantity,
                condition="defective" if line.defective else "good",
            )
            for line in view.lines
        ],
    )


@api.get("/returns", responses={200: Page[ReturnShown]})
@needs("read")
def list_returns(query: ReturnFilter) -> Response:
    """Returns, newest first."""
    with services().db.read() as session:
        rows = returns_by(order_id=query.order, state=query.state)
        if query.after is not None:
            rows = rows.where(OrderReturn.id < query.after)
        found = session.scalars(rows.order_by(OrderReturn.id.desc()).limit(query.limit + 1)).all()
        some = found[: query.limit]
        following = some[-1].id if len(found) > query.limit else None
        return show(Page(items=[shown(view) for view in return_views(session, some)], next=following))


@api.post("/returns", responses={201: Scanned})
@needs("orders.act")
def create_return(body: NewReturn) -> Response:
    """Scan a package back in, or list the return of a processed order."""
    by = caller().name
    if (body.tracking is None) == (body.order is None):
        raise WrongUse("say either the tracking number or the order", field="tracking")

    def work(session: Session) -> Scanned:
        items, at = _items(session, body), clock.now()
        if body.tracking is not None:
            store_id = None if body.store is None else store_named(session, body.store).id
            made = returns.scan(session, body.tracking, store_id=store_id, items=items, note=body.note, by=by, at=at)
        else:
            assert body.order is not None
            made = [returns.make_list(session, body.order, items, note=body.note, by=by, at=at)]
        return Scanned(items=[shown(view) for view in return_views(session, made)])

    return once(work, status=201)


@api.get("/returns/<int:id>", responses={200: ReturnShown})
@needs("read")
def get_return(path: ById) -> Response:
    """One return."""
    with services().db.read() as session:
        return show(_view(session, path.id))


@api.post("/returns/<int:id>/complete", responses={200: ReturnShown})
@needs("orders.act")
def complete_return(path: ById) -> Response:
    """Complete a return list: on hand rises, or defective."""
    by = caller().name

    def work(session: Session) -> ReturnShown:
        row = returns.find_return(session, path.id, lock=True)
        returns.complete(session, [row], by=by, at=clock.now())
        return _view(session, path.id)

    return once(work)


@api.delete("/returns/<int:id>", responses={200: ReturnShown})
@needs("orders.act")
def remove_return(path: ById) -> Response:
    """Take a return list back that is still to do."""
    by = caller().name

    def work(session: Session) -> ReturnShown:
        row = returns.find_return(session, path.id, lock=True)
        returns.remove_list(session, row, by=by, at=clock.now())
        return _view(session, path.id)

    return once(work)


def _items(session: Session, body: NewReturn) -> list[Item]:
    if body.items is None:
        return [Item(defective=body.defective)]
    skus = require_ids(session, [item.sku for item in body.items])
    return [
        Item(
            sku_id,
            item.quantity,
            body.defective or item.condition == "defective",
            None if item.warehouse is None else warehouse_named(session, item.warehouse).id,
        )
        for sku_id, item in zip(skus, body.items, strict=True)
    ]


def _view(session: Session, return_id: int) -> ReturnShown:
    return shown(return_views(session, [returns.find_return(session, return_id)])[0])
