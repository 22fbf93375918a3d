"""A transfer arrives: its units are received, and orders that waited for them are tried again (STK-7, ORD-7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from server.operations.stock_arrived import stock_arrived
from server.warehousing import arriving
from server.warehousing.arriving import Arrival
from server.warehousing.models import Transfer


def transfer_arrives(
    session: Session, row: Transfer, arrivals: Sequence[Arrival] | None = None, *, by: str, at: datetime
) -> None:
    """Receive what arrived, or all that is left; then out-of-stock orders, where the setting says so.

    Raises what `arriving.receive` raises.
    """
    came = arriving.receive(session, row, arrivals, by=by, at=at)
    if came:
        stock_arrived(session, came, by=by, at=at)
