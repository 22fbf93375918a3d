"""What becomes of a transfer on the way: received in full or in part, or written off (STK-7, WH-3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.catalog.models import MerchantSku
from server.db.bulk import NUMBER, relation
from server.errors import Refused, WrongUse
from server.ledger.errors import NotEnough
from server.ledger.movements import Entry, Kind, Line
from server.ledger.posting import post
from server.outbox.causes import Cause
from server.places import shelves
from server.places.shortages import named
from server.warehousing.models import Transfer, TransferLine
from server.warehousing.transfers import DOCUMENT, LineNow, lines_of

MAX_REASON = 255


class Arrival(NamedTuple):
    """Units of a SKU that arrived, and the shelf they were put on."""

    sku_id: int
    quantity: int
    shelf_id: int | None = None


class Loss(NamedTuple):
    """Units of a SKU that will never arrive."""

    sku_id: int
    quantity: int


class MoreThanSent(Refused):
    """More would be received or written off than is on the way (STK-7); `errors` has every SKU, nothing was posted."""

    code = "more-than-on-the-way"


def receive(
    session: Session, row: Transfer, arrivals: Sequence[Arrival] | None = None, *, by: str, at: datetime
) -> list[int]:
    """Receive what arrived, or all that is left: off the way, onto on hand, onto shelves (cause 5). Gives the SKUs.

    Raises `MoreThanSent`, `Refused` for a transfer that is not on the way, `ShelfOccupied` (WH-2).
    """
    if arrivals is None and row.state == "received":
        return []
    lines = _on_the_way(session, row)
    if arrivals is None:
        arrivals = [Arrival(line.sku_id, line.left) for line in lines.values() if line.left]
    units = _units(session, row, lines, arrivals)
    moves = [Line(row.destination_id, sku, on_hand=n, on_the_way=-n) for sku, n in units.items()]
    _settle(session, row, lines, _Settled("received", Kind.TRANSFER_IN, units, moves, row.note), by=by, at=at)
    wishes = [shelves.Wish(one.shelf_id, one.sku_id) for one in arrivals if one.shelf_id is not None]
    if wishes:
        shelves.assign(session, list(dict.fromkeys(wishes)), by=by, at=at)
        _remember_shelves(session, row, wishes)
    audit(session, by, "transfer.receive", f"transfer {row.id}", at=at, units=sum(units.values()))
    return list(units)


def write_off(
    session: Session, row: Transfer, losses: Sequence[Loss] | None = None, *, reason: str, by: str, at: datetime
) -> None:
    """Write off what never arrives, or all that is left, for a reason: off the way, onto nothing.

    Raises `WrongUse` without a reason, `MoreThanSent`, and `Refused` for a transfer that is not on the way.
    """
    why = reason.strip()[:MAX_REASON]
    if not why:
        raise WrongUse("say why it never arrived", field="reason")
    lines = _on_the_way(session, row)
    if losses is None:
        losses = [Loss(line.sku_id, line.left) for line in lines.values() if line.left]
    units = _units(session, row, lines, losses)
    moves = [Line(row.destination_id, sku, on_the_way=-n) for sku, n in units.items()]
    _settle(session, row, lines, _Settled("written_off", Kind.WRITE_OFF, units, moves, why), by=by, at=at)
    _remember_reason(session, row, units, why)
    audit(session, by, "transfer.write_off", f"transfer {row.id}", at=at, units=sum(units.values()), reason=why)


@dataclass(frozen=True)
class _Settled:
    """Units by SKU that came to an end, as which figure of their lines, and what is posted for them."""

    figure: str
    kind: Kind
    units: Mapping[int, int]
    moves: Sequence[Line]
    note: str


def _on_the_way(session: Session, row: Transfer) -> dict[int, LineNow]:
    if row.state != "dispatched":
        has = {"draft": "was not dispatched yet", "received": "has nothing left on the way"}
        raise Refused(f"transfer {row.id} {has.get(row.state, 'was cancelled')}")
    return {line.sku_id: line for line in lines_of(session, [row.id])[row.id]}


def _units(
    session: Session, row: Transfer, lines: Mapping[int, LineNow], wanted: Sequence[Arrival | Loss]
) -> dict[int, int]:
    """Units by SKU, added up. Raises `WrongUse` for none and `MoreThanSent` with every SKU of which less is left."""
    units: dict[int, int] = {}
    for one in wanted:
        units[one.sku_id] = units.get(one.sku_id, 0) + one.quantity
    if not units or min(units.values()) < 1:
        raise WrongUse("say how many units of which SKU, at least 1 of each", field="lines")
    left = {sku_id: lines[sku_id].left if sku_id in lines else 0 for sku_id in units}
    short = [sku_id for sku_id, number in units.items() if number > left[sku_id]]
    if short:
        raise _more_than_sent(session, row, {sku_id: (left[sku_id], units[sku_id]) for sku_id in short})
    return units


def _more_than_sent(session: Session, row: Transfer, short: Mapping[int, tuple[int, int]]) -> MoreThanSent:
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in short]) as r:
        codes = dict(session.execute(select(MerchantSku.id, MerchantSku.code).join(r, r.c.id == MerchantSku.id)).all())
    errors: list[dict[str, Any]] = [
        {
            "sku": codes[sku_id],
            "on_the_way": left,
            "wanted": wanted,
            "detail": f"{left} of {codes[sku_id]} on the way, {wanted} wanted",
        }
        for sku_id, (left, wanted) in short.items()
    ]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return MoreThanSent(f"transfer {row.id}: {errors[0]['detail']}{more}", errors=errors)


def _settle(
    session: Session, row: Transfer, lines: Mapping[int, LineNow], done: _Settled, *, by: str, at: datetime
) -> None:
    """Post it, write it to the lines, and close the transfer once nothing is left on the way."""
    step = f"{done.figure}/{row.steps + 1}"
    # A loss leaves available as it is; its SKUs are evaluated as after any end of a transfer.
    entry = Entry(done.kind, DOCUMENT, row.id, step, done.moves, Cause.TRANSFER_IN, by, at, note=done.note)
    try:
        post(session, [entry])
    except NotEnough as short:
        raise named(session, short) from short
    column = getattr(TransferLine, done.figure)
    with relation(session, {"sku_id": NUMBER, "units": NUMBER}, sorted(done.units.items())) as r:
        session.execute(
            update(TransferLine)
            .where(TransferLine.transfer_id == row.id, TransferLine.sku_id == r.c.sku_id)
            .values({column: column + r.c.units})
            .execution_options(synchronize_session=False)
        )
    row.steps += 1
    if sum(line.left for line in lines.values()) == sum(done.units.values()):
        row.state, row.finished_at, row.finished_by = "received", at, by
    session.flush()


def _remember_shelves(session: Session, row: Transfer, wishes: Sequence[shelves.Wish]) -> None:
    pairs = sorted({(wish.sku_id, wish.shelf_id) for wish in wishes})
    with relation(session, {"sku_id": NUMBER, "shelf_id": NUMBER}, pairs) as r:
        session.execute(
            update(TransferLine)
            .where(TransferLine.transfer_id == row.id, TransferLine.sku_id == r.c.sku_id)
            .values(shelf_id=r.c.shelf_id)
            .execution_options(synchronize_session=False)
        )


def _remember_reason(session: Session, row: Transfer, units: Mapping[int, int], why: str) -> None:
    with relation(session, {"sku_id": NUMBER}, [(sku_id,) for sku_id in sorted(units)]) as r:
        session.execute(
            update(TransferLine)
            .where(TransferLine.transfer_id == row.id, TransferLine.sku_id == r.c.sku_id)
            .values(reason=why)
            .execution_options(synchronize_session=False)
        )
