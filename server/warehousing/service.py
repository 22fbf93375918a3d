"""Stock lists: made as *to do*, posted by completing them (STK-6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.base import decimal_for
from server.db.bulk import NUMBER, dialect_of, insert_rows, relation
from server.errors import NotFound, Refused
from server.ledger.models import Movement
from server.ledger.movements import Entry, Kind, Line
from server.ledger.posting import Posted, post
from server.outbox.causes import Cause
from server.places.queries import hold_standing
from server.warehousing.models import StockList, StockListLine

_LINE = ("list_id", "line", "sku_id", "quantity", "shelf_id", "unit_cost", "note")
DOCUMENT = "stock_list"
MAX_NOTE = 500


class ListLine(NamedTuple):
    """One line of a list: units of a SKU, with a shelf and a unit cost where stock comes in."""

    sku_id: int
    quantity: int
    shelf_id: int | None = None
    unit_cost: Decimal | None = None
    note: str = ""


@dataclass(frozen=True)
class NewList:
    """A list to be made."""

    direction: str  # in, out
    warehouse_id: int
    lines: Sequence[ListLine]
    note: str = ""
    upload_id: int | None = None


def create_list(session: Session, new: NewList, *, by: str, at: datetime) -> StockList:
    """Make a list in *to do*; nothing is posted. Raises `Refused` for a SKU that holds no stock of its own (CAT-6)."""
    row = StockList(
        direction=new.direction,
        state="todo",
        warehouse_id=new.warehouse_id,
        note=new.note[:MAX_NOTE],
        upload_id=new.upload_id,
        created_at=at,
        created_by=by,
    )
    session.add(row)
    session.flush()
    write_lines(session, row, new.lines)
    return row


def write_lines(session: Session, row: StockList, lines: Sequence[ListLine]) -> None:
    """The lines of a list that has none yet. Raises `Refused` for none, and for SKUs without own stock (CAT-6)."""
    if not lines:
        raise Refused("a stock list needs at least one line")
    refuse_combinations(session, {line.sku_id for line in lines})
    cost = partial(decimal_for, dialect_of(session))
    insert_rows(
        session,
        StockListLine,
        _LINE,
        (
            (row.id, number, line.sku_id, line.quantity, line.shelf_id, cost(line.unit_cost), line.note[:255])
            for number, line in enumerate(lines, 1)
        ),
    )


def complete(
    session: Session, row: StockList, *, by: str, at: datetime, lines: Sequence[ListLine] | None = None
) -> Posted:
    """Complete a list: post its lines (cause 2 for stock-in, 7 for stock-out). Completing twice posts once.

    Raises `NotEnough` where a stock-out takes more than is available (STK-4), `Refused` where its warehouse is gone.
    `lines` saves reading them back.
    """
    hold_standing(session, row.warehouse_id)
    if lines is None:
        lines = lines_of(session, row.id)
    sign = 1 if row.direction == "in" else -1
    entry = Entry(
        Kind.STOCK_IN if row.direction == "in" else Kind.STOCK_OUT,
        DOCUMENT,
        row.id,
        "complete",
        [Line(row.warehouse_id, line.sku_id, on_hand=sign * line.quantity) for line in lines],
        Cause.STOCK_IN_MANUAL if row.direction == "in" else Cause.STOCK_OUT_MANUAL,
        by,
        at,
        note=row.note,
    )
    posted = post(session, [entry])[0]
    session.execute(
        update(StockList)
        .where(StockList.id == row.id, StockList.state == "todo")
        .values(state="completed", completed_at=at, completed_by=by)
    )
    return posted


def reverse(session: Session, list_id: int, entry_id: int, *, by: str, at: datetime) -> Posted:
    """Post the opposite of a completed list's entry (WB-8): opposite changes, never an absolute figure.

    Raises `NotEnough` where that would take more than is there, `Refused` where its warehouse or a SKU is gone.
    """
    moved = session.execute(
        select(Movement.warehouse_id, Movement.sku_id, Movement.on_hand)
        .where(Movement.entry_id == entry_id)
        .order_by(Movement.line)
    ).all()
    hold_standing(session, *{line.warehouse_id for line in moved})
    lines = [Line(warehouse, sku, on_hand=-on_hand) for warehouse, sku, on_hand in moved]
    entry = Entry(Kind.UNDO, DOCUMENT, list_id, "undo", lines, Cause.UNDO, by, at, note="undo", reverses_id=entry_id)
    return post(session, [entry])[0]


def find_list(session: Session, list_id: int, *, direction: str | None = None, lock: bool = False) -> StockList:
    """The list with that number, of `direction` if given; locked if it is to be changed. Raises `NotFound`."""
    wait = lock and dialect_of(session) == "postgresql"
    row = session.get(StockList, list_id, with_for_update=wait or None)
    if row is None or (direction is not None and row.direction != direction):
        raise NotFound(f"there is no stock{f'-{direction}' if direction else ''} list {list_id}")
    return row


def lines_of(session: Session, list_id: int) -> list[ListLine]:
    """A list's lines, in order."""
    query = (
        select(
            StockListLine.sku_id,
            StockListLine.quantity,
            StockListLine.shelf_id,
            StockListLine.unit_cost,
            StockListLine.note,
        )
        .where(StockListLine.list_id == list_id)
        .order_by(StockListLine.line)
    )
    return [ListLine(*row) for row in session.execute(query)]


def without_own_stock(session: Session, sku_ids: Iterable[int]) -> dict[int, str]:
    """Those of the SKUs that are combinations without own stock, with their codes: they hold none (CAT-6)."""
    ids = [(sku_id,) for sku_id in set(sku_ids)]
    with relation(session, {"id": NUMBER}, ids) as r:
        query = (
            select(MerchantSku.id, MerchantSku.code)
            .join(r, r.c.id == MerchantSku.id)
            .where(MerchantSku.kind == "combination", MerchantSku.own_stock.is_(False))
        )
        return {row.id: row.code for row in session.execute(query)}


def refuse_combinations(session: Session, sku_ids: Iterable[int]) -> None:
    """Raise `Refused` naming each combination without own stock among the SKUs (CAT-6)."""
    if codes := without_own_stock(session, sku_ids):
        raise Refused(
            f"a combination without own stock holds none: {', '.join(sorted(codes.values())[:10])}; use its components"
        )
