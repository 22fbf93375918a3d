"""Warehouses (WH-1, WH-5, WH-6)."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from server import clock
from server.api.auth import caller
from server.api.frame import Body, ById, needs, resource, services, show
from server.api.once import once
from server.api.paging import Page, Paging, page
from server.operations.delete_warehouse import delete_warehouse
from server.operations.warehouse_uses import users
from server.places import queries, service
from server.places.models import Warehouse

api = resource("warehouses", "Warehouses")


class WarehouseShown(BaseModel):
    """A warehouse."""

    id: int
    code: str
    name: str
    address: str
    default: bool = Field(description="Whether it is used where none is named.")


class WarehouseDeleted(WarehouseShown):
    """A warehouse that is gone, and what became of those that named it."""

    orders_to_pack: int = Field(description="Orders that were allocated in the default warehouse instead.")
    orders_out_of_stock: int = Field(description="Orders that went to the default warehouse, which has too little.")
    orders_moved: int = Field(description="All orders that went to the default warehouse.")
    stock_lists: list[int] = Field(description="Stock lists to do that went with it.")
    push_rules: list[int] = Field(description="Push rules that no longer count it.")


class NewWarehouse(Body):
    """A warehouse to be."""

    code: str
    name: str = ""
    address: str = ""
    default: bool = False


class WarehouseChange(Body):
    """What to change; saying yes to `default` takes it from the other."""

    name: str | None = Field(None, max_length=120)
    address: str | None = Field(None, max_length=500)
    default: bool | None = None


class WarehouseFilter(Paging):
    """Which warehouses."""

    code: str | None = None
    q: str | None = Field(None, description="Part of a code or name.")


class WarehouseUses(BaseModel):
    """Who names a warehouse."""

    id: int
    code: str
    used_by: str = Field(description="In words; empty where nobody names it.")


def shown(warehouse: Warehouse) -> WarehouseShown:
    """A warehouse as the API shows it."""
    return WarehouseShown(
        id=warehouse.id,
        code=warehouse.code,
        name=warehouse.name,
        address=warehouse.address,
        default=warehouse.is_default,
    )


@api.get("/warehouses", responses={200: Page[WarehouseShown]})
@needs("read")
def list_warehouses(query: WarehouseFilter) -> Response:
    """Warehouses that are not deleted."""
    rows = queries.warehouses(code=query.code, q=query.q)
    with services().db.read() as session:
        return show(page(session, rows, Warehouse.id, query, shown))


@api.post("/warehouses", responses={201: WarehouseShown})
@needs("records.write")
def create_warehouse(body: NewWarehouse) -> Response:
    """Make a warehouse."""
    new = service.NewWarehouse(body.code, body.name, body.address, body.default)
    by, at = caller().name, clock.now()
    return once(lambda session: shown(service.create_warehouses(session, [new], by=by, at=at)[0]), status=201)


@api.get("/warehouses/<int:id>", responses={200: WarehouseShown})
@needs("read")
def get_warehouse(path: ById) -> Response:
    """One warehouse."""
    with services().db.read() as session:
        return show(shown(queries.find_warehouse(session, path.id)))


@api.get("/warehouses/<int:id>/uses", responses={200: WarehouseUses})
@needs("read")
def get_warehouse_uses(path: ById) -> Response:
    """Who names a warehouse, and which stock lists to do would be deleted with it: look before deleting it."""
    with services().db.read() as session:
        row = queries.find_warehouse(session, path.id)
        return show(WarehouseUses(id=row.id, code=row.code, used_by=users(session, [row.id]).get(row.id, "")))


@api.patch("/warehouses/<int:id>", responses={200: WarehouseShown})
@needs("records.write")
def change_warehouse(path: ById, body: WarehouseChange) -> Response:
    """Change a warehouse, or make it the default."""
    change = service.WarehouseChange(body.name, body.address, body.default)
    by, at = caller().name, clock.now()
    return once(lambda session: shown(service.update_warehouses(session, {path.id: change}, by=by, at=at)[0]))


@api.delete("/warehouses/<int:id>", responses={200: WarehouseDeleted})
@needs("records.delete")
def remove_warehouse(path: ById) -> Response:
    """Delete a warehouse where nothing is on hand or on the way (WH-5); else the SKUs are listed.

    Its orders go to the default warehouse, stores and SKUs fall back to it, its shelves go (WH-6).
    """
    by, at = caller().name, clock.now()

    def work(session: Session) -> WarehouseDeleted:
        gone = shown(queries.find_warehouse(session, path.id))
        freed = delete_warehouse(session, path.id, by=by, at=at)
        return WarehouseDeleted(
            **gone.model_dump(),
            orders_to_pack=freed.to_pack,
            orders_out_of_stock=freed.out_of_stock,
            orders_moved=len(freed.orders),
            stock_lists=freed.lists,
            push_rules=freed.rules,
        )

    return once(work)
