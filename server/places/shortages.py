"""What posting lacked, in the words of people: which SKU, where, and what is there (STK-4)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.bulk import NUMBER, relation
from server.ledger.errors import NotEnough
from server.places.models import Warehouse


def named(session: Session, short: NotEnough) -> NotEnough:
    """The same refusal naming SKUs and warehouses, one error for each that is short."""
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in {one.sku_id for one in short.shortages}]) as r:
        query = select(MerchantSku.id, MerchantSku.code).join(r, r.c.id == MerchantSku.id)
        skus = {row.id: row.code for row in session.execute(query)}
    places = {row.id: row.code for row in session.execute(select(Warehouse.id, Warehouse.code))}
    short.errors = [
        {
            "sku": skus[one.sku_id],
            "warehouse": places[one.warehouse_id],
            "figure": one.figure,
            "there": one.there,
            "wanted": one.wanted,
        }
        for one in short.shortages
    ]
    first = short.errors[0]
    short.text = f"{first['sku']} in {first['warehouse']}: {short.text}"
    return short
