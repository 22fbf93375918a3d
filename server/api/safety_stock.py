"""Safety stock per warehouse and SKU (WH-4)."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from server import clock
from server.api.auth import caller
from server.api.frame import Body, Quantity, needs, resource, services, show
from server.api.once import once
from server.api.paging import MAX_LIMIT
from server.catalog.queries import require_ids
from server.errors import WrongUse
from server.places import queries
from server.places.queries import SafetyRow
from server.places.safety_stock import set_safety_stocks

api = resource("safety-stock", "Safety stock")


class SafetyStockShown(BaseModel):
    """The safety stock of one SKU in one warehouse."""

    sku: str
    warehouse: str
    safety_stock: int
    on_hand: int


class SafetyStockPage(BaseModel):
    """A page of them."""

    items: list[SafetyStockShown]
    next: str | None = Field(None, description="Give it back as `after`; null at the end.")


class SafetyStockFilter(BaseModel):
    """Which ones."""

    sku: str | None = None
    warehouse: str | None = None
    after: Annotated[str | None, Field(None, pattern=r"^\d{1,18}-\d{1,18}$", description="`next` of the page before.")]
    limit: Annotated[int, Field(100, ge=1, le=MAX_LIMIT, description="Most items on this page.")]


class NewSafetyStock(Body):
    """One to set."""

    sku: str
    warehouse: str | None = Field(None, description="The default warehouse unless given.")
    safety_stock: Quantity | None = Field(description="Units; null takes it away.")


class NewSafetyStocks(Body):
    """Those to set; all of them or none."""

    items: list[NewSafetyStock] = Field(max_length=MAX_LIMIT)


class Changed(BaseModel):
    """How many changed."""

    changed: int


def shown(row: SafetyRow) -> SafetyStockShown:
    """As the API shows it."""
    return SafetyStockShown(sku=row.sku, warehouse=row.warehouse, safety_stock=row.safety_stock, on_hand=row.on_hand)


@api.get("/safety-stock", responses={200: SafetyStockPage})
@needs("read")
def list_safety_stock(query: SafetyStockFilter) -> Response:
    """Every safety stock there is, beside what is on hand."""
    after = None
    if query.after is not None:
        sku_id, _, warehouse_id = query.after.partition("-")
        after = (int(sku_id), int(warehouse_id))
    with services().db.read() as session:
        found = queries.safety_rows(
            session,
            warehouse_id=None if query.warehouse is None else queries.warehouse_named(session, query.warehouse).id,
            sku_id=None if query.sku is None else require_ids(session, [query.sku])[0],
            after=after,
            limit=query.limit + 1,
        )
    items = found[: query.limit]
    more = f"{items[-1].sku_id}-{items[-1].warehouse_id}" if len(found) > query.limit else None
    return show(SafetyStockPage(items=[shown(row) for row in items], next=more))


@api.put("/safety-stock", responses={200: Changed})
@needs("records.write")
def put_safety_stock(body: NewSafetyStocks) -> Response:
    """Set safety stocks; the SKUs that change are evaluated again, since a push rule may hold it back."""
    by, at = caller().name, clock.now()

    def work(session: Session) -> Changed:
        default = queries.default_warehouse(session).code
        codes = {item.warehouse or default for item in body.items}
        warehouses = {code: queries.warehouse_named(session, code).id for code in codes}
        skus = require_ids(session, [item.sku for item in body.items])
        wanted: dict[tuple[int, int], int | None] = {}
        for sku_id, item in zip(skus, body.items, strict=True):
            key = (warehouses[item.warehouse or default], sku_id)
            if key in wanted:
                raise WrongUse(f"'{item.sku}' stands twice for one warehouse", field="items")
            wanted[key] = item.safety_stock
        return Changed(changed=set_safety_stocks(session, wanted, by=by, at=at))

    return once(work)
