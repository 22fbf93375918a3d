"""The causes of an evaluation: the seventeen numbered ones of PSH-7, and those with a name only. Sets are bits."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Cause(enum.IntEnum):
    """Why push targets were evaluated. 1–17 are PSH-7's numbers; the others carry no number there."""

    ORDER_SYNC = 1
    STOCK_IN_MANUAL = 2
    RETURN_SCAN = 3
    RETURN_MANUAL = 4
    TRANSFER_IN = 5
    PURCHASE_IN = 6
    STOCK_OUT_MANUAL = 7
    SALE = 8
    TRANSFER_OUT = 9
    VOID = 10
    REVERT = 11
    MAPPING = 12
    WAREHOUSE_CHANGE = 13
    MOVE_TO_PACK = 14
    REFRESH = 15
    PUSH_NOW = 16
    STOCK_COUNT = 17
    UNDO = 18
    RULE = 19
    SAFETY_STOCK = 20
    SKU = 21
    WAREHOUSE_DELETED = 22
    SWITCH = 23

    @property
    def bit(self) -> int:
        """Its place in a set of causes."""
        return 1 << self.value

    @property
    def label(self) -> str:
        """What people read: the number where there is one, and the name."""
        name = self.name.lower()
        return f"{self.value} {name}" if self.value <= Cause.STOCK_COUNT else name


def pack(causes: Iterable[Cause]) -> int:
    """A set of causes as one number."""
    bits = 0
    for cause in causes:
        bits |= cause.bit
    return bits


def unpack(bits: int) -> list[Cause]:
    """The causes in a packed set, in the order of their numbers."""
    return [cause for cause in Cause if bits & cause.bit]
