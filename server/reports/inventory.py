"""Inventory list: what is where, now or as of a past moment (STK-1, STK-10)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import FromClause, Select, and_, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.ledger import queries as ledger
from server.places.models import SafetyStock, Shelf, Warehouse
from server.reports import columns
from server.reports.describing import Asked, Column, Look, Report, Row, Sheet
from server.reports.parameters import AS_OF, SKU, WAREHOUSE
from server.reports.querying import stream


def figures(asked: Asked) -> FromClause:
    """(warehouse_id, sku_id, the four figures), now or as of the moment that was asked for."""
    query: Select[Any] = ledger.figures_now() if asked.as_of is None else ledger.figures_as_of(asked.as_of)
    return query.subquery("figures")


def standing(asked: Asked) -> list[Any]:
    """Deleted SKUs and warehouses are left out of what is there now; the past had them."""
    return [] if asked.as_of is not None else [MerchantSku.deleted_at.is_(None), Warehouse.deleted_at.is_(None)]


def _rows(session: Session, asked: Asked) -> Iterator[Row]:
    figure = figures(asked).c
    here = (figure.warehouse_id, figure.sku_id)
    query = (
        select(
            MerchantSku.code,
            MerchantSku.title,
            MerchantSku.category,
            MerchantSku.brand,
            Warehouse.code,
            Shelf.code,
            figure.on_hand,
            figure.allocated,
            figure.on_hand - figure.allocated,
            figure.on_the_way,
            figure.defective,
            SafetyStock.quantity,
        )
        .join(MerchantSku, MerchantSku.id == figure.sku_id)
        .join(Warehouse, Warehouse.id == figure.warehouse_id)
        .outerjoin(Shelf, and_(Shelf.warehouse_id == here[0], Shelf.sku_id == here[1]))
        .outerjoin(SafetyStock, and_(SafetyStock.warehouse_id == here[0], SafetyStock.sku_id == here[1]))
        .where(*standing(asked), *asked.only(warehouse=Warehouse.key, sku=MerchantSku.key))
        .order_by(MerchantSku.key, Warehouse.key)
    )
    return stream(session, query)


REPORT = Report(
    "inventory",
    "Inventory list",
    "What is where: on hand, allocated, available, on the way and defective, per SKU and warehouse.",
    (
        Sheet(
            "Inventory",
            (
                columns.SKU,
                columns.TITLE,
                columns.CATEGORY,
                columns.BRAND,
                columns.WAREHOUSE,
                Column("Shelf", Look.TEXT, "The shelf that the SKU is assigned in this warehouse today.", 12),
                columns.ON_HAND,
                columns.ALLOCATED,
                columns.AVAILABLE,
                columns.ON_THE_WAY,
                columns.DEFECTIVE,
                columns.SAFETY_STOCK,
            ),
            _rows,
            "no SKU has had stock here yet",
        ),
    ),
    (AS_OF, WAREHOUSE, SKU),
    (
        "A SKU is listed for every warehouse in which it has or had stock.",
        "A combination without stock of its own has no row: what can be sold of it follows from its components.",
    ),
)
