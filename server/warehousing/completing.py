"""Completing a stock list as people do: posted once, shelves assigned, every shortage named (STK-4, STK-6, WH-3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from server.access.audit import audit
from server.ledger.errors import NotEnough
from server.places import shelves
from server.places.shortages import named
from server.warehousing import service
from server.warehousing.models import StockList


def complete_list(session: Session, list_id: int, *, direction: str | None = None, by: str, at: datetime) -> StockList:
    """Complete a list, of `direction` if given; one that is completed already stays as it is.

    Raises `NotFound`, `NotEnough` naming each SKU with what is there, and `ShelfOccupied`.
    """
    row = service.find_list(session, list_id, direction=direction, lock=True)
    if row.state == "completed":
        return row
    lines = service.lines_of(session, list_id)
    try:
        service.complete(session, row, by=by, at=at, lines=lines)
    except NotEnough as short:
        raise named(session, short) from short
    if row.direction == "in":
        wishes = [shelves.Wish(line.shelf_id, line.sku_id) for line in lines if line.shelf_id is not None]
        shelves.assign(session, list(dict.fromkeys(wishes)), by=by, at=at)
    audit(session, by, f"stock_{row.direction}.complete", f"stock-{row.direction} {list_id}", at=at)
    session.refresh(row)
    return row
