"""Who names a warehouse, room by room: said before it is deleted, and what keeps a made one from being taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.base import Base
from server.orders.models import Order
from server.orders.states import NOT_LEFT
from server.stores.models import Store
from server.warehousing.models import StockCount, StockList, Transfer

#: How many numbers are told at most.
NAMED = 10


def users(session: Session, warehouse_ids: Sequence[int]) -> dict[int, str]:
    """Who names these warehouses, in words, by warehouse; those that nobody names are left out."""
    rules = Base.metadata.tables["push_rule_warehouse"]  # push ranks above, its table is known all the same
    asked: tuple[tuple[str, str, Any, tuple[ColumnElement[bool], ...]], ...] = (
        ("store", "stores", Store.warehouse_id, ()),
        (
            "SKU as its default",
            "SKUs as their default",
            MerchantSku.default_warehouse_id,
            (MerchantSku.deleted_at.is_(None),),
        ),
        ("open order", "open orders", Order.warehouse_id, (Order.state.in_(NOT_LEFT),)),
        ("stock count in draft", "stock counts in draft", StockCount.warehouse_id, (StockCount.state == "draft",)),
        ("transfer in draft from it", "transfers in draft from it", Transfer.source_id, (Transfer.state == "draft",)),
        ("transfer in draft to it", "transfers in draft to it", Transfer.destination_id, (Transfer.state == "draft",)),
        ("push rule", "push rules", rules.columns["warehouse_id"], ()),
    )
    found: dict[int, list[str]] = defaultdict(list)
    for one, several, column, where in asked:
        rows = select(column, func.count()).where(column.in_(warehouse_ids), *where).group_by(column)
        for warehouse_id, count in session.execute(rows):
            found[warehouse_id].append(f"{count} {one if count == 1 else several}")
    for warehouse_id, numbers in _lists(session, warehouse_ids).items():
        more = f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else ""
        some = ", ".join(map(str, numbers[:NAMED]))
        lists = "1 stock list to do, which is" if len(numbers) == 1 else f"{len(numbers)} stock lists to do, which are"
        found[warehouse_id].append(f"{lists} deleted with it ({some}{more})")
    return {warehouse_id: ", ".join(said) for warehouse_id, said in found.items()}


def _lists(session: Session, warehouse_ids: Sequence[int]) -> dict[int, list[int]]:
    """By warehouse, the numbers of the stock lists that would go with it."""
    todo = (StockList.warehouse_id.in_(warehouse_ids), StockList.state == "todo")
    found: dict[int, list[int]] = defaultdict(list)
    for warehouse_id, number in session.execute(
        select(StockList.warehouse_id, StockList.id).where(*todo).order_by(StockList.id)
    ):
        found[warehouse_id].append(number)
    return found
