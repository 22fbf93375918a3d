"""A stock list is completed, and orders that waited for what came in are tried again (STK-6, ORD-7)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from server.operations.stock_arrived import stock_arrived
from server.outbox import queue
from server.warehousing import completing, service
from server.warehousing.models import StockList


def complete_list(session: Session, list_id: int, *, direction: str | None = None, by: str, at: datetime) -> StockList:
    """Complete a list, of `direction` if given; then out-of-stock orders, where the setting says so.

    Raises what `completing.complete_list` raises.
    """
    arrives = service.find_list(session, list_id, direction=direction, lock=True).state == "todo"
    with queue.gathered(session, at=at):
        row = completing.complete_list(session, list_id, direction=direction, by=by, at=at)
        if arrives and row.direction == "in":
            stock_arrived(session, (line.sku_id for line in service.lines_of(session, list_id)), by=by, at=at)
    return row
