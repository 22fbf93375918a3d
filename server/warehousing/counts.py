"""Stock counts: what was counted, and the differences posted by completing them (STK-5, STK-8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.catalog.models import MerchantSku
from server.db.bulk import NUMBER, dialect_of, insert_rows, relation
from server.errors import NotFound, Refused
from server.ledger.errors import NotEnough
from server.ledger.models import Balance
from server.ledger.movements import Entry, Kind, Line
from server.ledger.posting import lock_figures, post
from server.outbox.causes import Cause
from server.places.queries import hold_standing
from server.places.shortages import named
from server.warehousing.models import StockCount, StockCountLine
from server.warehousing.reversing import opposites
from server.warehousing.service import refuse_combinations

DOCUMENT = "stock_count"
MAX_NOTE = 500


class Counted(NamedTuple):
    """Units of a SKU found in one spot; the shelf is for information."""

    sku_id: int
    counted: int
    shelf_id: int | None = None
    note: str = ""


@dataclass(frozen=True)
class NewCount:
    """A count to be written down."""

    warehouse_id: int
    lines: Sequence[Counted]
    note: str = ""
    upload_id: int | None = None


@dataclass(frozen=True)
class CountChange:
    """What to change of a draft; `lines`, where given, are all of its lines."""

    note: str | None = None
    lines: Sequence[Counted] | None = None


def create_count(session: Session, new: NewCount, *, by: str, at: datetime) -> StockCount:
    """Write a count down as a draft, each line with what the books expect there now; nothing is posted.

    Raises `Refused` for no lines, the same SKU and shelf twice, and SKUs that hold no stock of their own (CAT-6).
    """
    _check_lines(session, new.lines)
    row = StockCount(
        state="draft",
        warehouse_id=new.warehouse_id,
        note=new.note[:MAX_NOTE],
        upload_id=new.upload_id,
        created_at=at,
        created_by=by,
    )
    session.add(row)
    session.flush()
    _write_lines(session, row, new.lines)
    audit(session, by, "stock_count.create", f"stock count {row.id}", at=at, lines=len(new.lines))
    return row


def edit(session: Session, count_id: int, change: CountChange, *, by: str, at: datetime) -> StockCount:
    """Change a draft. Raises `NotFound`, and `Refused` as `create_count` does or once it was completed."""
    row = find_count(session, count_id, lock=True)
    if row.state != "draft":
        raise Refused(f"stock count {row.id} is {row.state}; only a draft can be changed")
    if change.note is not None:
        row.note = change.note[:MAX_NOTE]
    if change.lines is not None:
        _check_lines(session, change.lines)
        session.execute(delete(StockCountLine).where(StockCountLine.count_id == row.id))
        _write_lines(session, row, change.lines)
    session.flush()
    audit(session, by, "stock_count.edit", f"stock count {row.id}", at=at)
    return row


def complete(session: Session, row: StockCount, *, by: str, at: datetime) -> None:
    """Post what differs from on hand at this moment, also below what is allocated (STK-5, cause 17).

    A SKU that differs in nothing posts nothing. One that was completed stays as it is. Raises `Refused` for one that
    was called off or whose warehouse is gone.
    """
    if row.state == "completed":
        return
    if row.state == "cancelled":
        raise Refused(f"stock count {row.id} was cancelled; make a new one")
    hold_standing(session, row.warehouse_id)
    counted = _totals(session, row.id)
    refuse_combinations(session, counted)
    there = lock_figures(session, ((row.warehouse_id, sku_id) for sku_id in counted))
    on_hand = {sku_id: there[row.warehouse_id, sku_id].on_hand for sku_id in counted}
    differing = [sku_id for sku_id in sorted(counted) if counted[sku_id] != on_hand[sku_id]]
    lines = [Line(row.warehouse_id, sku_id, on_hand=counted[sku_id] - on_hand[sku_id]) for sku_id in differing]
    if lines:
        entry = Entry(
            Kind.STOCK_COUNT, DOCUMENT, row.id, "complete", lines, Cause.STOCK_COUNT, by, at,
            note=row.note, needs_available=False,
        )  # fmt: skip
        post(session, [entry])
    _remember(session, row, on_hand)
    row.state, row.completed_at, row.completed_by = "completed", at, by
    session.flush()
    audit(session, by, "stock_count.complete", f"stock count {row.id}", at=at, differences=len(lines))


def cancel(session: Session, count_id: int, *, by: str, at: datetime) -> StockCount:
    """Call a draft off; one that was cancelled stays as it is. Raises `NotFound`, `Refused` for a completed one."""
    row = find_count(session, count_id, lock=True)
    if row.state == "completed":
        raise Refused(f"stock count {row.id} is completed; count again to correct it")
    if row.state == "draft":
        row.state = "cancelled"
        session.flush()
        audit(session, by, "stock_count.cancel", f"stock count {row.id}", at=at)
    return row


def take_back(session: Session, rows: Sequence[StockCount], *, by: str, at: datetime) -> None:
    """Reverse what these counts have posted, by opposite movements, and cancel them (WB-8).

    Raises `NotEnough` where units that they found are not there any more, `Refused` where the warehouse is gone.
    """
    hold_standing(session, *(row.warehouse_id for row in rows))
    try:
        post(session, opposites(session, DOCUMENT, [row.id for row in rows], by=by, at=at))
    except NotEnough as short:
        raise named(session, short) from short
    for row in rows:
        row.state = "cancelled"
        audit(session, by, "stock_count.cancel", f"stock count {row.id}", at=at)
    session.flush()


def find_count(session: Session, count_id: int, *, lock: bool = False) -> StockCount:
    """The count with that number, locked if it is to be changed. Raises `NotFound`."""
    wait = lock and dialect_of(session) == "postgresql"
    row = session.get(StockCount, count_id, with_for_update=wait or None)
    if row is None:
        raise NotFound(f"there is no stock count {count_id}", id=count_id)
    return row


def _check_lines(session: Session, lines: Sequence[Counted]) -> None:
    if not lines:
        raise Refused("a stock count needs at least one line")
    spots = Counter((line.sku_id, line.shelf_id) for line in lines)
    twice = [sku_id for (sku_id, _), times in spots.items() if times > 1]
    if twice:
        code = session.scalar(select(MerchantSku.code).where(MerchantSku.id == twice[0]))
        raise Refused(f"'{code}' is counted twice in the same spot; write it once for each shelf")
    refuse_combinations(session, {line.sku_id for line in lines})


def _write_lines(session: Session, row: StockCount, lines: Sequence[Counted]) -> None:
    expected = _on_hand(session, row.warehouse_id, {line.sku_id for line in lines})
    columns = ("count_id", "line", "sku_id", "shelf_id", "counted", "expected", "note")
    values = (
        (row.id, number, line.sku_id, line.shelf_id, line.counted, expected.get(line.sku_id, 0), line.note[:255])
        for number, line in enumerate(lines, 1)
    )
    insert_rows(session, StockCountLine, columns, values)


def _on_hand(session: Session, warehouse_id: int, sku_ids: Iterable[int]) -> dict[int, int]:
    with relation(session, {"sku_id": NUMBER}, [(sku_id,) for sku_id in sorted(sku_ids)]) as r:
        query = select(Balance.sku_id, Balance.on_hand).join(r, r.c.sku_id == Balance.sku_id)
        return {row.sku_id: row.on_hand for row in session.execute(query.where(Balance.warehouse_id == warehouse_id))}


def _totals(session: Session, count_id: int) -> dict[int, int]:
    """Units counted by SKU, over all spots."""
    query = select(StockCountLine.sku_id, StockCountLine.counted).where(StockCountLine.count_id == count_id)
    totals: dict[int, int] = {}
    for sku_id, counted in session.execute(query):
        totals[sku_id] = totals.get(sku_id, 0) + counted
    return totals


def _remember(session: Session, row: StockCount, on_hand: Mapping[int, int]) -> None:
    """What was on hand before, so that the difference can be told later."""
    with relation(session, {"sku_id": NUMBER, "on_hand": NUMBER}, sorted(on_hand.items())) as r:
        session.execute(
            update(StockCountLine)
            .where(StockCountLine.count_id == row.id, StockCountLine.sku_id == r.c.sku_id)
            .values(on_hand=r.c.on_hand)
            .execution_options(synchronize_session=False)
        )
