"""Order list: orders with their state and what to look at, and their lines with what they hold (ORD-14)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.orders.lists import LISTS, why
from server.orders.models import Order, OrderHold, OrderLine
from server.orders.queries import risky
from server.places.models import Warehouse
from server.reports import columns
from server.reports.describing import Asked, Column, Look, Report, Row, Sheet
from server.reports.parameters import SINCE, SKU, STATE, STORE, UNTIL, WAREHOUSE
from server.reports.querying import stream
from server.stores.models import Store, StoreSku


def _wanted(asked: Asked) -> list[ColumnElement[bool]]:
    """Which orders: by state or list, store, warehouse, when they were placed, or with a line of a SKU."""
    wanted = asked.only(warehouse=Warehouse.key, store=Store.key, at=Order.placed_at)
    if asked.state is not None:
        wanted.append(why(asked.state) if asked.state in LISTS else Order.state == asked.state)
    if asked.sku is not None:
        with_it = select(OrderLine.order_id).join(MerchantSku, MerchantSku.id == OrderLine.sku_id)
        wanted.append(Order.id.in_(with_it.where(MerchantSku.key == asked.sku)))
    return wanted


def _orders(session: Session, asked: Asked) -> Iterator[Row]:
    mine = OrderLine.order_id == Order.id
    query = (
        select(
            Order.number,
            Store.name,
            Order.state,
            Order.market_status,
            Order.id.in_(risky(None)),
            Order.hold,
            Order.cancel_pending,
            Warehouse.code,
            Order.placed_at,
            Order.counts_at,
            select(func.count()).where(mine, OrderLine.quantity > 0).scalar_subquery(),
            select(func.coalesce(func.sum(OrderLine.quantity), 0)).where(mine).scalar_subquery(),
            Order.total,
            Order.currency,
            Order.updated_at,
            Order.tracking,
        )
        .join(Store, Store.id == Order.store_id)
        .outerjoin(Warehouse, Warehouse.id == Order.warehouse_id)
        .where(*_wanted(asked))
        .order_by(Order.id.desc())
    )
    for *told, tracking in stream(session, query):
        yield (*told, ", ".join(tracking))


def _units(of: Any) -> Any:
    """Units of the line: a combination takes several SKUs, each `per_unit` times, the same units for all."""
    each = select(func.coalesce(func.max(of / OrderHold.per_unit), 0)).where(OrderHold.line_id == OrderLine.id)
    return each.scalar_subquery()


def _lines(session: Session, asked: Asked) -> Iterator[Row]:
    deducted = _units(OrderHold.deducted)
    query = (
        select(
            Order.number,
            Store.name,
            Order.state,
            Order.placed_at,
            Warehouse.code,
            StoreSku.code,
            MerchantSku.code,
            OrderLine.name,
            OrderLine.quantity,
            _units(OrderHold.held),
            deducted,
            _units(OrderHold.returned),
            OrderLine.unit_price,
            Order.currency,
        )
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(StoreSku, StoreSku.id == OrderLine.store_sku_id)
        .join(Store, Store.id == Order.store_id)
        .outerjoin(MerchantSku, MerchantSku.id == OrderLine.sku_id)
        .outerjoin(Warehouse, Warehouse.id == Order.warehouse_id)
        .where(or_(OrderLine.quantity > 0, deducted > 0), *_wanted(asked))
        .order_by(Order.id.desc(), OrderLine.id)
    )
    for *told, price, currency in stream(session, query):
        yield (*told, price, None if price is None else price * told[8], currency)


_PLACED = Column("Placed", Look.MOMENT, "When the buyer placed it.", 20)
_FROM = columns.meaning(columns.WAREHOUSE, "Where the order is shipped from, once that is decided.")

REPORT = Report(
    "orders",
    "Order list",
    "Orders with their state and what to look at, newest first, and their lines with what they hold and have deducted.",
    (
        Sheet(
            "Orders",
            (
                columns.ORDER,
                columns.STORE,
                columns.STATE,
                Column("At the market", Look.WORD, "What the market calls its state.", 17),
                Column("At risk", Look.YES_NO, "Whether the shelf no longer covers it.", 11),
                Column("On hold", Look.YES_NO, "Whether the store says not to pack it.", 12),
                Column("Cancel asked", Look.YES_NO, "Whether the buyer asked to cancel it.", 16),
                _FROM,
                _PLACED,
                Column("Counts since", Look.MOMENT, "When it was paid, or confirmed by the buyer.", 20),
                Column("Lines", Look.UNITS, "How many lines it has.", 10),
                Column("Units", Look.UNITS, "Units of all its lines.", 10),
                Column("Total", Look.MONEY, "What the buyer pays, as the store tells it.", 13),
                columns.CURRENCY,
                Column("Changed", Look.MOMENT, "When it last changed here.", 20),
                Column("Tracking", Look.TEXT, "Its tracking and package numbers.", 26),
            ),
            _orders,
            "there are no such orders",
        ),
        Sheet(
            "Lines",
            (
                columns.ORDER,
                columns.STORE,
                columns.STATE,
                _PLACED,
                _FROM,
                columns.STORE_SKU,
                columns.SKU,
                Column("Name", Look.TEXT, "What the buyer ordered, in the store's words.", 40),
                columns.QUANTITY,
                Column("Holds", Look.UNITS, "Units allocated to it.", 11),
                Column("Deducted", Look.UNITS, "Units that have left the shelf for it.", 12),
                Column("Returned", Look.UNITS, "Units of these that came back.", 12),
                Column("Unit price", Look.MONEY, "What the buyer pays for one.", 12),
                Column("Line total", Look.MONEY, "Quantity times unit price.", 13),
                columns.CURRENCY,
            ),
            _lines,
            "there are no such orders",
        ),
    ),
    (SINCE, UNTIL, STATE, STORE, WAREHOUSE, SKU),
    (
        "Dates are those on which the buyer placed the order.",
        "With one SKU asked for, orders that have a line of it are listed whole.",
    ),
)
