"""Columns that several reports share, so that a word means the same in all of them."""

from __future__ import annotations

from dataclasses import replace

from server.reports.describing import Column, Look

SKU = Column("SKU", Look.TEXT, "The merchant SKU: the seller's own product code; stock is counted by it.", 24)
TITLE = Column("Title", Look.TEXT, "The product's title.", 40)
CATEGORY = Column("Category", Look.TEXT, "The product's category.", 20)
BRAND = Column("Brand", Look.TEXT, "The product's brand.", 16)
WAREHOUSE = Column("Warehouse", Look.TEXT, "The code of the place that holds the stock.", 14)
STORE = Column("Store", Look.TEXT, "One shop on one marketplace, or one web shop.", 20)
STORE_SKU = Column("Store SKU", Look.TEXT, "The code of the listing's variant in that store.", 24)
ORDER = Column("Order", Look.TEXT, "The store's order number.", 22)
STATE = Column("State", Look.WORD, "Where the order stands.", 15)

ON_HAND = Column("On hand", Look.UNITS, "Good units physically in the warehouse.", 12)
ALLOCATED = Column("Allocated", Look.UNITS, "Units of on hand promised to orders that have not left.", 13)
AVAILABLE = Column("Available", Look.UNITS, "On hand less allocated; the only figure that stores are ever shown.", 13)
ON_THE_WAY = Column("On the way", Look.UNITS, "Units bought or in transfer, and not received yet.", 14)
DEFECTIVE = Column("Defective", Look.UNITS, "Units present that may not be sold.", 13)
SAFETY_STOCK = Column("Safety stock", Look.UNITS, "Below it, the SKU is in the low-stock report.", 15)
QUANTITY = Column("Quantity", Look.UNITS, "Units that the buyer ordered.", 12)
CURRENCY = Column("Currency", Look.TEXT, "The currency of the money in this row.", 13)


def meaning(column: Column, help: str) -> Column:
    """The same column where it means something more exact."""
    return replace(column, help=help)
