"""Orders, read: with their lines and what they hold; which are at risk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import FromClause

from server.catalog.models import MerchantSku
from server.db.bulk import NUMBER, relation
from server.errors import NotFound
from server.ledger.models import Balance
from server.orders.models import Order, OrderHold, OrderLine
from server.orders.states import WAITING, State
from server.places.models import Warehouse
from server.stores.models import Store, StoreSku


@dataclass(frozen=True)
class LineView:
    """A line as people see it: what it holds and has deducted, in units of the line."""

    id: int
    store_sku: str
    sku: str | None
    quantity: int
    held: int
    deducted: int
    returned: int
    name: str
    sku_id: int | None


@dataclass(frozen=True)
class OrderView:
    """An order with its lines."""

    order: Order
    store: str
    warehouse: str | None
    at_risk: bool
    lines: Sequence[LineView]

    @property
    def warnings(self) -> list[str]:
        """What to look at before going on with it."""
        order = self.order
        waits = order.state in WAITING
        found = {
            "the buyer asked to cancel it": order.cancel_pending and (waits or order.state == State.TO_PICKUP),
            "on hold at the store: not to be packed": order.hold and waits,
            "the shelf no longer covers it": self.at_risk,
            "shipped outside and not deducted: it did not fit": order.listed,
        }
        return [text for text, applies in found.items() if applies]


def orders(
    *,
    store_id: int | None = None,
    number: str | None = None,
    state: str | None = None,
    sku_id: int | None = None,
    at_risk: bool = False,
) -> Select[Order]:
    """Orders by store, number, state, with a line of a merchant SKU, or those at risk only (ORD-14)."""
    query = select(Order)
    if store_id is not None:
        query = query.where(Order.store_id == store_id)
    if number is not None:
        query = query.where(Order.number == number)
    if state is not None:
        query = query.where(Order.state == state)
    if sku_id is not None:
        query = query.where(Order.id.in_(select(OrderLine.order_id).where(OrderLine.sku_id == sku_id)))
    if at_risk:
        query = query.where(Order.id.in_(risky(None)))
    return query


def find_order(session: Session, order_id: int) -> Order:
    """One order. Raises `NotFound`."""
    order = session.get(Order, order_id)
    if order is None:
        raise NotFound(f"there is no order {order_id}")
    return order


def views(session: Session, some: Sequence[Order]) -> list[OrderView]:
    """The orders with names, lines and holds; a handful of queries whatever their number."""
    ids = [order.id for order in some]
    lines = _lines(session, ids)
    shaky = at_risk(session, ids)
    stores = {row.id: row.name for row in session.execute(select(Store.id, Store.name))}
    warehouses = {row.id: row.code for row in session.execute(select(Warehouse.id, Warehouse.code))}
    return [
        OrderView(
            order,
            stores[order.store_id],
            warehouses.get(order.warehouse_id) if order.warehouse_id is not None else None,
            order.id in shaky,
            lines[order.id],
        )
        for order in some
    ]


def _lines(session: Session, order_ids: Iterable[int]) -> dict[int, list[LineView]]:
    found: dict[int, list[LineView]] = defaultdict(list)
    with relation(session, {"id": NUMBER}, [(number,) for number in order_ids]) as r:
        # A line of a combination takes several SKUs, each `per_unit` times: units of the line are the same for all.
        held = func.coalesce(func.max(OrderHold.held / OrderHold.per_unit), 0)
        deducted = func.coalesce(func.max(OrderHold.deducted / OrderHold.per_unit), 0)
        returned = func.coalesce(func.max(OrderHold.returned / OrderHold.per_unit), 0)
        query = (
            select(OrderLine, StoreSku.code, MerchantSku.code, held, deducted, returned)
            .join(r, r.c.id == OrderLine.order_id)
            .join(StoreSku, StoreSku.id == OrderLine.store_sku_id)
            .outerjoin(MerchantSku, MerchantSku.id == OrderLine.sku_id)
            .outerjoin(OrderHold, OrderHold.line_id == OrderLine.id)
            .where(or_(OrderLine.quantity > 0, OrderHold.deducted > 0))
            .group_by(OrderLine.id, StoreSku.code, MerchantSku.code)
            .order_by(OrderLine.id)
        )
        for line, store_sku, sku, holds, took, came_back in session.execute(query):
            units = (line.quantity, int(holds), int(took), int(came_back))
            found[line.order_id].append(LineView(line.id, store_sku, sku, *units, line.name, line.sku_id))
    return found


def at_risk(session: Session, order_ids: Iterable[int]) -> set[int]:
    """Those of the orders that the shelf no longer covers (STK-5): walking all that hold a SKU from oldest to newest,
    the running sum passes what is on hand."""
    wanted = set(order_ids)
    with relation(session, {"id": NUMBER}, [(number,) for number in wanted]) as r:
        keys = (
            select(OrderHold.warehouse_id, OrderHold.sku_id)
            .join(OrderLine, OrderLine.id == OrderHold.line_id)
            .join(r, r.c.id == OrderLine.order_id)
            .where(OrderHold.held > 0)
            .distinct()
            .subquery()
        )
        return set(session.scalars(risky(keys))) & wanted


def risky(keys: FromClause | None) -> Select[int]:
    """The orders at risk: of those that hold a SKU of `keys` (warehouse, SKU), or of all. One that was raised in its
    store and waits for the rest holds as well (ORD-10). Only what waits holds any: looked for among those orders, not
    among all that there ever were."""
    held = (
        select(
            OrderLine.order_id,
            OrderHold.warehouse_id,
            OrderHold.sku_id,
            func.sum(OrderHold.held).label("held"),
        )
        .join(OrderLine, OrderLine.id == OrderHold.line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderHold.held > 0, Order.state.in_(WAITING))
        .group_by(OrderLine.order_id, OrderHold.warehouse_id, OrderHold.sku_id)
    )
    if keys is not None:
        held = held.join(keys, _same_place(OrderHold, keys))
    needs = held.subquery()
    running = func.sum(needs.c.held).over(
        partition_by=(needs.c.warehouse_id, needs.c.sku_id),
        order_by=(func.coalesce(Order.counts_at, Order.placed_at), Order.id),
    )
    walked = (
        select(needs.c.order_id, needs.c.warehouse_id, needs.c.sku_id, running.label("sum"))
        .join(Order, Order.id == needs.c.order_id)
        .subquery()
    )
    passing: Select[int] = (
        select(walked.c.order_id)
        .join(Balance, _same_place(Balance, walked))
        .where(walked.c.sum > Balance.on_hand)
        .distinct()
    )
    return passing


def _same_place(one: Any, other: Any) -> Any:
    left, right = (getattr(side, "c", side) for side in (one, other))
    return and_(left.warehouse_id == right.warehouse_id, left.sku_id == right.sku_id)
