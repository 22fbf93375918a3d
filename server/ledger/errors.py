"""What posting refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.errors import Conflict, Refused


@dataclass(frozen=True)
class Shortage:
    """One warehouse × SKU that does not have what an entry takes: `there` of `figure`, `wanted` of it."""

    warehouse_id: int
    sku_id: int
    figure: str
    there: int
    wanted: int


class NotEnough(Refused):
    """Posting would take more than there is (STK-4); nothing was posted. `shortages` has every line that is short."""

    code = "not-enough"

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        first = shortages[0]
        more = f" (and {len(shortages) - 1} more)" if len(shortages) > 1 else ""
        super().__init__(
            f"only {first.there} {first.figure.replace('_', ' ')}, {first.wanted} wanted{more}",
            errors=[shortage.__dict__ for shortage in shortages],
        )
        self.shortages = list(shortages)


class KeyTaken(Conflict):
    """The same key was posted before with other content (STK-3)."""

    code = "key-taken"
