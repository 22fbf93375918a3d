"""Sales per SKU and store: units, orders and turnover of what counts as sold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from sqlalchemy import BigInteger, Float, cast, func, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.orders.models import Order, OrderHold, OrderLine
from server.orders.states import State
from server.places.models import Warehouse
from server.reports import columns
from server.reports.describing import Asked, Bars, Column, Look, Panel, Report, Row, Sheet
from server.reports.parameters import RECENT, SKU, STORE, UNTIL, WAREHOUSE
from server.reports.querying import stream
from server.reports.tallies import Largest, Sums
from server.stores.models import Store

#: Orders that are no sale: not paid yet, or given up.
NOT_SOLD = (State.UNPAID, State.VOIDED, State.CANCELLED)
TOP = 20
#: SQLite keeps money as text and would add it up as floating point: millionths are whole numbers on both databases.
_PARTS = 1_000_000


def _rows(session: Session, asked: Asked) -> Iterator[Row]:
    """By SKU, then store; what has no mapping yet comes first, as one."""
    returned = (
        select(func.coalesce(func.max(OrderHold.returned / OrderHold.per_unit), 0))
        .where(OrderHold.line_id == OrderLine.id)
        .scalar_subquery()
    )
    parts = cast(func.round(cast(OrderLine.unit_price, Float) * _PARTS), BigInteger)
    key = func.coalesce(MerchantSku.key, "")
    sums = (
        func.count(Order.id.distinct()),
        func.sum(OrderLine.quantity),
        func.sum(returned),
        func.sum(OrderLine.quantity * parts),
    )
    named = (MerchantSku.code, MerchantSku.title, MerchantSku.category, Store.name)
    query = (
        select(*named, *sums, Order.currency)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Store, Store.id == Order.store_id)
        .outerjoin(MerchantSku, MerchantSku.id == OrderLine.sku_id)
        .outerjoin(Warehouse, Warehouse.id == Order.warehouse_id)
        .where(Order.state.not_in(NOT_SOLD), OrderLine.quantity > 0)
        .where(
            *asked.only(
                warehouse=Warehouse.key,
                store=Store.key,
                sku=MerchantSku.key,
                at=func.coalesce(Order.counts_at, Order.placed_at),
            )
        )
        .group_by(key, MerchantSku.id, *named, Store.key, Order.currency)
        .order_by(key, MerchantSku.id, Store.key, Order.currency)
    )
    for sku, title, category, store, orders, units, back, money, currency in stream(session, query):
        turnover = None if money is None else Decimal(int(money)) / _PARTS
        each = None if turnover is None else round(turnover / int(units), 4)
        what = (sku, title, category) if sku is not None else (None, "not mapped to a SKU yet", None)
        yield (*what, store, orders, int(units), int(back), turnover, each, currency)


class _Sold:
    """Units by store, and the SKUs that sold most: their rows follow each other, so one sum at a time is enough."""

    def __init__(self) -> None:
        self._stores, self._best = Sums(2), Largest(TOP)
        self._sku, self._units = "", 0

    def add(self, row: Row) -> None:
        sku, store, orders, units = row[0] or "not mapped", row[3], row[4], row[5]
        self._stores.add(store, units, orders)
        if sku != self._sku:
            self._keep()
            self._sku, self._units = sku, 0
        self._units += units

    def _keep(self) -> None:
        if self._units:
            self._best.add(self._units, (self._sku, self._units))
            self._units = 0

    def panels(self) -> Sequence[Panel]:
        self._keep()
        by_store = (Column("Store", Look.TEXT, "", 26), _UNITS)
        by_sku = (Column("SKU", Look.TEXT, "", 26), _UNITS)
        stores = [row[:2] for row in self._stores.largest()]
        best = self._best.rows()
        title = f"The {len(best)} SKUs sold most" if len(best) > 1 else "Units sold"
        return [
            Panel("Units sold by store", by_store, stores, drawn=(1,)),
            Panel(title, by_sku, best, drawn=(1,), bars=Bars.ACROSS),
        ]

    def notes(self) -> Sequence[str]:
        return ()


_UNITS = Column("Units sold", Look.UNITS, "Units that buyers ordered.", 13)

REPORT = Report(
    "sales",
    "Sales per SKU and store",
    "Units, orders and turnover of what was sold, per SKU and store.",
    (
        Sheet(
            "Sales",
            (
                columns.SKU,
                columns.TITLE,
                columns.CATEGORY,
                columns.STORE,
                Column("Orders", Look.UNITS, "Orders with this SKU in this store.", 11),
                _UNITS,
                Column("Returned", Look.UNITS, "Units of these that came back by a return.", 12),
                Column("Turnover", Look.MONEY, "Quantity times unit price of its lines.", 15),
                Column("Average price", Look.MONEY, "Turnover by units sold.", 16),
                columns.CURRENCY,
            ),
            _rows,
            "nothing was sold in this time",
            tally=_Sold,
        ),
    ),
    (RECENT, UNTIL, STORE, WAREHOUSE, SKU),
    (
        "An order counts from its payment, or the buyer's confirmation; unpaid, voided and cancelled orders do not.",
        "A combination counts under its own SKU.",
    ),
)
