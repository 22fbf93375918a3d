"""Delete a warehouse nobody uses any more (WH-5): what stands in the way is named, room by room."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import ColumnElement

from server.catalog.models import MerchantSku
from server.db.base import Base
from server.db.referring import referring
from server.errors import Refused
from server.orders.models import Order
from server.places import service
from server.places.queries import find_warehouse
from server.stores.models import Store
from server.warehousing.models import StockList

#: States in which an order needs no warehouse any more; a voided one can be reverted and does.
_OVER = ("shipped", "completed", "cancelled", "recorded")


def delete_warehouse(session: Session, warehouse_id: int, *, by: str, at: datetime) -> None:
    """Delete it, with its shelves; its movements, finished orders and completed stock lists stay.

    Raises `NotFound`; `Refused` for the default, while anything is on hand or on the way there (listing the SKUs),
    and while stores, SKUs, push rules, open orders or stock lists to do still name it.
    """
    code = find_warehouse(session, warehouse_id).code
    service.refuse_unless_empty(session, warehouse_id)
    used = [f"{count} {what}" for what, count in _users(session, warehouse_id) if count]
    if used:
        raise Refused(f"warehouse '{code}' is still used by {', '.join(used)}; give them another one first")
    service.delete_warehouse(session, warehouse_id, by=by, at=at)


def _users(session: Session, warehouse_id: int) -> Iterator[tuple[str, int]]:
    def count(model: type[Base], *where: ColumnElement[bool]) -> int:
        return session.scalar(select(func.count()).select_from(model).where(*where)) or 0

    yield "stores", count(Store, Store.warehouse_id == warehouse_id)
    living = MerchantSku.deleted_at.is_(None)
    yield "SKUs as their default", count(MerchantSku, MerchantSku.default_warehouse_id == warehouse_id, living)
    yield "open orders", count(Order, Order.warehouse_id == warehouse_id, Order.state.not_in(_OVER))
    yield "stock lists to do", count(StockList, StockList.warehouse_id == warehouse_id, StockList.state == "todo")
    yield "push rules", referring(session, "warehouse", [warehouse_id]).get("push_rule_warehouse", 0)
