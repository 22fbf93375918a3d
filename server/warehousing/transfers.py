"""Transfers between warehouses: drafted, dispatched, called off (STK-7). Arrivals are in `arriving`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.db.bulk import NUMBER, dialect_of, insert_rows, relation
from server.errors import NotFound, Refused
from server.ledger.errors import NotEnough
from server.ledger.movements import Entry, Kind, Line
from server.ledger.posting import post
from server.outbox.causes import Cause
from server.places.models import Warehouse
from server.places.queries import hold_standing
from server.places.shortages import named
from server.warehousing.models import Transfer, TransferLine
from server.warehousing.reversing import opposites
from server.warehousing.service import refuse_combinations

DOCUMENT = "transfer"
MAX_NOTE = 500


class Sent(NamedTuple):
    """Units of one SKU to be sent."""

    sku_id: int
    quantity: int
    note: str = ""


@dataclass(frozen=True)
class NewTransfer:
    """A transfer to be drafted; lines of one SKU are added up."""

    source_id: int
    destination_id: int
    lines: Sequence[Sent]
    note: str = ""
    upload_id: int | None = None


@dataclass(frozen=True)
class TransferChange:
    """What to change of a draft; `lines`, where given, are all of its lines."""

    source_id: int | None = None
    destination_id: int | None = None
    note: str | None = None
    lines: Sequence[Sent] | None = None


class LineNow(NamedTuple):
    """A line as it stands, in units."""

    sku_id: int
    quantity: int
    received: int
    written_off: int

    @property
    def left(self) -> int:
        """Units neither received nor written off."""
        return self.quantity - self.received - self.written_off


def create_transfers(session: Session, new: Sequence[NewTransfer], *, by: str, at: datetime) -> list[Transfer]:
    """Draft transfers, in order; nothing is posted.

    Raises `Refused` for the same warehouse twice, no lines, and SKUs that hold no stock of their own (CAT-6).
    """
    rows = [
        Transfer(
            state="draft",
            source_id=one.source_id,
            destination_id=one.destination_id,
            note=one.note[:MAX_NOTE],
            upload_id=one.upload_id,
            created_at=at,
            created_by=by,
        )
        for one in new
    ]
    lines = [merged(one.lines) for one in new]
    for row, sent in zip(rows, lines, strict=True):
        _check_draft(session, row, sent)
    session.add_all(rows)
    session.flush()
    for row, sent in zip(rows, lines, strict=True):
        _write_lines(session, row, sent)
        audit(session, by, "transfer.create", f"transfer {row.id}", at=at, lines=len(sent))
    return rows


def edit(session: Session, transfer_id: int, change: TransferChange, *, by: str, at: datetime) -> Transfer:
    """Change a draft. Raises `NotFound`, and `Refused` as `create_transfers` does or once it was dispatched."""
    row = find_transfer(session, transfer_id, lock=True)
    if row.state != "draft":
        raise Refused(f"transfer {row.id} is {row.state}; only a draft can be changed")
    row.source_id = row.source_id if change.source_id is None else change.source_id
    row.destination_id = row.destination_id if change.destination_id is None else change.destination_id
    row.note = row.note if change.note is None else change.note[:MAX_NOTE]
    sent = merged(change.lines) if change.lines is not None else None
    with session.no_autoflush:  # what the rules refuse must not meet the database's own checks first
        _check_draft(session, row, sent)
    if sent is not None:
        session.execute(delete(TransferLine).where(TransferLine.transfer_id == row.id))
        _write_lines(session, row, sent)
    session.flush()
    audit(session, by, "transfer.edit", f"transfer {row.id}", at=at)
    return row


def dispatch(session: Session, rows: Sequence[Transfer], *, by: str, at: datetime) -> None:
    """Send drafts off, all or none: out of the source's on hand, onto the destination's way (STK-7, cause 9).

    One that left already stays as it is. Raises `NotEnough` naming each SKU of which less is available (STK-4), and
    `Refused` for one that was called off or whose warehouses are gone (WH-6).
    """
    drafts = [row for row in rows if row.state == "draft"]
    for row in rows:
        if row.state == "cancelled":
            raise Refused(f"transfer {row.id} was cancelled; make a new one")
    _hold_standing(session, drafts)
    lines = lines_of(session, [row.id for row in drafts])
    refuse_combinations(session, {line.sku_id for sent in lines.values() for line in sent})
    try:
        post(session, [_dispatching(row, lines[row.id], by=by, at=at) for row in drafts])
    except NotEnough as short:
        raise named(session, short) from short
    for row in drafts:
        row.state, row.dispatched_at, row.dispatched_by = "dispatched", at, by
        audit(session, by, "transfer.dispatch", f"transfer {row.id}", at=at)
    session.flush()


def cancel(session: Session, transfer_id: int, *, by: str, at: datetime) -> Transfer:
    """Call off a draft, or a transfer of which nothing has arrived yet: its units are back in the source.

    One that was cancelled stays as it is. Raises `NotFound`, and `Refused` once anything was received or written off.
    """
    row = find_transfer(session, transfer_id, lock=True)
    if row.state == "cancelled":
        return row
    if row.steps:
        raise Refused(f"units of transfer {row.id} have arrived or were written off; send back what is to go back")
    if row.state == "draft":
        row.state, row.finished_at, row.finished_by = "cancelled", at, by
        audit(session, by, "transfer.cancel", f"transfer {row.id}", at=at)
        session.flush()
    else:
        take_back(session, [row], by=by, at=at)
    return row


def take_back(session: Session, rows: Sequence[Transfer], *, by: str, at: datetime) -> None:
    """Reverse all that these transfers have posted, by opposite movements, and cancel them (WB-8).

    Raises `NotEnough` where the units are not there any more, `Refused` where a warehouse is gone.
    """
    _hold_standing(session, rows)
    try:
        post(session, opposites(session, DOCUMENT, [row.id for row in rows], by=by, at=at))
    except NotEnough as short:
        raise named(session, short) from short
    session.execute(
        update(TransferLine)
        .where(TransferLine.transfer_id.in_([row.id for row in rows]))
        .values(received=0, written_off=0)
        .execution_options(synchronize_session=False)
    )
    for row in rows:
        row.state, row.finished_at, row.finished_by = "cancelled", at, by
        audit(session, by, "transfer.cancel", f"transfer {row.id}", at=at)
    session.flush()


def find_transfer(session: Session, transfer_id: int, *, lock: bool = False) -> Transfer:
    """The transfer with that number, locked if it is to be changed. Raises `NotFound`."""
    wait = lock and dialect_of(session) == "postgresql"
    row = session.get(Transfer, transfer_id, with_for_update=wait or None)
    if row is None:
        raise NotFound(f"there is no transfer {transfer_id}", id=transfer_id)
    return row


def lines_of(session: Session, transfer_ids: Iterable[int]) -> dict[int, list[LineNow]]:
    """The lines of each transfer, in order."""
    ids = sorted(set(transfer_ids))
    found: dict[int, list[LineNow]] = {transfer_id: [] for transfer_id in ids}
    columns = (TransferLine.sku_id, TransferLine.quantity, TransferLine.received, TransferLine.written_off)
    with relation(session, {"id": NUMBER}, [(transfer_id,) for transfer_id in ids]) as r:
        query = (
            select(TransferLine.transfer_id, *columns)
            .join(r, r.c.id == TransferLine.transfer_id)
            .order_by(TransferLine.transfer_id, TransferLine.line)
        )
        for transfer_id, *line in session.execute(query):
            found[transfer_id].append(LineNow(*line))
    return found


def merged(lines: Sequence[Sent]) -> list[Sent]:
    """One line per SKU, in the order in which SKUs first come; different notes stand side by side (WB-14)."""
    units: dict[int, int] = {}
    notes: dict[int, dict[str, None]] = {}
    for line in lines:
        units[line.sku_id] = units.get(line.sku_id, 0) + line.quantity
        if line.note:
            notes.setdefault(line.sku_id, {})[line.note] = None
    return [Sent(sku_id, quantity, "; ".join(notes.get(sku_id, ()))[:MAX_NOTE]) for sku_id, quantity in units.items()]


def _hold_standing(session: Session, rows: Sequence[Transfer]) -> None:
    """Raise `Refused` where a warehouse of these transfers was deleted: nothing leaves from or for it (WH-6)."""
    hold_standing(session, *(place for row in rows for place in (row.source_id, row.destination_id)))


def _dispatching(row: Transfer, lines: Sequence[LineNow], *, by: str, at: datetime) -> Entry:
    out = [Line(row.source_id, line.sku_id, on_hand=-line.quantity) for line in lines]
    way = [Line(row.destination_id, line.sku_id, on_the_way=line.quantity) for line in lines]
    return Entry(
        Kind.TRANSFER_OUT, DOCUMENT, row.id, "dispatch", [*out, *way], Cause.TRANSFER_OUT, by, at, note=row.note
    )


def _check_draft(session: Session, row: Transfer, sent: Sequence[Sent] | None) -> None:
    if row.source_id == row.destination_id:
        code = _warehouses(session, [row])[row.source_id].code
        raise Refused(f"a transfer goes from one warehouse to another; both are '{code}'")
    if sent is None:
        return
    if not sent:
        raise Refused("a transfer needs at least one line")
    refuse_combinations(session, {line.sku_id for line in sent})


def _write_lines(session: Session, row: Transfer, sent: Sequence[Sent]) -> None:
    columns = ("transfer_id", "line", "sku_id", "quantity", "received", "written_off", "reason", "note")
    values = ((row.id, number, line.sku_id, line.quantity, 0, 0, "", line.note) for number, line in enumerate(sent, 1))
    insert_rows(session, TransferLine, columns, values)


def _warehouses(session: Session, rows: Sequence[Transfer]) -> Mapping[int, Warehouse]:
    wanted = {place for row in rows for place in (row.source_id, row.destination_id)}
    return {place.id: place for place in session.scalars(select(Warehouse).where(Warehouse.id.in_(wanted)))}
