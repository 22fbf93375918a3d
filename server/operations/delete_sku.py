"""Deleting merchant SKUs, across the rooms that may hold them (CAT-13)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.catalog import deleting
from server.catalog.errors import SkusInUse
from server.catalog.writing import lock
from server.db.bulk import NUMBER, relation
from server.operations.sku_uses import uses
from server.places.models import SafetyStock, Shelf


def delete_skus(session: Session, sku_ids: Iterable[int], *, by: str, at: datetime) -> int:
    """Delete these SKUs, all of them or none; gives how many. Their shelves are free again, their safety stock goes.

    Raises `SkusInUse` with every reason of every SKU: stock, open orders, stock lists to do, store SKUs mapped to it,
    combinations with it, push rules scoped to it. Raises `UnknownSkus` for ids that don't exist.
    """
    known = lock(session, sku_ids)
    if not known:
        return 0
    reasons = deleting.reasons_to_keep(session, known)
    for sku_id, more in uses(session, known).items():
        reasons[sku_id] = [*reasons.get(sku_id, []), *more]
    if reasons:
        raise SkusInUse({known[sku_id].code: reasons[sku_id] for sku_id in sorted(reasons)})
    _clear_places(session, known)
    return deleting.delete(session, known, by=by, at=at)


def _clear_places(session: Session, sku_ids: Iterable[int]) -> None:
    """A shelf that holds nothing of a deleted SKU is available; a safety stock of it has no meaning."""
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in sku_ids]) as r:
        ids = select(r.c.id)
        for statement in (
            update(Shelf).where(Shelf.sku_id.in_(ids)).values(sku_id=None),
            delete(SafetyStock).where(SafetyStock.sku_id.in_(ids)),
        ):
            session.execute(statement.execution_options(synchronize_session=False))
