"""The workbooks that are handed in: templates filled with as many rows as wanted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from validators.registry import WORKBOOKS
from validators.templates.building import build

_SIZES = ("XS", "S", "M", "L", "XL")
_COLOURS = ("red", "blue", "green", "black")


def sku_code(batch: int, number: int) -> str:
    """The code of one SKU, without a warning from the hygiene checks."""
    return f"NK-{batch:02d}-{number:06d}-{_COLOURS[number % 4][:3].upper()}"


def sku_create(rows: int, batch: int) -> bytes:
    """A SKU create workbook: twelve columns filled, every code, title and GTIN new for its `batch`."""
    return build(WORKBOOKS["sku_create"], rows=_skus(rows, batch))


def stock_in(rows: int, batch: int) -> bytes:
    """A stock-in workbook over the SKUs of a batch: SKU, warehouse, quantity, unit cost, note."""
    return build(WORKBOOKS["stock_in"], rows=_arrivals(rows, batch))


def _skus(rows: int, batch: int) -> Iterator[dict[str, Any]]:
    for number in range(rows):
        size, colour = _SIZES[number % 5], _COLOURS[number % 4]
        yield {
            "sku": sku_code(batch, number),
            "title": f"Sport T-shirt {batch}-{number}, {colour}, {size}",
            "parent_sku": f"NK-{batch:02d}-{number // 20:05d}",
            "size": size,
            "colour": colour,
            "category": "T-shirts",
            "brand": "Nordkap",
            "gtins": f"40{batch:02d}{number:09d}",
            "weight_g": 150 + number % 90,
            "cost": 4.2 + number % 7,
            "price": 12.9 + number % 11,
            "currency": "USD",
        }


def _arrivals(rows: int, batch: int) -> Iterator[dict[str, Any]]:
    for number in range(rows):
        yield {
            "sku": sku_code(batch, number),
            "warehouse": "Main",
            "quantity": 1 + number % 40,
            "unit_cost": 4.2 + number % 7,
            "note": f"Delivery {number // 500}",
        }
