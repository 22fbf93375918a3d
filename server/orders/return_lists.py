"""Returns, read: with their lines and in people's words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.bulk import NUMBER, relation
from server.orders.models import Order, OrderLine, OrderReturn, OrderReturnLine
from server.places.models import Warehouse
from server.stores.models import Store, StoreSku


class ReturnLineView(NamedTuple):
    """Units of a SKU that come back, where and in which condition."""

    store_sku: str
    sku: str
    warehouse: str
    quantity: int
    defective: bool


@dataclass(frozen=True)
class ReturnView:
    """A return with its lines."""

    row: OrderReturn
    store: str
    number: str
    lines: Sequence[ReturnLineView]


def returns_by(*, order_id: int | None = None, state: str | None = None) -> Select[OrderReturn]:
    """Returns of an order, in a state."""
    query = select(OrderReturn)
    if order_id is not None:
        query = query.where(OrderReturn.order_id == order_id)
    if state is not None:
        query = query.where(OrderReturn.state == state)
    return query


def return_views(session: Session, some: Sequence[OrderReturn]) -> list[ReturnView]:
    """The returns with names and lines; two queries whatever their number."""
    lines: dict[int, list[ReturnLineView]] = defaultdict(list)
    orders: dict[int, tuple[str, str]] = {}
    with relation(session, {"id": NUMBER}, [(row.id,) for row in some]) as r:
        detail = (
            select(
                OrderReturnLine.return_id,
                StoreSku.code,
                MerchantSku.code,
                Warehouse.code,
                OrderReturnLine.quantity,
                OrderReturnLine.defective,
            )
            .join(r, r.c.id == OrderReturnLine.return_id)
            .join(OrderLine, OrderLine.id == OrderReturnLine.line_id)
            .join(StoreSku, StoreSku.id == OrderLine.store_sku_id)
            .join(MerchantSku, MerchantSku.id == OrderReturnLine.sku_id)
            .join(Warehouse, Warehouse.id == OrderReturnLine.warehouse_id)
            .order_by(OrderReturnLine.return_id, OrderReturnLine.line)
        )
        for return_id, store_sku, sku, warehouse, quantity, defective in session.execute(detail):
            lines[return_id].append(ReturnLineView(store_sku, sku, warehouse, quantity, defective))
        owner = (
            select(OrderReturn.id, Store.name, Order.number)
            .join(r, r.c.id == OrderReturn.id)
            .join(Order, Order.id == OrderReturn.order_id)
            .join(Store, Store.id == Order.store_id)
        )
        for return_id, store, number in session.execute(owner):
            orders[return_id] = (store, number)
    return [ReturnView(row, *orders[row.id], lines[row.id]) for row in some]
