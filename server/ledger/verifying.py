"""The sum of the movements against the figures (STK-2)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from server.ledger.models import Balance, Movement
from server.ledger.queries import FIGURES


@dataclass(frozen=True)
class Difference:
    """A figure that is not what its movements sum to."""

    warehouse_id: int
    sku_id: int
    figure: str
    balance: int
    movements: int


def verify(session: Session) -> list[Difference]:
    """Every difference between balances and movements; an empty list is the promise kept."""
    sides = union_all(
        select(Balance.warehouse_id, Balance.sku_id, *_both(Balance, side=1)),
        select(Movement.warehouse_id, Movement.sku_id, *_both(Movement, side=2)),
    ).subquery()
    sums = [func.sum(sides.c[f"{name}_{side}"]).label(f"{name}_{side}") for name in FIGURES for side in (1, 2)]
    grouped = select(sides.c.warehouse_id, sides.c.sku_id, *sums).group_by(sides.c.warehouse_id, sides.c.sku_id)
    table = grouped.subquery()
    unequal = or_(*(table.c[f"{name}_1"] != table.c[f"{name}_2"] for name in FIGURES))
    found: list[Difference] = []
    for row in session.execute(select(table).where(unequal).order_by(table.c.warehouse_id, table.c.sku_id)):
        for name in FIGURES:
            balance, movements = int(getattr(row, f"{name}_1")), int(getattr(row, f"{name}_2"))
            if balance != movements:
                found.append(Difference(row.warehouse_id, row.sku_id, name, balance, movements))
    return found


def _both(model: type[Balance] | type[Movement], *, side: int) -> list[object]:
    return [
        (getattr(model, name) if side == number else literal(0)).label(f"{name}_{number}")
        for name in FIGURES
        for number in (1, 2)
    ]
