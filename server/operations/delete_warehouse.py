"""Delete a warehouse nobody uses any more (WH-5): what stands in the way is named, room by room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.base import Base
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
    used = users(session, [warehouse_id])
    if used:
        raise Refused(f"warehouse '{code}' is still used by {used[warehouse_id]}; give them another one first")
    service.delete_warehouse(session, warehouse_id, by=by, at=at)


def users(session: Session, warehouse_ids: Sequence[int]) -> dict[int, str]:
    """Who still names these warehouses, in words, by warehouse; those that nobody names are left out."""
    rules = Base.metadata.tables["push_rule_warehouse"]  # push ranks above, its table is known all the same
    asked: tuple[tuple[str, Any, tuple[ColumnElement[bool], ...]], ...] = (
        ("stores", Store.warehouse_id, ()),
        ("SKUs as their default", MerchantSku.default_warehouse_id, (MerchantSku.deleted_at.is_(None),)),
        ("open orders", Order.warehouse_id, (Order.state.not_in(_OVER),)),
        ("stock lists to do", StockList.warehouse_id, (StockList.state == "todo",)),
        ("push rules", _column(rules, "warehouse_id"), ()),
    )
    found: dict[int, list[str]] = defaultdict(list)
    for what, column, where in asked:
        rows = select(column, func.count()).where(column.in_(warehouse_ids), *where).group_by(column)
        for warehouse_id, count in session.execute(rows):
            found[warehouse_id].append(f"{count} {what}")
    return {warehouse_id: ", ".join(said) for warehouse_id, said in found.items()}


def _column(table: Table, name: str) -> Any:
    return table.columns[name]
