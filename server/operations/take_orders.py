"""News of a store's orders, taken in; with the setting on, what is not mapped gets a merchant SKU first (CAT-11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.channels.protocol import MarketOrder, MarketStatus
from server.db.bulk import NUMBER, relation
from server.operations.change_mapping import try_waiting
from server.operations.listing_skus import make_skus, propose
from server.orders import vetting
from server.orders.taking import Taken, take_in
from server.stores.listings import ensure_store_skus
from server.stores.mapping import Traits, map_many
from server.stores.models import Store, StoreSku
from server.switches import service as switches

#: What the market says of orders that are still to be shipped.
_OPEN = (MarketStatus.UNPAID, MarketStatus.READY_TO_SHIP, MarketStatus.IN_PROCESS)


def take_orders(session: Session, store: Store, news: Sequence[MarketOrder], *, by: str, at: datetime) -> Taken:
    """Take in what a store says of its orders, all in one transaction with the SKUs that they need."""
    if switches.is_on(session, switches.CREATE_SKU_AUTOMATICALLY):
        _map_lines(session, store, news, by=by, at=at)
    return take_in(session, store, news, by=by, at=at)


def _map_lines(session: Session, store: Store, news: Sequence[MarketOrder], *, by: str, at: datetime) -> None:
    """Every unmapped store SKU of these orders gets the merchant SKU that it fits, or one made from it; orders that
    waited for the mapping are tried. One that fits several stays unmapped, and so does its order."""
    vetted = vetting.vet(news, at=at)
    names = {
        line.store_sku: line.name
        for order in vetted.orders
        if _takes_stock(store, order)
        for line in order.lines
        if line.store_sku not in vetted.stand_ins
    }
    if not names:
        return
    numbers = ensure_store_skus(session, ((store.id, code) for code in names), at=at)
    with relation(session, {"id": NUMBER}, [(number,) for number in numbers.values()]) as r:
        rows = session.execute(
            select(StoreSku.id, StoreSku.code, StoreSku.gtin, StoreSku.name)
            .join(r, r.c.id == StoreSku.id)
            .where(StoreSku.sku_id.is_(None))
            .order_by(StoreSku.id)
        ).all()
    if not rows:
        return
    listings = {row.code: Traits(row.code, row.gtin, row.name or names[row.code]) for row in rows}
    skus = make_skus(session, propose(session, store, listings, make=True), listings, by=by, at=at)
    changed = map_many(session, {row.id: skus[row.code] for row in rows if row.code in skus}, by=by, at=at)
    try_waiting(session, changed, by=by, at=at)


def _takes_stock(store: Store, order: MarketOrder) -> bool:
    """Whether the order is processed here, now or once it is paid; not one that is over, or from before the start."""
    if store.is_choice or order.platform_fulfilled:
        return False
    if store.orders_from is not None and order.placed_at < store.orders_from:
        return False
    return order.status in _OPEN
