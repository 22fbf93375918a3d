"""warehouse list|add|update|remove."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from server import clock
from server.cli.opening import actor, database
from server.cli.output import AsJson, record, say, table
from server.operations.delete_warehouse import Freed, delete_warehouse
from server.operations.warehouse_uses import users
from server.places import queries, service
from server.places.models import Warehouse

group = typer.Typer(help="Warehouses: the places that hold stock.", no_args_is_help=True)

Name = Annotated[str | None, typer.Option(help="What people call it; its code unless given.")]
Address = Annotated[str | None, typer.Option(help="Where it is.")]
Default = Annotated[bool, typer.Option("--default", help="Make it the one that is used where none is named.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="warehouse")


@group.command("list")
def list_warehouses(as_json: AsJson = False) -> None:
    """Every warehouse."""
    with database() as found, found.db.read() as session:
        rows = [_shown(row) for row in session.scalars(queries.warehouses().order_by(Warehouse.key))]
    table(rows, as_json=as_json)


@group.command()
def add(
    code: str, name: Name = None, address: Address = None, default: Default = False, as_json: AsJson = False
) -> None:
    """Make a warehouse."""
    new = service.NewWarehouse(code, name or "", address or "", default)

    def work(session: Session) -> dict[str, Any]:
        return _shown(service.create_warehouses(session, [new], by=actor(), at=clock.now())[0])

    with database() as found:
        record(found.db.write(work), as_json=as_json)


@group.command()
def update(
    code: str, name: Name = None, address: Address = None, default: Default = False, as_json: AsJson = False
) -> None:
    """Change a warehouse, or make it the default."""
    change = service.WarehouseChange(name, address, default or None)

    def work(session: Session) -> dict[str, Any]:
        number = queries.warehouse_named(session, code).id
        return _shown(service.update_warehouses(session, {number: change}, by=actor(), at=clock.now())[0])

    with database() as found:
        record(found.db.write(work), as_json=as_json)


@group.command()
def remove(
    code: str,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say who names it, and what would go with it.")
    ] = False,
) -> None:
    """Delete a warehouse where nothing is on hand or on the way; its orders go to the default one, its stock lists to
    do are deleted."""
    if dry_run:
        with database() as found, found.db.read() as session:
            number = queries.warehouse_named(session, code).id
            say(f"warehouse '{code}' is used by {users(session, [number]).get(number, 'nobody')}")
        return

    def work(session: Session) -> Freed:
        return delete_warehouse(session, queries.warehouse_named(session, code).id, by=actor(), at=clock.now())

    with database() as found:
        freed = found.db.write(work)
    say(f"warehouse '{code}' is deleted")
    if freed.orders:
        said = f"{freed.to_pack} to pack there, {freed.out_of_stock} out of stock"
        say(f"{len(freed.orders)} orders went to the default warehouse: {said}")
    if freed.lists:
        say(f"stock lists to do went with it: {', '.join(map(str, freed.lists))}")
    if freed.rules:
        say(f"push rules no longer count it: {', '.join(map(str, freed.rules))}")


def _shown(row: Warehouse) -> dict[str, Any]:
    return {"id": row.id, "code": row.code, "name": row.name, "address": row.address, "default": row.is_default}
