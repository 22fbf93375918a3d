"""Figures as of a moment, and movements (STK-9, STK-10)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Select, cast, func, select

from server.ledger.models import Entry, Movement

FIGURES = ("on_hand", "allocated", "on_the_way", "defective")


def figures_as_of(moment: datetime) -> Select[Any]:
    """(warehouse_id, sku_id, on_hand, allocated, on_the_way, defective) as of a past moment, from movements alone
    (STK-10), of every pair that had moved."""
    return (
        select(
            Movement.warehouse_id,
            Movement.sku_id,
            *(_units(name) for name in FIGURES),
        )
        .join(Entry, Entry.id == Movement.entry_id)
        .where(Entry.at <= moment)
        .group_by(Movement.warehouse_id, Movement.sku_id)
    )


def _units(figure: str) -> Any:
    """The sum of a figure, a whole number on both databases: PostgreSQL sums whole numbers to a decimal."""
    return cast(func.sum(getattr(Movement, figure)), BigInteger).label(figure)


def movements(
    *,
    sku_id: int | None = None,
    warehouse_id: int | None = None,
    kind: str | None = None,
    document: str | None = None,
    document_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Select[Any]:
    """(Movement, Entry) rows that fit; `since` and `until` are both inclusive."""
    query: Any = select(Movement, Entry).join(Entry, Entry.id == Movement.entry_id)
    exact = {
        Movement.sku_id: sku_id,
        Movement.warehouse_id: warehouse_id,
        Entry.kind: kind,
        Entry.document: document,
        Entry.document_id: document_id,
    }
    for column, value in exact.items():
        if value is not None:
            query = query.where(column == value)
    if since is not None:
        query = query.where(Entry.at >= since)
    if until is not None:
        query = query.where(Entry.at <= until)
    return query  # type: ignore[no-any-return]
