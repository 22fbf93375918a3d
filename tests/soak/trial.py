"""What a trial is: a promise tried N times on one database, and the figures that came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.base import fold
from tests.factories import AT
from tests.hostile.packages import good_row, header, sheet, xlsx

Figures = dict[str, int | float]


@dataclass(frozen=True)
class Place:
    """Where a trial runs: a fresh, migrated database and an empty folder. The seed makes it repeatable. `steps`: how
    long each of the N is, where a trial has steps; 0 leaves it to the trial."""

    url: str
    folder: Path
    seed: int = 1
    steps: int = 0


@dataclass(frozen=True)
class Trial:
    """One promise. `kept`: the figures that must be 0; `run` gets the place and N."""

    promise: str
    run: Callable[[Place, int], Figures]
    full: int
    kept: tuple[str, ...]
    databases: tuple[str, ...] = ("sqlite", "postgresql")

    def broken(self, figures: Mapping[str, int | float]) -> dict[str, int | float]:
        """What should be 0 and is not."""
        return {name: figures[name] for name in self.kept if figures[name]}


def make_skus(session: Session, count: int, *, prefix: str = "NK") -> list[str]:
    """Many merchant SKUs in one statement; gives their codes."""
    codes = [f"{prefix}-{number:06d}" for number in range(1, count + 1)]
    common = {"created_at": AT, "updated_at": AT}
    session.execute(insert(MerchantSku), [{"code": code, "key": fold(code), **common} for code in codes])
    return codes


def stock_in_book(codes: list[str], quantity: int) -> bytes:
    """A stock-in workbook with one row of `quantity` for each code."""
    rows = (good_row(number, code, str(quantity)) for number, code in enumerate(codes, 2))
    return xlsx(sheet(header() + "".join(rows)))
