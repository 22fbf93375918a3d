"""Low stock & replenishment: what is below its safety stock, and how much would bring it back (WH-4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, FromClause, Select, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.catalog.records import COMBINATION
from server.ledger.models import Balance, Entry, Movement
from server.orders.holding import DOCUMENT
from server.places.models import SafetyStock, Warehouse
from server.reports import columns
from server.reports.describing import Asked, Bars, Column, Look, Panel, Report, Row, Sheet
from server.reports.parameters import SKU, WAREHOUSE
from server.reports.querying import stream

#: Over how many days sales are looked at, and for how many a replenishment lasts.
SALES_DAYS = 30
TOP = 20


def replenishment(available: int, safety_stock: int, on_the_way: int, sold: int) -> int:
    """Units that, with what is on the way, bring available back to the safety stock after one more such month."""
    return max(0, safety_stock + max(0, sold) - available - on_the_way)


def days_left(available: int, sold: int) -> float | None:
    """How many days available lasts if sales go on like this; None where nothing was sold."""
    return round(max(0, available) / sold * SALES_DAYS, 1) if sold > 0 else None


def _sold(at: datetime) -> FromClause:
    """(warehouse_id, sku_id, units that left for orders lately, less what came back)."""
    return (
        select(Movement.warehouse_id, Movement.sku_id, cast(-func.sum(Movement.on_hand), BigInteger).label("units"))
        .join(Entry, Entry.id == Movement.entry_id)
        .where(Entry.document == DOCUMENT, Entry.at >= at - timedelta(days=SALES_DAYS), Entry.at <= at)
        .group_by(Movement.warehouse_id, Movement.sku_id)
        .subquery("sold")
    )


def low(asked: Asked) -> Select[Any]:
    """What is below its safety stock, most missing first, as `row` takes it."""
    sold = _sold(asked.at).c
    figure = {name: func.coalesce(getattr(Balance, name), 0) for name in ("on_hand", "allocated", "on_the_way")}
    available = figure["on_hand"] - figure["allocated"]
    here = (SafetyStock.warehouse_id, SafetyStock.sku_id)
    return (
        select(
            MerchantSku.code,
            MerchantSku.title,
            Warehouse.code,
            available,
            SafetyStock.quantity,
            figure["on_hand"],
            figure["allocated"],
            figure["on_the_way"],
            func.coalesce(sold.units, 0),
        )
        .join(MerchantSku, MerchantSku.id == SafetyStock.sku_id)
        .join(Warehouse, Warehouse.id == SafetyStock.warehouse_id)
        .outerjoin(Balance, and_(Balance.warehouse_id == here[0], Balance.sku_id == here[1]))
        .outerjoin(sold.units.table, and_(sold.warehouse_id == here[0], sold.sku_id == here[1]))
        .where(
            available < SafetyStock.quantity,
            MerchantSku.deleted_at.is_(None),
            Warehouse.deleted_at.is_(None),
            or_(MerchantSku.kind != COMBINATION, MerchantSku.own_stock),
            *asked.only(warehouse=Warehouse.key, sku=MerchantSku.key),
        )
        .order_by(available - SafetyStock.quantity, MerchantSku.key, Warehouse.key)
    )


def row(found: Row) -> Row:
    """A row of `low` with what is missing, how long it lasts and what would bring it back."""
    sku, title, warehouse, there, safety, on_hand, allocated, on_the_way, units = found
    return (
        sku, title, warehouse, there, safety, safety - there, on_hand, allocated, on_the_way, units,
        days_left(there, units), replenishment(there, safety, on_the_way, units),
    )  # fmt: skip


def _rows(session: Session, asked: Asked) -> Iterator[Row]:
    return map(row, stream(session, low(asked)))


class _Lowest:
    """The first rows: they come with what is missing most on top."""

    def __init__(self) -> None:
        self._rows: list[Row] = []

    def add(self, row: Row) -> None:
        if len(self._rows) < TOP:
            sku, _, warehouse, available, safety, missing, *_ = row
            self._rows.append((f"{sku}, {warehouse}", available, safety, missing))

    def panels(self) -> Sequence[Panel]:
        shown = (Column("SKU, warehouse", Look.TEXT, "", 34), columns.AVAILABLE, columns.SAFETY_STOCK, _MISSING)
        title = f"The {len(self._rows)} lowest: available and safety stock" if len(self._rows) > 1 else "Low stock"
        return [Panel(title, shown, self._rows, drawn=(1, 2), bars=Bars.ACROSS)]

    def notes(self) -> Sequence[str]:
        return ()


_MISSING = Column("Missing", Look.UNITS, "Units of available that the safety stock lacks.", 12)

REPORT = Report(
    "low_stock",
    "Low stock & replenishment",
    "SKUs whose available is below their safety stock, most missing first, and what would bring them back.",
    (
        Sheet(
            "Low stock",
            (
                columns.SKU,
                columns.TITLE,
                columns.WAREHOUSE,
                columns.AVAILABLE,
                columns.SAFETY_STOCK,
                _MISSING,
                columns.ON_HAND,
                columns.ALLOCATED,
                columns.ON_THE_WAY,
                Column(
                    f"Sold in {SALES_DAYS} days",
                    Look.UNITS,
                    f"Units that left this warehouse for orders in the last {SALES_DAYS} days, less what came back.",
                    17,
                ),
                Column("Days left", Look.DECIMAL, "How long available lasts if sales go on like this.", 12),
                Column(
                    "Replenish",
                    Look.UNITS,
                    f"Safety stock and {SALES_DAYS} more days of such sales, less available and what is on the way.",
                    13,
                ),
            ),
            _rows,
            "no SKU is below its safety stock",
            tally=_Lowest,
        ),
    ),
    (WAREHOUSE, SKU),
    ("Only SKUs that have a safety stock in a warehouse are looked at.",),
)
