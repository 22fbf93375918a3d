"""shelf list|add|assign|free|remove, safety-stock list|set|remove."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from server import clock
from server.catalog.queries import require_ids
from server.cli.opening import actor, database
from server.cli.output import AsJson, record, say, table
from server.cli.units import Units, parted
from server.db.base import fold
from server.errors import NotFound, WrongUse
from server.places import queries, shelves
from server.places.models import Warehouse
from server.places.queries import ShelfRow
from server.places.rules import ShelfStatus
from server.places.safety_stock import set_safety_stocks

shelf = typer.Typer(help="Shelves, and what lies on them.", no_args_is_help=True)
safety_stock = typer.Typer(help="Safety stock: below it a SKU is in the low-stock report.", no_args_is_help=True)

Only = Annotated[str | None, typer.Option("--warehouse", help="Only this warehouse.")]
Place = Annotated[str | None, typer.Option("--warehouse", help="Its warehouse; the default one unless given.")]
Sku = Annotated[str | None, typer.Option("--sku", help="Only this merchant SKU.")]
Code = Annotated[str, typer.Argument(metavar="SHELF", help="The shelf's code.")]
_SHELF = ("id", "warehouse", "code", "status", "sku", "units")
_SAFETY = ("sku", "warehouse", "safety_stock", "on_hand")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(shelf, name="shelf")
    app.add_typer(safety_stock, name="safety-stock")


@shelf.command("list")
def list_shelves(
    warehouse: Only = None,
    sku: Sku = None,
    status: Annotated[ShelfStatus | None, typer.Option(help="Only those that are this.")] = None,
    as_json: AsJson = False,
) -> None:
    """Shelves: available, occupied, or recyclable once nothing of their SKU is left."""
    with database() as found, found.db.read() as session:
        rows = queries.shelves(
            session,
            warehouse_id=None if warehouse is None else queries.warehouse_named(session, warehouse).id,
            sku_id=None if sku is None else require_ids(session, [sku])[0],
            status=status,
        )
    table([_shown(row) for row in rows], as_json=as_json, columns=_SHELF)


@shelf.command()
def add(
    code: Code,
    warehouse: Place = None,
    sku: Annotated[str | None, typer.Option(help="The SKU that lies on it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a shelf, perhaps with a SKU on it."""

    def work(session: Session) -> dict[str, Any]:
        place = _place(session, warehouse)
        [number] = shelves.create_shelves(session, [(place.id, code)], by=actor(), at=clock.now())
        if sku is not None:
            _put(session, number, sku)
        return _shown(queries.find_shelf(session, number))

    with database() as found:
        record(found.db.write(work), as_json=as_json)


@shelf.command()
def assign(code: Code, sku: str, warehouse: Place = None, as_json: AsJson = False) -> None:
    """Put a SKU on a shelf, freeing the one it lay on; an occupied shelf is refused with what holds it."""
    _change(code, warehouse, lambda session, row: _put(session, row.id, sku), as_json=as_json)


@shelf.command()
def free(code: Code, warehouse: Place = None, as_json: AsJson = False) -> None:
    """Take off the shelf what is assigned to it; its stock stays."""

    def work(session: Session, row: ShelfRow) -> None:
        if row.sku_id is not None:
            shelves.free(session, [(row.warehouse_id, row.sku_id)], by=actor(), at=clock.now())

    _change(code, warehouse, work, as_json=as_json)


@shelf.command()
def remove(code: Code, warehouse: Place = None) -> None:
    """Delete a shelf that is not occupied."""

    def work(session: Session) -> None:
        shelves.delete_shelves(session, [_find(session, code, warehouse).id], by=actor(), at=clock.now())

    with database() as found:
        found.db.write(work)
    say(f"shelf '{code}' is deleted")


@safety_stock.command("list")
def list_safety_stock(warehouse: Only = None, sku: Sku = None, as_json: AsJson = False) -> None:
    """Every safety stock there is, beside what is on hand."""
    with database() as found, found.db.read() as session:
        rows = queries.safety_rows(
            session,
            warehouse_id=None if warehouse is None else queries.warehouse_named(session, warehouse).id,
            sku_id=None if sku is None else require_ids(session, [sku])[0],
        )
    table([{name: getattr(row, name) for name in _SAFETY} for row in rows], as_json=as_json, columns=_SAFETY)


@safety_stock.command("set")
def set_safety_stock(
    units: Units,
    warehouse: Place = None,
) -> None:
    """Set safety stocks, all of them or none; the SKUs that change are evaluated again."""
    _set([parted(word, least=0) for word in units], warehouse)


@safety_stock.command("remove")
def remove_safety_stock(skus: Annotated[list[str], typer.Argument(metavar="SKU...")], warehouse: Place = None) -> None:
    """Take safety stocks away."""
    _set([(sku, None) for sku in skus], warehouse)


def _set(wanted: Sequence[tuple[str, int | None]], warehouse: str | None) -> None:
    def work(session: Session) -> int:
        place = _place(session, warehouse)
        numbers = require_ids(session, [code for code, _ in wanted])
        by_pair = {(place.id, number): units for number, (_, units) in zip(numbers, wanted, strict=True)}
        if len(by_pair) < len(wanted):
            raise WrongUse("a SKU stands there twice")
        return set_safety_stocks(session, by_pair, by=actor(), at=clock.now())

    with database() as found:
        changed = found.db.write(work)
    say(f"{changed} of {len(wanted)} changed")


def _change(code: str, warehouse: str | None, change: Callable[[Session, ShelfRow], object], *, as_json: bool) -> None:
    """Do it to the shelf and print what became of it."""

    def work(session: Session) -> dict[str, Any]:
        row = _find(session, code, warehouse)
        change(session, row)
        return _shown(queries.find_shelf(session, row.id))

    with database() as found:
        record(found.db.write(work), as_json=as_json)


def _place(session: Session, warehouse: str | None) -> Warehouse:
    return queries.warehouse_named(session, warehouse) if warehouse else queries.default_warehouse(session)


def _find(session: Session, code: str, warehouse: str | None) -> ShelfRow:
    place = _place(session, warehouse)
    number = queries.shelf_ids(session, [(place.id, code)]).get((place.id, fold(code)))
    if number is None:
        raise NotFound(f"warehouse '{place.code}' has no shelf '{code[:120]}'")
    return queries.find_shelf(session, number)


def _put(session: Session, shelf_id: int, sku: str) -> None:
    [number] = require_ids(session, [sku])
    shelves.assign(session, [shelves.Wish(shelf_id, number)], by=actor(), at=clock.now())


def _shown(row: ShelfRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _SHELF}
