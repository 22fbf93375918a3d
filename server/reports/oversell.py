"""Oversell risk: where more may be sold, or has been, than the shelf holds (STK-5, ORD-14, PSH-10)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, case, false, func, select
from sqlalchemy.orm import Session, aliased

from server.catalog.models import Component, MerchantSku
from server.catalog.records import COMBINATION
from server.ledger.models import Balance
from server.orders.models import Order, OrderHold, OrderLine
from server.orders.queries import risky
from server.orders.states import State
from server.outbox.models import Push, StorePause, Told
from server.places.models import Warehouse
from server.push.queries import state_of
from server.reports import columns
from server.reports.describing import Asked, Column, Look, Report, Row, Sheet
from server.reports.parameters import SKU, STORE, WAREHOUSE
from server.reports.querying import stream
from server.stores.models import Store, StoreSku

_SINCE = func.coalesce(Order.counts_at, Order.placed_at)
_TAKEN = aliased(MerchantSku)


def _at_risk(session: Session, asked: Asked) -> Iterator[Row]:
    held = func.sum(OrderHold.held)
    query = (
        select(
            Order.number, Store.name, Order.state, _SINCE, Warehouse.code, MerchantSku.code, MerchantSku.title, held,
            Balance.on_hand, Balance.allocated,
        )
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(OrderHold, OrderHold.line_id == OrderLine.id)
        .join(Store, Store.id == Order.store_id)
        .join(Warehouse, Warehouse.id == OrderHold.warehouse_id)
        .join(MerchantSku, MerchantSku.id == OrderHold.sku_id)
        .join(Balance, and_(Balance.warehouse_id == Warehouse.id, Balance.sku_id == MerchantSku.id))
        .where(Order.id.in_(risky(None)), OrderHold.held > 0, Balance.allocated > Balance.on_hand)
        .where(*asked.only(warehouse=Warehouse.key, store=Store.key, sku=MerchantSku.key))
        .group_by(
            Order.id, Order.number, Store.name, Order.state, _SINCE, Warehouse.code, MerchantSku.code,
            MerchantSku.title, Balance.on_hand, Balance.allocated,
        )
        .order_by(_SINCE, Order.id)
    )  # fmt: skip
    return stream(session, query)


def _negative(session: Session, asked: Asked) -> Iterator[Row]:
    available = Balance.on_hand - Balance.allocated
    query = (
        select(
            MerchantSku.code, MerchantSku.title, Warehouse.code, Balance.on_hand, Balance.allocated, available,
            Balance.on_the_way,
        )
        .join(MerchantSku, MerchantSku.id == Balance.sku_id)
        .join(Warehouse, Warehouse.id == Balance.warehouse_id)
        .where(available < 0, *asked.only(warehouse=Warehouse.key, sku=MerchantSku.key))
        .order_by(available, MerchantSku.key, Warehouse.key)
    )  # fmt: skip
    return stream(session, query)


def _out_of_stock(session: Session, asked: Asked) -> Iterator[Row]:
    """What each waiting line takes, a combination's components each (CAT-6), against what is there."""
    units = OrderLine.quantity * func.coalesce(Component.quantity, 1)
    held = func.coalesce(OrderHold.held, 0)
    available = func.coalesce(Balance.on_hand - Balance.allocated, 0)
    there = case((available > 0, available), else_=0)
    made_up = and_(
        MerchantSku.kind == COMBINATION, MerchantSku.own_stock == false(), Component.combination_id == MerchantSku.id
    )
    query = (
        select(
            Order.number, Store.name, _SINCE, Warehouse.code, MerchantSku.code, OrderLine.quantity, _TAKEN.code, units,
            held, available, case((units - held > there, units - held - there), else_=0),
        )
        .join(Store, Store.id == Order.store_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(MerchantSku, MerchantSku.id == OrderLine.sku_id)
        .outerjoin(Component, made_up)
        .join(_TAKEN, _TAKEN.id == func.coalesce(Component.component_id, MerchantSku.id))
        .outerjoin(Warehouse, Warehouse.id == Order.warehouse_id)
        .outerjoin(Balance, and_(Balance.warehouse_id == Order.warehouse_id, Balance.sku_id == _TAKEN.id))
        .outerjoin(OrderHold, and_(OrderHold.line_id == OrderLine.id, OrderHold.sku_id == _TAKEN.id))
        .where(Order.state == State.OUT_OF_STOCK, OrderLine.quantity > 0)
        .where(*asked.only(warehouse=Warehouse.key, store=Store.key, sku=_TAKEN.key))
        .order_by(_SINCE, Order.id, OrderLine.id, _TAKEN.key)
    )  # fmt: skip
    return stream(session, query)


def _push_delay(session: Session, asked: Asked) -> Iterator[Row]:
    too_many = case((Told.quantity > Push.quantity, Told.quantity - Push.quantity), else_=0)
    query = (
        select(
            Store.name, StoreSku.code, MerchantSku.code, state_of(), Told.quantity, Push.quantity, too_many,
            Push.created_at, Push.attempts, Push.reason, StorePause.until, StorePause.reason,
        )
        .join(StoreSku, StoreSku.id == Push.store_sku_id)
        .join(Store, Store.id == Push.store_id)
        .outerjoin(MerchantSku, MerchantSku.id == StoreSku.sku_id)
        .outerjoin(Told, Told.store_sku_id == Push.store_sku_id)
        .outerjoin(StorePause, StorePause.store_id == Push.store_id)
        .where(*asked.only(store=Store.key, sku=MerchantSku.key))
        .order_by(too_many.desc(), Push.created_at, Push.store_sku_id)
    )  # fmt: skip
    for *where, since, attempts, reason, paused, paused_for in stream(session, query):
        minutes = max(0.0, (asked.at - since).total_seconds() / 60)
        yield (*where, since, round(minutes, 1), attempts, reason or paused_for, paused)


_WAITS = Column("Waits since", Look.MOMENT, "When the order began to count: paid, or confirmed by the buyer.", 20)

REPORT = Report(
    "oversell",
    "Oversell risk",
    "Where more may be sold than there is: orders at risk, negative available, out-of-stock orders, late pushes.",
    (
        Sheet(
            "Orders at risk",
            (
                columns.ORDER,
                columns.STORE,
                columns.STATE,
                _WAITS,
                columns.WAREHOUSE,
                columns.meaning(columns.SKU, "The merchant SKU that is short."),
                columns.TITLE,
                Column("Holds", Look.UNITS, "Units of it that this order holds.", 12),
                columns.ON_HAND,
                columns.ALLOCATED,
            ),
            _at_risk,
            "the shelf covers every order that holds stock",
        ),
        Sheet(
            "Negative available",
            (
                columns.SKU,
                columns.TITLE,
                columns.WAREHOUSE,
                columns.ON_HAND,
                columns.ALLOCATED,
                columns.AVAILABLE,
                columns.ON_THE_WAY,
            ),
            _negative,
            "available is nowhere below 0",
        ),
        Sheet(
            "Out of stock orders",
            (
                columns.ORDER,
                columns.STORE,
                _WAITS,
                columns.meaning(columns.WAREHOUSE, "Where the order is to be shipped from."),
                columns.meaning(columns.SKU, "The merchant SKU that was sold."),
                columns.QUANTITY,
                Column(
                    "Takes", Look.TEXT, "The SKU whose stock it takes: itself, or a component of a combination.", 24
                ),
                Column("Units", Look.UNITS, "Units of that SKU for the whole line.", 11),
                Column("Holds", Look.UNITS, "Units that it holds already.", 11),
                columns.AVAILABLE,
                Column("Missing", Look.UNITS, "Units that this line alone lacks; other orders want them too.", 12),
            ),
            _out_of_stock,
            "no order is out of stock",
        ),
        Sheet(
            "Push delay",
            (
                columns.STORE,
                columns.STORE_SKU,
                columns.SKU,
                Column("State", Look.WORD, "Waiting, on its way, pending at the market, or failed for good.", 12),
                Column("Last told", Look.UNITS, "The quantity that the store was last told.", 12),
                Column("To tell", Look.UNITS, "The quantity that it should show.", 12),
                Column("Too many", Look.UNITS, "Units shown beyond what there is, until the push arrives.", 13),
                Column("Waits since", Look.MOMENT, "Since when the store should have been told.", 20),
                Column("Minutes", Look.DECIMAL, "How long that is.", 12),
                Column("Attempts", Look.NUMBER, "How often the store refused this very line.", 12),
                Column("Reason", Look.TEXT, "What the store answered, or why it is left alone.", 44),
                Column("Paused until", Look.MOMENT, "Until when the store is left alone.", 20),
            ),
            _push_delay,
            "every store was told what there is",
        ),
    ),
    (WAREHOUSE, STORE, SKU),
    (
        "At risk: walking all orders that hold a SKU from oldest to newest, the sum of what they hold passes on hand.",
        "Pushes belong to no single warehouse: they are listed for all of them.",
    ),
)
