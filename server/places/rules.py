"""What a code of a place may be, and what a shelf's status is; pure."""

from __future__ import annotations

import enum
import unicodedata

from server.errors import WrongUse

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


def tidy_code(value: str, what: str) -> str:
    """A code as it is kept: NFC, without outer blanks. Raises `WrongUse` for one that can't be."""
    code = unicodedata.normalize("NFC", value).strip()
    if not 1 <= len(code) <= MAX_CODE or not code.isprintable():
        raise WrongUse(f"a {what}'s code is 1 to {MAX_CODE} printable characters", field="code")
    return code
