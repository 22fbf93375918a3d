"""Change mappings, and what follows for orders: an unmapped store SKU that gets a mapping tries its waiting orders
(CAT-9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.db.bulk import NUMBER, relation
from server.orders import service
from server.orders.models import Order, OrderLine
from server.orders.states import Action, State
from server.outbox.causes import Cause
from server.stores.mapping import Mapped, Matches, map_many, match


def change_mapping(
    session: Session, wanted: Mapping[int, int | None], *, by: str, at: datetime, cause: Cause = Cause.MAPPING
) -> Sequence[Mapped]:
    """Map store SKUs to merchant SKUs (None takes the mapping away), for future orders, and try the orders that waited
    for a mapping. Gives the mappings that changed.
    """
    changed = map_many(session, wanted, cause=cause, by=by, at=at)
    try_waiting(session, changed, by=by, at=at)
    return changed


def match_listings(session: Session, store_id: int, *, by: str, at: datetime) -> Matches:
    """Map a store's unmapped listings by its own rule (CAT-10), and try the orders that waited for them."""
    matches = match(session, store_id, by=by, at=at)
    try_waiting(session, matches.mapped, by=by, at=at)
    return matches


def try_waiting(session: Session, changed: Sequence[Mapped], *, by: str, at: datetime) -> int:
    """Lines of unmapped orders take the new mapping, and orders that now have one for every line are tried.

    Gives how many orders were tried.
    """
    rows = [(one.store_sku_id, one.new_sku_id) for one in changed if one.new_sku_id is not None]
    if not rows:
        return 0
    with relation(session, {"store_sku_id": NUMBER, "sku_id": NUMBER}, rows) as r:
        waiting = (
            select(OrderLine.order_id)
            .join(r, r.c.store_sku_id == OrderLine.store_sku_id)
            .join(Order, Order.id == OrderLine.order_id)
            .where(Order.state == State.UNMAPPED)
            .distinct()
        )
        orders = service.lock(session, session.scalars(waiting).all())
        unmapped = [order.id for order in orders if order.state == State.UNMAPPED]
        with relation(session, {"id": NUMBER}, [(number,) for number in unmapped]) as ids:
            session.execute(
                update(OrderLine)
                .where(
                    OrderLine.store_sku_id == r.c.store_sku_id,
                    OrderLine.sku_id.is_(None),
                    OrderLine.order_id.in_(select(ids.c.id)),
                )
                .values(sku_id=r.c.sku_id)
                .execution_options(synchronize_session=False)
            )
    service.act(session, Action.MOVE_TO_PACK, unmapped, by=by, at=at, cause=Cause.MAPPING)
    return len(unmapped)
