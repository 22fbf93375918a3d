"""Stock arrives: out-of-stock orders are tried again, oldest first (ORD-7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from server.catalog.models import Component
from server.db.bulk import NUMBER, relation
from server.orders.by_hand import OUT_OF_STOCK, Tried, try_again
from server.orders.models import Order, OrderLine
from server.outbox.causes import Cause
from server.switches import service as switches


def stock_arrived(session: Session, sku_ids: Iterable[int], *, by: str, at: datetime) -> Tried:
    """After a stock-in was posted, in its transaction: try the orders that wait for these SKUs, when the setting says
    so. Posted first, so that an order that found too little a moment ago is seen here."""
    if not switches.is_on(session, switches.ALLOCATE_ON_STOCK_IN):
        return Tried()
    return try_out_of_stock(session, sku_ids, cause=Cause.MOVE_TO_PACK, by=by, at=at)


def try_out_of_stock(
    session: Session, sku_ids: Iterable[int] | None = None, *, cause: Cause, by: str, at: datetime
) -> Tried:
    """Try out-of-stock orders again, oldest first: all, or those that sell one of these SKUs, by itself or in a
    combination. None while the inventory features are off (PSH-13)."""
    if not switches.is_on(session, switches.INVENTORY_FEATURES):
        return Tried()
    waiting = session.scalars(OUT_OF_STOCK).all() if sku_ids is None else _waiting_for(session, sku_ids)
    return try_again(session, waiting, cause=cause, by=by, at=at) if waiting else Tried()


def _waiting_for(session: Session, sku_ids: Iterable[int]) -> Sequence[int]:
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in sorted(set(sku_ids))]) as r:
        arrived = select(r.c.id)
        within = select(Component.combination_id).where(Component.component_id.in_(arrived))
        sells = exists().where(
            OrderLine.order_id == Order.id, or_(OrderLine.sku_id.in_(arrived), OrderLine.sku_id.in_(within))
        )
        return session.scalars(OUT_OF_STOCK.where(sells)).all()
