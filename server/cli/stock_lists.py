"""stock-list list|show|create|complete|remove."""

from __future__ import annotations

import enum
from typing import Annotated, Any

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.cli.opening import actor, database
from server.cli.output import AsJson, document, say, table
from server.cli.units import Units, units_of
from server.operations.complete_list import complete_list
from server.places.models import Warehouse
from server.places.queries import warehouse_named
from server.warehousing import documents, drafting, service
from server.warehousing.models import StockList
from server.warehousing.service import ListLine, NewList

group = typer.Typer(help="Stock-in and stock-out lists: to do until they are completed.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="The list's number.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000_000, help="Most rows.")]
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
    app.add_typer(group, name="stock-list")


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
def show(id: Number, as_json: AsJson = False) -> None:
    """One list with its lines."""
    with database() as found, found.db.read() as session:
        shown = _with_lines(session, service.find_list(session, id))
    document(shown, as_json=as_json)


@group.command()
def create(
    direction: Annotated[Direction, typer.Argument(help="Whether it comes in or goes out.")],
    warehouse: Annotated[str, typer.Argument(metavar="WAREHOUSE", help="Where.")],
    units: Units,
    note: Annotated[str, typer.Option(help="Why, for the history.")] = "",
    as_json: AsJson = False,
) -> None:
    """Write a list down; nothing is posted until it is completed."""

    def work(session: Session) -> dict[str, Any]:
        lines = [ListLine(*one) for one in units_of(session, units)]
        new = NewList(direction.value, warehouse_named(session, warehouse).id, lines, note)
        return _with_lines(session, drafting.draft_list(session, new, by=actor(), at=clock.now()))

    with database() as found:
        shown = found.db.write(work)
    document(shown, as_json=as_json)


@group.command()
def remove(id: Number) -> None:
    """Take a list away that is to do."""
    with database() as found:
        row = found.db.write(lambda session: drafting.remove(session, id, by=actor(), at=clock.now()))
    say(f"stock-{row.direction} list {id} is removed")


@group.command()
def complete(id: Number) -> None:
    """Complete a list: its lines are posted, once."""
    with database() as found:
        row = found.db.write(lambda session: complete_list(session, id, by=actor(), at=clock.now()))
    say(f"stock-{row.direction} list {id} is completed")


def _list(row: StockList, warehouse: str) -> dict[str, Any]:
    return {**{name: getattr(row, name, None) for name in _LIST}, "warehouse": warehouse}


def _with_lines(session: Session, row: StockList) -> dict[str, Any]:
    head = _list(row, session.get_one(Warehouse, row.warehouse_id).code)
    return {**head, "lines": [line._asdict() for line in documents.stock_list_lines(session, row.id)]}
