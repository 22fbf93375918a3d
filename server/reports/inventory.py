"""Inventory list: what is where, now or as of a past moment (STK-1, STK-10)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from server.reports import columns
from server.reports.describing import Asked, Column, Look, Report, Row, Sheet
from server.reports.parameters import AS_OF, SKU, WAREHOUSE
from server.warehousing.queries import StockFilter, stock


def _rows(session: Session, asked: Asked) -> Iterator[Row]:
    wanted = StockFilter(sku=asked.sku, warehouse=asked.warehouse, as_of=asked.as_of)
    for row in stock(session, wanted):
        yield (
            row.sku, row.title, row.kind, row.category, row.brand, row.warehouse, row.shelf,
            row.on_hand, row.allocated, row.available, row.on_the_way, row.defective, row.safety_stock,
        )  # fmt: skip


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
                Column("Kind", Look.TEXT, "single, or combination: a SKU that is sold as several others.", 12),
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
        "Available of a combination is what its components allow there, and with stock of its own at most that. Its "
        "other figures are those of its own stock; as of a past moment all of them are.",
    ),
)
