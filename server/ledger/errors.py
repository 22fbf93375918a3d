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


class SkuGone(Refused):
    """Units would be booked on SKUs that were deleted (CAT-13): nobody would see them. Nothing was posted."""

    code = "sku-deleted"

    def __init__(self, codes: Sequence[str]) -> None:
        named = ", ".join(f"'{code}'" for code in codes[:5]) + (f" and {len(codes) - 5} more" if len(codes) > 5 else "")
        were, them = ("was", "it") if len(codes) == 1 else ("were", "them")
        super().__init__(
            f"{named} {were} deleted: no units of {them} can be booked; leave {them} out, and stock in what is there "
            "under a SKU that exists"
        )


class KeyTaken(Conflict):
    """The same key was posted before with other content (STK-3)."""

    code = "key-taken"
