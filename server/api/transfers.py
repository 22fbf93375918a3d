"""Transfers between warehouses: drafted, dispatched, received or written off (STK-7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from server import clock
from server.api.auth import caller
from server.api.frame import Body, ById, needs, resource, services, show
from server.api.once import once
from server.api.paging import Page, Paging, cut
from server.catalog.queries import require_ids
from server.operations.transfer_arrives import transfer_arrives
from server.places.queries import warehouse_named
from server.warehousing import arriving, documents, transfers
from server.warehousing.arriving import Arrival, Loss
from server.warehousing.documents import TransferState
from server.warehousing.models import Transfer
from server.warehousing.transfers import NewTransfer, Sent, TransferChange

api = resource("transfers", "Transfers")


class TransferLineShown(BaseModel):
    """One SKU of a transfer, in units."""

    sku: str
    quantity: int
    received: int
    written_off: int
    shelf: str | None = Field(description="Where it was put at receiving.")
    reason: str = Field(description="Why units were written off.")
    note: str


class TransferShown(BaseModel):
    """A transfer without its lines; units are sums over its SKUs."""

    id: int
    state: TransferState
    source: str
    destination: str
    note: str
    sent: int
    received: int
    written_off: int
    on_the_way: int
    upload: int | None
    created_at: datetime
    created_by: str
    dispatched_at: datetime | None
    dispatched_by: str
    finished_at: datetime | None
    finished_by: str


class TransferWithLines(TransferShown):
    """A transfer with its lines."""

    lines: list[TransferLineShown]


class NewTransferLine(Body):
    """Units of a SKU to be sent."""

    sku: str = Field(max_length=64)
    quantity: int = Field(strict=True, ge=1, le=10_000_000)
    note: str = Field("", max_length=255)


class NewTransferBody(Body):
    """A transfer to be drafted; lines of one SKU add up."""

    source: str = Field(max_length=64, description="The code of the warehouse it leaves.")
    destination: str = Field(max_length=64, description="The code of the warehouse it goes to.")
    note: str = Field("", max_length=500)
    lines: list[NewTransferLine] = Field(min_length=1, max_length=10_000)


class TransferEdit(Body):
    """What to change of a draft; `lines`, where given, are all of its lines."""

    source: str | None = Field(None, max_length=64)
    destination: str | None = Field(None, max_length=64)
    note: str | None = Field(None, max_length=500)
    lines: list[NewTransferLine] | None = Field(None, min_length=1, max_length=10_000)


class ArrivalLine(Body):
    """Units of a SKU that arrived, and the shelf they were put on."""

    sku: str = Field(max_length=64)
    quantity: int = Field(strict=True, ge=1, le=10_000_000)
    shelf: str | None = Field(None, max_length=64)


class Receiving(Body):
    """What arrived; all that is on the way unless lines are given."""

    lines: list[ArrivalLine] | None = Field(None, min_length=1, max_length=10_000)


class LossLine(Body):
    """Units of a SKU that will never arrive."""

    sku: str = Field(max_length=64)
    quantity: int = Field(strict=True, ge=1, le=10_000_000)


class WritingOff(Body):
    """What never arrives and why; all that is on the way unless lines are given."""

    reason: str = Field(min_length=1, max_length=255)
    lines: list[LossLine] | None = Field(None, min_length=1, max_length=10_000)


class TransferFilter(Paging):
    """Which transfers."""

    state: TransferState | None = None
    source: str | None = Field(None, description="A warehouse's code.")
    destination: str | None = Field(None, description="A warehouse's code.")
    sku: str | None = None


@api.get("/transfers", responses={200: Page[TransferShown]})
@needs("read")
def list_transfers(query: TransferFilter) -> Response:
    """Transfers, newest first."""
    with services().db.read() as session:
        found = documents.transfers(
            session,
            state=query.state,
            source_id=warehouse_named(session, query.source).id if query.source else None,
            destination_id=warehouse_named(session, query.destination).id if query.destination else None,
            sku_id=require_ids(session, [query.sku])[0] if query.sku else None,
            before=query.after,
            limit=query.limit + 1,
        )
        return show(cut(found, query, lambda view: TransferShown(**view.facts())))


@api.post("/transfers", responses={201: TransferWithLines})
@needs("stock.write")
def create_transfer(body: NewTransferBody) -> Response:
    """Draft a transfer; nothing is posted."""
    by = caller().name

    def work(session: Session) -> TransferWithLines:
        source, destination = warehouse_named(session, body.source), warehouse_named(session, body.destination)
        new = NewTransfer(source.id, destination.id, _sent(session, body.lines), body.note)
        return _with_lines(session, transfers.create_transfers(session, [new], by=by, at=clock.now())[0])

    return once(work, status=201)


@api.get("/transfers/<int:id>", responses={200: TransferWithLines})
@needs("read")
def get_transfer(path: ById) -> Response:
    """One transfer with its lines."""
    with services().db.read() as session:
        return show(_with_lines(session, transfers.find_transfer(session, path.id)))


@api.patch("/transfers/<int:id>", responses={200: TransferWithLines})
@needs("stock.write")
def edit_transfer(path: ById, body: TransferEdit) -> Response:
    """Change a draft."""
    by = caller().name

    def work(session: Session) -> TransferWithLines:
        change = TransferChange(
            warehouse_named(session, body.source).id if body.source else None,
            warehouse_named(session, body.destination).id if body.destination else None,
            body.note,
            _sent(session, body.lines) if body.lines is not None else None,
        )
        return _with_lines(session, transfers.edit(session, path.id, change, by=by, at=clock.now()))

    return once(work)


@api.post("/transfers/<int:id>/dispatch", responses={200: TransferWithLines})
@needs("stock.write")
def dispatch_transfer(path: ById) -> Response:
    """Send it off: out of the source's on hand, onto the way; refused line by line where less is available."""
    by = caller().name
    return _act(path.id, lambda session, row: transfers.dispatch(session, [row], by=by, at=clock.now()))


@api.post("/transfers/<int:id>/receive", responses={200: TransferWithLines})
@needs("stock.write")
def receive_transfer(path: ById, body: Receiving) -> Response:
    """Receive what arrived, in full or in part: off the way, onto on hand and onto shelves."""
    by = caller().name

    def work(session: Session, row: Transfer) -> None:
        transfer_arrives(session, row, _arrivals(session, row, body.lines), by=by, at=clock.now())

    return _act(path.id, work)


@api.post("/transfers/<int:id>/write-off", responses={200: TransferWithLines})
@needs("stock.write")
def write_off_transfer(path: ById, body: WritingOff) -> Response:
    """Write off what never arrives, with a reason."""
    by = caller().name

    def work(session: Session, row: Transfer) -> None:
        losses = None
        if body.lines is not None:
            skus = require_ids(session, [line.sku for line in body.lines])
            losses = [Loss(sku, line.quantity) for sku, line in zip(skus, body.lines, strict=True)]
        arriving.write_off(session, row, losses, reason=body.reason, by=by, at=clock.now())

    return _act(path.id, work)


@api.post("/transfers/<int:id>/cancel", responses={200: TransferWithLines})
@needs("stock.write")
def cancel_transfer(path: ById) -> Response:
    """Call off a draft, or take back what was dispatched while nothing of it has arrived."""
    by = caller().name
    return _act(path.id, lambda session, row: transfers.cancel(session, row.id, by=by, at=clock.now()))


def _act(transfer_id: int, act: Callable[[Session, Transfer], object]) -> Response:
    """Do it to the locked transfer, once, and show what became of it."""

    def work(session: Session) -> TransferWithLines:
        row = transfers.find_transfer(session, transfer_id, lock=True)
        act(session, row)
        return _with_lines(session, row)

    return once(work)


def _sent(session: Session, lines: Sequence[NewTransferLine]) -> list[Sent]:
    skus = require_ids(session, [line.sku for line in lines])
    return [Sent(sku, line.quantity, line.note) for sku, line in zip(skus, lines, strict=True)]


def _arrivals(session: Session, row: Transfer, lines: Sequence[ArrivalLine] | None) -> list[Arrival] | None:
    if lines is None:
        return None
    skus = require_ids(session, [line.sku for line in lines])
    places = documents.shelves_named(session, row.destination_id, [line.shelf for line in lines])
    return [Arrival(sku, line.quantity, shelf) for sku, line, shelf in zip(skus, lines, places, strict=True)]


def _with_lines(session: Session, row: Transfer) -> TransferWithLines:
    view = documents.transfer_views(session, [row])[0]
    lines = [TransferLineShown(**line._asdict()) for line in documents.transfer_lines(session, row.id)]
    return TransferWithLines(**view.facts(), lines=lines)
