"""What posting lacked, in the words of people: which SKU, where, and what is there (STK-4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.bulk import NUMBER, relation
from server.ledger.errors import NotEnough, Shortage
from server.places.models import Warehouse


def named(session: Session, short: NotEnough) -> NotEnough:
    """The same refusal naming SKUs and warehouses, one error for each that is short."""
    short.errors = _errors(session, short.shortages)
    short.text = f"{short.errors[0]['sku']} in {short.errors[0]['warehouse']}: {short.text}"
    return short


def in_words(session: Session, shortages: Sequence[Shortage]) -> list[str]:
    """A sentence for each that is short, in their order."""
    return [error["detail"] for error in _errors(session, shortages)]


def _errors(session: Session, shortages: Sequence[Shortage]) -> list[dict[str, Any]]:
    if not shortages:
        return []
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in {one.sku_id for one in shortages}]) as r:
        query = select(MerchantSku.id, MerchantSku.code).join(r, r.c.id == MerchantSku.id)
        skus = {row.id: row.code for row in session.execute(query)}
    places = {row.id: row.code for row in session.execute(select(Warehouse.id, Warehouse.code))}
    return [_error(one, skus[one.sku_id], places[one.warehouse_id]) for one in shortages]


def _error(one: Shortage, sku: str, warehouse: str) -> dict[str, Any]:
    figure = one.figure.replace("_", " ")
    return {
        "sku": sku,
        "warehouse": warehouse,
        "figure": one.figure,
        "there": one.there,
        "wanted": one.wanted,
        "detail": f"{sku} in {warehouse}: only {one.there} {figure}, {one.wanted} wanted",
    }
