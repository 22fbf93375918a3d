"""Deleting merchant SKUs, as far as the catalogue knows (CAT-13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from server.catalog import queries
from server.catalog.errors import SkusInUse
from server.catalog.models import Component, MerchantSku
from server.catalog.writing import audit_many, drop_gtins, forget, lock
from server.db.bulk import NUMBER, relation
from server.ledger.models import Balance


def delete(session: Session, sku_ids: Iterable[int], *, by: str, at: datetime) -> int:
    """Delete SKUs: they leave every list, their codes and GTINs are free again, their movements stay.

    Whoever deletes for a user calls `operations.delete_sku`, which asks the other rooms too. Raises `SkusInUse` where
    stock is left or a combination that stays has it as component, `UnknownSkus`.
    """
    known = lock(session, sku_ids)
    if not known:
        return 0
    reasons = reasons_to_keep(session, known)
    if reasons:
        raise SkusInUse({known[sku_id].code: why for sku_id, why in reasons.items()})
    drop_gtins(session, known)
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in known]) as r:
        recipes = sql_delete(Component).where(Component.combination_id.in_(select(r.c.id)))
        session.execute(recipes.execution_options(synchronize_session=False))
        gone = update(MerchantSku).where(MerchantSku.id == r.c.id).values(deleted_at=at, updated_at=at)
        session.execute(gone.execution_options(synchronize_session=False))
    audit_many(session, by, "sku.delete", [sku.code for sku in known.values()], at=at)
    forget(session)
    return len(known)


def reasons_to_keep(session: Session, skus: Mapping[int, Any]) -> dict[int, list[str]]:
    """By id, why these SKUs (see `lock`) can't be deleted together, as far as figures and recipes know."""
    reasons: dict[int, list[str]] = defaultdict(list)
    for sku_id in with_stock(session, skus):
        reasons[sku_id].append("it has stock")
    going = {sku.code for sku in skus.values()}
    for sku_id, codes in queries.combinations_with(session, skus).items():
        if staying := [code for code in codes if code not in going]:
            reasons[sku_id].append(f"it is a component of {', '.join(staying[:5])}")
    return dict(reasons)


def with_stock(session: Session, sku_ids: Iterable[int]) -> set[int]:
    """Those that have a figure other than 0 in any warehouse: on hand, allocated, on the way or defective."""
    figures = (Balance.on_hand, Balance.allocated, Balance.on_the_way, Balance.defective)
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in set(sku_ids)]) as r:
        query = select(Balance.sku_id).join(r, Balance.sku_id == r.c.id).distinct()
        return set(session.scalars(query.where(or_(*(figure != 0 for figure in figures)))))
