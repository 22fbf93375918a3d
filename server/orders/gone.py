"""What orders have taken may have been deleted since: SKUs (CAT-13) and warehouses (WH-6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.bulk import NUMBER, relation
from server.orders.models import OrderHold
from server.places.models import Warehouse
from server.places.queries import default_warehouse


@dataclass(frozen=True)
class Gone:
    """What of it is deleted. `skus`: their codes; `elsewhere`: for each warehouse the one that stands in for it."""

    skus: Mapping[int, str]
    elsewhere: Mapping[int, int]

    def place(self, warehouse_id: int) -> int:
        """Where units come back that left from there."""
        return self.elsewhere.get(warehouse_id, warehouse_id)


def gone_among(session: Session, holds: Iterable[OrderHold]) -> Gone:
    """What of the SKUs and warehouses of these holds is deleted."""
    taken = list(holds)
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in {hold.sku_id for hold in taken}]) as r:
        dead = (
            select(MerchantSku.id, MerchantSku.code)
            .join(r, r.c.id == MerchantSku.id)
            .where(MerchantSku.deleted_at.is_not(None))
        )
        skus = {row.id: row.code for row in session.execute(dead)}
    places = {hold.warehouse_id for hold in taken}
    closed = session.scalars(select(Warehouse.id).where(Warehouse.id.in_(places), Warehouse.deleted_at.is_not(None)))
    left = closed.all()
    default = default_warehouse(session).id if left else 0
    return Gone(skus, dict.fromkeys(left, default))
