"""Figures that are not the sum of their movements are set to it (STK-11). Movements are the truth; figures are kept
for speed only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from server.db.bulk import NUMBER, relation
from server.ledger.models import Movement
from server.ledger.posting import Figures, lock_figures, overwrite
from server.ledger.queries import FIGURES
from server.ledger.verifying import Difference

Key = tuple[int, int]


@dataclass(frozen=True)
class Mended:
    """What was set right, and what can't be: a figure is never below 0, so movements must be missing there."""

    mended: list[Difference] = field(default_factory=list)
    below_zero: list[Difference] = field(default_factory=list)


def mend(session: Session, keys: Iterable[Key]) -> Mended:
    """Compare the figures of these (warehouse, SKU) pairs with the sums of their movements, and set them to it.

    The figures are locked first: whoever posts at this moment has done all of it, or none.
    """
    found = Mended()
    figures = lock_figures(session, keys)
    sums = _sums(session, figures)
    right: dict[Key, Figures] = {}
    for key, kept in figures.items():
        true = sums.get(key, Figures())
        differences = [
            Difference(*key, name, getattr(kept, name), getattr(true, name))
            for name in FIGURES
            if getattr(kept, name) != getattr(true, name)
        ]
        if any(difference.movements < 0 for difference in differences):
            found.below_zero.extend(differences)
        elif differences:
            found.mended.extend(differences)
            right[key] = true
    if right:
        overwrite(session, right)
    return found


def _sums(session: Session, keys: Iterable[Key]) -> dict[Key, Figures]:
    with relation(session, {"warehouse_id": NUMBER, "sku_id": NUMBER}, sorted(keys)) as r:
        on = and_(Movement.warehouse_id == r.c.warehouse_id, Movement.sku_id == r.c.sku_id)
        rows = session.execute(
            select(Movement.warehouse_id, Movement.sku_id, *(func.sum(getattr(Movement, name)) for name in FIGURES))
            .join(r, on)
            .group_by(Movement.warehouse_id, Movement.sku_id)
        )
        return {(row[0], row[1]): Figures(*(int(value) for value in row[2:])) for row in rows}
