"""Kinds, lines and keys of what is posted; pure."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from server.outbox.causes import Cause


class Kind(enum.StrEnum):
    """What a movement is."""

    OPENING = "opening"
    STOCK_IN = "stock_in"
    STOCK_OUT = "stock_out"
    STOCK_COUNT = "stock_count"
    ALLOCATE = "allocate"
    RELEASE = "release"
    DEDUCT = "deduct"
    REALLOCATE = "reallocate"
    REFUND = "refund"
    RETURN = "return"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"
    WRITE_OFF = "write_off"
    REFRESH = "refresh"
    UNDO = "undo"


class Line(NamedTuple):
    """The change to each figure of one SKU in one warehouse."""

    warehouse_id: int
    sku_id: int
    on_hand: int = 0
    allocated: int = 0
    on_the_way: int = 0
    defective: int = 0

    def reversed(self) -> Line:
        """The opposite change."""
        return Line(
            self.warehouse_id,
            self.sku_id,
            -self.on_hand,
            -self.allocated,
            -self.on_the_way,
            -self.defective,
        )


@dataclass(frozen=True)
class Entry:
    """A document's worth of lines, posted all or nothing (STK-3).

    `step` tells several entries of one document apart (`complete`, `undo`, `allocate/3`). `needs_available`: an entry
    that lowers available must leave at least 0 of it, which a stock count need not (STK-4, STK-5). `cause` is what the
    push targets are evaluated for.
    """

    kind: Kind
    document: str
    document_id: int
    step: str
    lines: Sequence[Line]
    cause: Cause
    by: str
    at: datetime
    note: str = ""
    reverses_id: int | None = None
    needs_available: bool = True

    def __post_init__(self) -> None:
        assert self.kind is not Kind.UNDO or self.reverses_id is not None, "an undo says what it takes back (STK-2)"

    @property
    def key(self) -> str:
        """Document and step: posting the same key twice posts once (STK-3)."""
        return f"{self.document}/{self.document_id}/{self.step}"

    def digest(self) -> bytes:
        """A hash of the kind and the lines, to tell a repetition from other content under the same key."""
        known = hashlib.blake2b(self.kind.encode(), digest_size=16)
        for line in self.lines:
            known.update(repr(tuple(line)).encode())
        return known.digest()


def summed(lines: Iterable[Line]) -> list[Line]:
    """One line per warehouse × SKU, in the order in which rows are locked.

    Two lines of one SKU, each checked alone, oversell; so they are added up first.
    """
    sums: dict[tuple[int, int], list[int]] = {}
    for line in lines:
        known = sums.get((line.warehouse_id, line.sku_id))
        if known is None:
            sums[line.warehouse_id, line.sku_id] = list(line[2:])
        else:
            for place, change in enumerate(line[2:]):
                known[place] += change
    return [Line(*key, *sums[key]) for key in sorted(sums)]
