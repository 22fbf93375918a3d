"""stock, movements, refresh, stock-list list|show|complete."""

from __future__ import annotations

import enum
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.catalog.models import MerchantSku
from server.catalog.queries import require_ids
from server.cli.opening import actor, database
from server.cli.output import AsJson, progress, record, say, table
from server.ledger.movements import Kind
from server.ledger.queries import FIGURES
from server.moments import moment
from server.operations.complete_list import complete_list
from server.operations.refresh import refresh_inventory
from server.places.models import Shelf, Warehouse
from server.warehousing import queries, service
from server.warehousing.models import StockList, StockListLine
from server.warehousing.queries import MovementFilter, MovementRow, StockFilter

group = typer.Typer(help="Stock-in and stock-out lists: to do until they are completed.", no_args_is_help=True)

Sku = Annotated[str | None, typer.Option("--sku", help="Only this merchant SKU.")]
Place = Annotated[str | None, typer.Option("--warehouse", help="Only this warehouse.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000_000, help="Most rows.")]
_STOCK = ("sku", "warehouse", "on_hand", "allocated", "available", "on_the_way", "defective", "kind")
_MOVEMENT = ("id", "at", "kind", "sku", "warehouse", *FIGURES, "document", "document_id", "by", "note")
_LIST = ("id", "direction", "state", "warehouse", "note", "created_at", "created_by", "completed_at")


class Direction(enum.StrEnum):
    """Which way stock goes."""

    IN = "in"
    OUT = "out"


class ListState(enum.StrEnum):
    """Whether a list has been posted."""

    TODO = "todo"
    COMPLETED = "completed"


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(stock)
    app.command()(movements)
    app.command()(refresh)
    app.add_typer(group, name="stock-list")


def stock(
    sku: Sku = None,
    warehouse: Place = None,
    search: Annotated[str | None, typer.Option("--search", "-q", help="Part of a SKU's code or title.")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="As of a past moment, UTC unless it says otherwise; a day means its end.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Figures per SKU and warehouse, now or as of a past moment; of a combination what its components allow."""
    at = None if as_of is None else moment(as_of, end_of_day=True)
    with database() as found, found.db.read() as session:
        shown = queries.stock(session, StockFilter(sku, warehouse, search, at))
        rows = [{name: getattr(row, name) for name in _STOCK} for row in shown]
        if sku is not None and not rows:
            require_ids(session, [sku])
    table(rows, as_json=as_json, columns=_STOCK)


def movements(
    sku: Sku = None,
    warehouse: Place = None,
    kind: Annotated[Kind | None, typer.Option(help="Only this kind, such as stock_in or deduct.")] = None,
    since: Annotated[str | None, typer.Option(help="From this day or moment on; else the last 730 days.")] = None,
    until: Annotated[str | None, typer.Option(help="Up to this moment, or the end of this day.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Posted movements, newest first."""
    with database() as found:
        first: datetime = moment(since) if since else clock.now() - timedelta(days=found.settings.history_days)
        last = moment(until, end_of_day=True) if until else None
        wanted = MovementFilter(sku=sku, warehouse=warehouse, kind=kind, since=first, until=last)
        with found.db.read() as session:
            rows = [_movement(row) for row in queries.movements(session, wanted, limit=limit)]
            if sku is not None and not rows:  # one that was deleted has movements still
                require_ids(session, [sku])
    table(rows, as_json=as_json, columns=_MOVEMENT)


def refresh(as_json: AsJson = False) -> None:
    """Set figures to the sums of their movements, try out-of-stock orders, evaluate what every store shows."""
    with database() as found, progress("refresh", quiet=as_json):
        done = refresh_inventory(found.db, by=actor())
    if as_json:
        record(asdict(done), as_json=True)
        return
    for one in done.differences:
        say(one.text)
    tried = done.tried
    say(
        f"{len(done.differences)} figures differed; {tried.to_pack} of {tried.tried} out-of-stock orders are to pack; "
        f"{done.marked} SKUs are evaluated"
    )


def _movement(row: MovementRow) -> dict[str, Any]:
    return {
        "id": row.movement.id,
        "at": row.entry.at,
        "kind": row.entry.kind,
        "sku": row.sku,
        "warehouse": row.warehouse,
        **{name: getattr(row.movement, name) for name in FIGURES},
        "document": row.entry.document,
        "document_id": row.entry.document_id,
        "by": row.entry.actor,
        "note": row.entry.note,
        "reverses": row.entry.reverses_id,
    }


@group.command("list")
def list_lists(
    direction: Annotated[Direction | None, typer.Option(help="Only stock-in, or only stock-out.")] = None,
    state: Annotated[ListState | None, typer.Option(help="Only those to do, or only completed ones.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Stock lists, newest first."""
    rows = select(StockList, Warehouse.code).join(Warehouse, Warehouse.id == StockList.warehouse_id)
    if direction is not None:
        rows = rows.where(StockList.direction == direction.value)
    if state is not None:
        rows = rows.where(StockList.state == state.value)
    with database() as found, found.db.read() as session:
        lists = session.execute(rows.order_by(StockList.id.desc()).limit(limit))
        shown = [_list(row, warehouse) for row, warehouse in lists]
    table(shown, as_json=as_json, columns=_LIST)


@group.command()
def show(id: Annotated[int, typer.Argument(help="The list's number.")], as_json: AsJson = False) -> None:
    """One list with its lines."""
    with database() as found, found.db.read() as session:
        row = service.find_list(session, id)
        head = _list(row, session.get_one(Warehouse, row.warehouse_id).code)
        lines = _lines(session, id)
    if as_json:
        record({**head, "lines": lines}, as_json=True)
        return
    record(head, as_json=False)
    table(lines, as_json=False)


@group.command()
def complete(id: Annotated[int, typer.Argument(help="The list's number.")]) -> None:
    """Complete a list: its lines are posted, once."""
    with database() as found:
        row = found.db.write(lambda session: complete_list(session, id, by=actor(), at=clock.now()))
    say(f"stock-{row.direction} list {id} is completed")


def _list(row: StockList, warehouse: str) -> dict[str, Any]:
    return {**{name: getattr(row, name, None) for name in _LIST}, "warehouse": warehouse}


def _lines(session: Session, list_id: int) -> list[dict[str, Any]]:
    rows = (
        select(MerchantSku.code, Shelf.code, StockListLine)
        .join(MerchantSku, MerchantSku.id == StockListLine.sku_id)
        .outerjoin(Shelf, Shelf.id == StockListLine.shelf_id)
        .where(StockListLine.list_id == list_id)
        .order_by(StockListLine.line)
    )
    return [
        {"sku": sku, "quantity": line.quantity, "shelf": shelf, "unit_cost": line.unit_cost, "note": line.note}
        for sku, shelf, line in session.execute(rows)
    ]
