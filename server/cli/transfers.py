"""transfer list|show|create|dispatch|receive|write-off|cancel."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from server import clock
from server.cli.opening import actor, database
from server.cli.output import AsJson, document, table
from server.cli.units import Units, units_of
from server.operations.transfer_arrives import transfer_arrives
from server.places.queries import warehouse_named
from server.warehousing import arriving, documents, transfers
from server.warehousing.arriving import Arrival, Loss
from server.warehousing.models import Transfer
from server.warehousing.transfers import NewTransfer, Sent

group = typer.Typer(help="Transfers between warehouses: on the way until they are received.", no_args_is_help=True)

Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000_000, help="Most rows.")]
SomeUnits = Annotated[
    list[str] | None, typer.Argument(metavar="SKU=UNITS...", help="All that is on the way, unless given.")
]
_TRANSFER = ("id", "state", "source", "destination", "sent", "received", "written_off", "on_the_way", "note")


class TransferState(enum.StrEnum):
    """How far a transfer is."""

    DRAFT = "draft"
    DISPATCHED = "dispatched"
    PARTLY_RECEIVED = "partly_received"
    RECEIVED = "received"
    CANCELLED = "cancelled"


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="transfer")


@group.command("list")
def list_transfers(
    state: Annotated[TransferState | None, typer.Option(help="Only those that are this far.")] = None,
    source: Annotated[str | None, typer.Option("--from", help="Only from this warehouse.")] = None,
    destination: Annotated[str | None, typer.Option("--to", help="Only to this warehouse.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Transfers, newest first."""
    with database() as found, found.db.read() as session:
        views = documents.transfers(
            session,
            state=None if state is None else state.value,
            source_id=warehouse_named(session, source).id if source else None,
            destination_id=warehouse_named(session, destination).id if destination else None,
            limit=limit,
        )
        rows = [view.facts() for view in views]
    table(rows, as_json=as_json, columns=_TRANSFER)


@group.command("show")
def show_transfer(number: int, as_json: AsJson = False) -> None:
    """One transfer with its lines."""
    with database() as found, found.db.read() as session:
        shown = _transfer(session, transfers.find_transfer(session, number))
    document(shown, as_json=as_json)


@group.command("create")
def create_transfer(
    source: Annotated[str, typer.Argument(metavar="FROM", help="The warehouse it leaves.")],
    destination: Annotated[str, typer.Argument(metavar="TO", help="The warehouse it goes to.")],
    units: Units,
    note: Annotated[str, typer.Option(help="Why, for the history.")] = "",
    as_json: AsJson = False,
) -> None:
    """Draft a transfer; nothing is posted until it is dispatched."""

    def work(session: Session) -> dict[str, Any]:
        sent = [Sent(sku, quantity) for sku, quantity in units_of(session, units)]
        places = warehouse_named(session, source).id, warehouse_named(session, destination).id
        new = NewTransfer(*places, sent, note)
        return _transfer(session, transfers.create_transfers(session, [new], by=actor(), at=clock.now())[0])

    with database() as found:
        shown = found.db.write(work)
    document(shown, as_json=as_json)


@group.command("dispatch")
def dispatch_transfer(number: int, as_json: AsJson = False) -> None:
    """Send it off: out of on hand, onto the way."""
    _act(number, lambda s, row: transfers.dispatch(s, [row], by=actor(), at=clock.now()), as_json=as_json)


@group.command("receive")
def receive(number: int, units: SomeUnits = None, as_json: AsJson = False) -> None:
    """Receive what arrived, in full or in part."""

    def work(session: Session, row: Transfer) -> None:
        came = [Arrival(*one) for one in units_of(session, units)] if units else None
        transfer_arrives(session, row, came, by=actor(), at=clock.now())

    _act(number, work, as_json=as_json)


@group.command("write-off")
def write_off(
    number: int,
    reason: Annotated[str, typer.Option(help="Why it never arrives.")],
    units: SomeUnits = None,
    as_json: AsJson = False,
) -> None:
    """Write off what never arrives."""

    def work(session: Session, row: Transfer) -> None:
        lost = [Loss(*one) for one in units_of(session, units)] if units else None
        arriving.write_off(session, row, lost, reason=reason, by=actor(), at=clock.now())

    _act(number, work, as_json=as_json)


@group.command("cancel")
def cancel_transfer(number: int, as_json: AsJson = False) -> None:
    """Call off a draft, or take back what was dispatched while nothing of it has arrived."""
    _act(number, lambda s, row: transfers.cancel(s, row.id, by=actor(), at=clock.now()), as_json=as_json)


def _act(number: int, act: Callable[[Session, Transfer], object], *, as_json: bool) -> None:
    """Do it to the locked transfer and print what became of it."""

    def work(session: Session) -> dict[str, Any]:
        row = transfers.find_transfer(session, number, lock=True)
        act(session, row)
        return _transfer(session, row)

    with database() as found:
        shown = found.db.write(work)
    document(shown, as_json=as_json)


def _transfer(session: Session, row: Transfer) -> dict[str, Any]:
    view = documents.transfer_views(session, [row])[0]
    lines = [line._asdict() for line in documents.transfer_lines(session, row.id)]
    return {**view.facts(), "lines": lines}
