"""What the start page shows, read at one moment: stores, what buyers see, uploads, orders, what waits.

A fixed number of statements, whatever the numbers of SKUs and orders; lists are cut to what a page can hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.ledger.models import Balance
from server.orders import queries as orders
from server.orders.models import Order, OrderLine
from server.orders.queries import OrderView
from server.orders.states import State
from server.outbox.models import Push, Told
from server.places.models import Warehouse
from server.push import queries as pushes
from server.push.figures import load_stock
from server.push.queries import PushState, WaitingPush
from server.push.standing import StoreStanding, standings
from server.stores.models import StoreSku
from server.uploads.models import Upload

MOST_SKUS, MOST_LINES = 200, 8
#: A figure told within this time is marked, so that the eye finds what moved.
FRESH = timedelta(seconds=20)
#: SKUs sold within this time stand first.
LATELY = timedelta(days=1)


@dataclass(frozen=True)
class Shown:
    """What one listing shows: the quantity it was last told, and the one that waits to be told."""

    store_sku: str
    quantity: int | None
    known: bool
    fresh: bool
    waits: int | None


@dataclass(frozen=True)
class SkuLine:
    """One SKU over all warehouses, and what each store's buyers see of it (store number -> its listings)."""

    sku: str
    title: str
    is_combination: bool
    on_hand: int
    available: int
    shown: Mapping[int, Sequence[Shown]]


@dataclass(frozen=True)
class Overview:
    """Everything the page shows."""

    at: datetime
    stores: Sequence[StoreStanding]
    skus: Sequence[SkuLine]
    sku_count: int
    uploads: Sequence[Upload]
    upload_count: int
    states: Mapping[str, int]
    orders: Sequence[OrderView]
    push_counts: Mapping[str, int]
    pushes: Sequence[WaitingPush]
    units: int = field(default=0)

    @property
    def order_count(self) -> int:
        """Orders in all."""
        return sum(self.states.values())

    @property
    def waiting(self) -> int:
        """Pushes that are under way and not refused."""
        return sum(number for state, number in self.push_counts.items() if state != PushState.FAILED)


def overview(session: Session, at: datetime) -> Overview:
    """The whole page's figures."""
    return Overview(
        at=at,
        stores=standings(session, at),
        skus=_skus(session, at),
        sku_count=session.scalar(select(func.count()).where(MerchantSku.deleted_at.is_(None))) or 0,
        uploads=session.scalars(select(Upload).order_by(Upload.id.desc()).limit(MOST_LINES)).all(),
        upload_count=session.scalar(select(func.count()).select_from(Upload)) or 0,
        states=_states(session),
        orders=orders.views(session, session.scalars(select(Order).order_by(Order.id.desc()).limit(MOST_LINES)).all()),
        push_counts=pushes.counts(session),
        pushes=pushes.waiting(session, limit=MOST_LINES),
        units=session.scalar(select(func.coalesce(func.sum(Balance.on_hand), 0))) or 0,
    )


def _states(session: Session) -> dict[str, int]:
    """Orders by state, those there are, in the order of an order's life."""
    rows = session.execute(select(Order.state, func.count()).group_by(Order.state))
    found = {str(state): int(number) for state, number in rows}
    return {state.value: found[state.value] for state in State if state.value in found}


def _skus(session: Session, at: datetime) -> list[SkuLine]:
    rows = _first_skus(session, at - LATELY)
    ids = [sku.id for sku in rows]
    warehouses = session.scalars(select(Warehouse.id).where(Warehouse.deleted_at.is_(None))).all()
    stock, on_hand, shown = load_stock(session, ids, safety=False), _on_hand(session, ids), _shown(session, ids, at)
    return [
        SkuLine(
            sku.code,
            sku.title,
            sku.kind == "combination",
            on_hand.get(sku.id, 0),
            stock.over(sku.id, warehouses, hold_back=False),
            shown[sku.id],
        )
        for sku in rows
    ]


def _first_skus(session: Session, since: datetime) -> list[MerchantSku]:
    """SKUs sold lately first, then by code: an order that does not jump about from one look to the next.

    Whatever came since then has changed since then too, which an index knows; and SKUs by code stand in one, so that
    neither all orders are read for it nor all SKUs sorted."""
    sold = select(OrderLine.sku_id).join(Order, Order.id == OrderLine.order_id)
    sold = sold.where(Order.updated_at > since, Order.created_at > since, OrderLine.sku_id.is_not(None))
    by_code = select(MerchantSku).where(MerchantSku.deleted_at.is_(None)).order_by(MerchantSku.key)
    first = session.scalars(by_code.where(MerchantSku.id.in_(sold)).limit(MOST_SKUS)).all()
    others = by_code.where(MerchantSku.id.not_in([sku.id for sku in first])).limit(MOST_SKUS - len(first))
    return [*first, *session.scalars(others)]


def _on_hand(session: Session, sku_ids: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(Balance.sku_id, func.sum(Balance.on_hand)).where(Balance.sku_id.in_(sku_ids)).group_by(Balance.sku_id)
    )
    return {sku_id: int(units) for sku_id, units in rows}


def _shown(session: Session, sku_ids: Sequence[int], at: datetime) -> dict[int, dict[int, list[Shown]]]:
    rows = session.execute(
        select(
            StoreSku.sku_id, StoreSku.store_id, StoreSku.code, Told.quantity, Told.known, Told.told_at, Push.quantity
        )
        .outerjoin(Told, Told.store_sku_id == StoreSku.id)
        .outerjoin(Push, Push.store_sku_id == StoreSku.id)
        .where(StoreSku.sku_id.in_(sku_ids))
        .order_by(StoreSku.id)
    )
    nested: dict[int, dict[int, list[Shown]]] = defaultdict(lambda: defaultdict(list))
    for sku_id, store_id, code, quantity, known, told_at, waits in rows:
        fresh = told_at is not None and at - told_at < FRESH
        assert sku_id is not None, "asked for mapped ones only"
        nested[sku_id][store_id].append(Shown(code, quantity, bool(known), fresh, waits))
    return nested
