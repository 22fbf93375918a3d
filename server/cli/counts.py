"""stock-count list|show|create|complete|cancel."""

from __future__ import annotations

import enum
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from server import clock
from server.cli.opening import actor, database
from server.cli.output import AsJson, document, table
from server.cli.units import Units, units_of
from server.places.queries import warehouse_named
from server.warehousing import counts, documents
from server.warehousing.counts import Counted, NewCount
from server.warehousing.models import StockCount

group = typer.Typer(help="Stock counts: drafts until completing posts the differences.", no_args_is_help=True)

Place = Annotated[str | None, typer.Option("--warehouse", help="Only this warehouse.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000_000, help="Most rows.")]
_COUNT = ("id", "state", "warehouse", "note", "created_at", "created_by", "completed_at")


class CountState(enum.StrEnum):
    """How far a count is."""

    DRAFT = "draft"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="stock-count")


@group.command("list")
def list_counts(
    state: Annotated[CountState | None, typer.Option(help="Only those that are this far.")] = None,
    warehouse: Place = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Stock counts, newest first."""
    with database() as found, found.db.read() as session:
        views = documents.counts(
            session,
            state=None if state is None else state.value,
            warehouse_id=warehouse_named(session, warehouse).id if warehouse else None,
            limit=limit,
        )
        rows = [view.facts() for view in views]
    table(rows, as_json=as_json, columns=_COUNT)


@group.command("show")
def show_count(number: int, as_json: AsJson = False) -> None:
    """One stock count with its lines."""
    with database() as found, found.db.read() as session:
        shown = _count(session, counts.find_count(session, number))
    document(shown, as_json=as_json)


@group.command("create")
def create_count(
    warehouse: Annotated[str, typer.Argument(metavar="WAREHOUSE", help="Where it was counted.")],
    units: Units,
    note: Annotated[str, typer.Option(help="Why, for the history.")] = "",
    as_json: AsJson = False,
) -> None:
    """Write a count down as a draft; nothing is posted until it is completed."""

    def work(session: Session) -> dict[str, Any]:
        counted = [Counted(*one) for one in units_of(session, units, least=0)]
        new = NewCount(warehouse_named(session, warehouse).id, counted, note)
        return _count(session, counts.create_count(session, new, by=actor(), at=clock.now()))

    with database() as found:
        shown = found.db.write(work)
    document(shown, as_json=as_json)


@group.command("complete")
def complete_count(number: int, as_json: AsJson = False) -> None:
    """Complete it: on hand becomes what was counted, the differences are posted."""

    def work(session: Session) -> dict[str, Any]:
        row = counts.find_count(session, number, lock=True)
        counts.complete(session, row, by=actor(), at=clock.now())
        return _count(session, row)

    with database() as found:
        shown = found.db.write(work)
    document(shown, as_json=as_json)


@group.command("cancel")
def cancel_count(number: int, as_json: AsJson = False) -> None:
    """Call a draft off."""
    with database() as found:
        shown = found.db.write(
            lambda session: _count(session, counts.cancel(session, number, by=actor(), at=clock.now()))
        )
    document(shown, as_json=as_json)


def _count(session: Session, row: StockCount) -> dict[str, Any]:
    view = documents.count_views(session, [row])[0]
    lines = [line._asdict() for line in documents.count_lines(session, row.id)]
    return {**view.facts(), "lines": lines}
