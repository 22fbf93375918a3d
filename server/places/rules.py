"""What a code of a place may be, and what a shelf's status is; pure."""

from __future__ import annotations

import enum
import unicodedata

from server.errors import WrongUse
from validators.messages import Finding
from validators.values.hygiene import listed_error

MAX_CODE = 64


class ShelfStatus(enum.StrEnum):
    """What is on a shelf (WH-2). Computed, never kept: a stock-out to 0 makes it recyclable by itself."""

    AVAILABLE = "available"  # nothing on it
    OCCUPIED = "occupied"  # assigned to a SKU, units of it in the warehouse
    RECYCLABLE = "recyclable"  # assigned, no units left


def shelf_status(sku_id: int | None, units: int) -> ShelfStatus:
    """The status of a shelf assigned to `sku_id`, of which `units` are in its warehouse.

    Defective units count: they lie on the shelf like good ones.
    """
    if sku_id is None:
        return ShelfStatus.AVAILABLE
    return ShelfStatus.OCCUPIED if units > 0 else ShelfStatus.RECYCLABLE


def warehouse_code(value: str) -> str:
    """A warehouse's code as it is kept. Raises `WrongUse` for one that can't be, or could not be named in a list."""
    code = tidy_code(value, "warehouse")
    if wrong := listed_error(code):
        raise WrongUse(f"'{code}' {Finding(wrong).text}", field="code")
    return code


def tidy_code(value: str, what: str) -> str:
    """A code as it is kept: NFC, without outer blanks. Raises `WrongUse` for one that can't be."""
    code = unicodedata.normalize("NFC", value).strip()
    if not 1 <= len(code) <= MAX_CODE or not code.isprintable():
        raise WrongUse(f"a {what}'s code is 1 to {MAX_CODE} printable characters", field="code")
    return code
