"""Documents as people read them: with codes, lines and how far they are. For API and command line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.base import fold
from server.db.bulk import NUMBER, relation
from server.errors import NotFound
from server.places.models import Shelf, Warehouse
from server.places.queries import shelf_ids
from server.warehousing.models import StockCount, StockCountLine, StockListLine, Transfer, TransferLine

#: What people see; *partly received*: dispatched, and units have arrived or were written off.
TransferState = Literal["draft", "dispatched", "partly_received", "received", "cancelled"]
CountState = Literal["draft", "completed", "cancelled"]
Row = TypeVar("Row", Transfer, StockCount)


class Units(NamedTuple):
    """How far a transfer is, in units of all its SKUs."""

    sent: int = 0
    received: int = 0
    written_off: int = 0


class StockListLineView(NamedTuple):
    """A line of a stock list; the unit cost is of stock-in alone."""

    sku: str
    quantity: int
    shelf: str | None
    unit_cost: Decimal | None
    note: str


@dataclass(frozen=True)
class TransferView:
    """A transfer without its lines."""

    row: Transfer
    source: str
    destination: str
    units: Units

    @property
    def id(self) -> int:
        """The transfer's number."""
        return self.row.id

    @property
    def state(self) -> TransferState:
        """How far it is."""
        return "partly_received" if self.row.state == "dispatched" and self.row.steps else self.row.state  # type: ignore[return-value]

    @property
    def on_the_way(self) -> int:
        """Units that left and neither arrived nor were written off."""
        on_its_way = self.row.state == "dispatched"
        return self.units.sent - self.units.received - self.units.written_off if on_its_way else 0

    def facts(self) -> dict[str, Any]:
        """All of it by name, as API and command line show it."""
        row = self.row
        return {
            "id": row.id,
            "state": self.state,
            "source": self.source,
            "destination": self.destination,
            "note": row.note,
            **self.units._asdict(),
            "on_the_way": self.on_the_way,
            "upload": row.upload_id,
            "created_at": row.created_at,
            "created_by": row.created_by,
            "dispatched_at": row.dispatched_at,
            "dispatched_by": row.dispatched_by,
            "finished_at": row.finished_at,
            "finished_by": row.finished_by,
        }


@dataclass(frozen=True)
class CountView:
    """A stock count without its lines."""

    row: StockCount
    warehouse: str

    @property
    def id(self) -> int:
        """The count's number."""
        return self.row.id

    def facts(self) -> dict[str, Any]:
        """All of it by name, as API and command line show it."""
        row = self.row
        return {
            "id": row.id,
            "state": row.state,
            "warehouse": self.warehouse,
            "note": row.note,
            "upload": row.upload_id,
            "created_at": row.created_at,
            "created_by": row.created_by,
            "completed_at": row.completed_at,
            "completed_by": row.completed_by,
        }


class TransferLineView(NamedTuple):
    """One SKU of a transfer, in units."""

    sku: str
    quantity: int
    received: int
    written_off: int
    shelf: str | None
    reason: str
    note: str


class CountLineView(NamedTuple):
    """One line of a count; `difference`: what the SKU's completion posted, over all of its lines."""

    sku: str
    shelf: str | None
    counted: int
    expected: int
    on_hand: int | None
    difference: int | None
    note: str


def transfers(
    session: Session,
    *,
    state: TransferState | None = None,
    source_id: int | None = None,
    destination_id: int | None = None,
    sku_id: int | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[TransferView]:
    """Transfers that fit, newest first, those with a number below `before`."""
    rows = select(Transfer)
    if state is not None:
        rows = rows.where(Transfer.state == ("dispatched" if state == "partly_received" else state))
    if state in ("dispatched", "partly_received"):
        rows = rows.where(Transfer.steps == 0 if state == "dispatched" else Transfer.steps > 0)
    if source_id is not None:
        rows = rows.where(Transfer.source_id == source_id)
    if destination_id is not None:
        rows = rows.where(Transfer.destination_id == destination_id)
    if sku_id is not None:
        rows = rows.where(Transfer.id.in_(select(TransferLine.transfer_id).where(TransferLine.sku_id == sku_id)))
    return transfer_views(session, _newest(session, rows, Transfer, before, limit))


def transfer_views(session: Session, rows: Sequence[Transfer]) -> list[TransferView]:
    """These transfers with codes and units; two queries whatever their number."""
    places = _places(session)
    units = _units(session, [row.id for row in rows])
    return [TransferView(row, places[row.source_id], places[row.destination_id], units[row.id]) for row in rows]


def transfer_lines(session: Session, transfer_id: int) -> list[TransferLineView]:
    """A transfer's lines, in order."""
    line = TransferLine
    query = (
        select(MerchantSku.code, line.quantity, line.received, line.written_off, Shelf.code, line.reason, line.note)
        .join(MerchantSku, MerchantSku.id == line.sku_id)
        .outerjoin(Shelf, Shelf.id == line.shelf_id)
        .where(line.transfer_id == transfer_id)
        .order_by(line.line)
    )
    return [TransferLineView._make(row) for row in session.execute(query)]


def counts(
    session: Session,
    *,
    state: CountState | None = None,
    warehouse_id: int | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[CountView]:
    """Stock counts that fit, newest first, those with a number below `before`."""
    rows = select(StockCount)
    if state is not None:
        rows = rows.where(StockCount.state == state)
    if warehouse_id is not None:
        rows = rows.where(StockCount.warehouse_id == warehouse_id)
    return count_views(session, _newest(session, rows, StockCount, before, limit))


def count_views(session: Session, rows: Sequence[StockCount]) -> list[CountView]:
    """These counts with codes."""
    places = _places(session)
    return [CountView(row, places[row.warehouse_id]) for row in rows]


def count_lines(session: Session, count_id: int) -> list[CountLineView]:
    """A count's lines, in order."""
    query = (
        select(MerchantSku.code, Shelf.code, StockCountLine)
        .join(MerchantSku, MerchantSku.id == StockCountLine.sku_id)
        .outerjoin(Shelf, Shelf.id == StockCountLine.shelf_id)
        .where(StockCountLine.count_id == count_id)
        .order_by(StockCountLine.line)
    )
    rows = session.execute(query).all()
    found: dict[int, int] = defaultdict(int)
    for _, _, line in rows:
        found[line.sku_id] += line.counted
    return [
        CountLineView(
            sku,
            shelf,
            line.counted,
            line.expected,
            line.on_hand,
            None if line.on_hand is None else found[line.sku_id] - line.on_hand,
            line.note,
        )
        for sku, shelf, line in rows
    ]


def stock_list_lines(session: Session, list_id: int) -> list[StockListLineView]:
    """A stock list's lines, in order."""
    line = StockListLine
    query = (
        select(MerchantSku.code, line.quantity, Shelf.code, line.unit_cost, line.note)
        .join(MerchantSku, MerchantSku.id == line.sku_id)
        .outerjoin(Shelf, Shelf.id == line.shelf_id)
        .where(line.list_id == list_id)
        .order_by(line.line)
    )
    return [StockListLineView._make(row) for row in session.execute(query)]


def shelves_named(session: Session, warehouse_id: int, codes: Sequence[str | None]) -> list[int | None]:
    """The shelves of these codes in a warehouse, in order; None for no code. Raises `NotFound` naming the missing."""
    known = shelf_ids(session, {(warehouse_id, code) for code in codes if code})
    found = [known.get((warehouse_id, fold(code))) if code else None for code in codes]
    missing = sorted({code for code, shelf in zip(codes, found, strict=True) if code and shelf is None})
    if missing:
        place = session.get_one(Warehouse, warehouse_id)
        raise NotFound(
            f"there is no shelf '{missing[0]}' in warehouse '{place.code}'",
            errors=[{"field": "shelf", "detail": f"no shelf '{code}'"} for code in missing[:200]],
        )
    return found


def _newest(
    session: Session, rows: Select[Any], model: type[Row], before: int | None, limit: int | None
) -> Sequence[Row]:
    if before is not None:
        rows = rows.where(model.id < before)
    return session.scalars(rows.order_by(model.id.desc()).limit(limit)).all()


def _places(session: Session) -> dict[int, str]:
    """Codes of all warehouses, of deleted ones too (WH-6)."""
    return {row.id: row.code for row in session.execute(select(Warehouse.id, Warehouse.code))}


def _units(session: Session, transfer_ids: Iterable[int]) -> dict[int, Units]:
    sums = (func.sum(getattr(TransferLine, name)) for name in ("quantity", "received", "written_off"))
    with relation(session, {"id": NUMBER}, [(number,) for number in transfer_ids]) as r:
        query = (
            select(TransferLine.transfer_id, *sums)
            .join(r, r.c.id == TransferLine.transfer_id)
            .group_by(TransferLine.transfer_id)
        )
        return defaultdict(Units, {row[0]: Units(*map(int, row[1:])) for row in session.execute(query)})
