"""Change mappings, and what follows for orders: for one order, for those to come, or for all that wait (CAT-9)."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.access.audit import audit, audit_all
from server.db.bulk import NUMBER, relation
from server.errors import NotFound, WrongUse
from server.orders import changing, service
from server.orders.models import Order, OrderLine
from server.orders.states import NEW, Action, State
from server.outbox.causes import Cause
from server.stores.mapping import Mapped, Matches, map_many, match
from server.stores.models import StoreSku


class Scope(enum.StrEnum):
    """Whom a changed mapping is for (CAT-9)."""

    THIS_ORDER = "this order only"
    FUTURE = "future orders"
    ALL_NEW = "all new orders"


def scope_named(text: str | None) -> Scope:
    """The scope that people name, in these words or the first of them; future orders unless named. Raises
    `WrongUse`."""
    if text is None or not text.strip():
        return Scope.FUTURE
    wanted = " ".join(text.replace("_", " ").replace("-", " ").lower().split())
    for scope in Scope:
        if wanted == scope.value or wanted == scope.value.rsplit(" ", 1)[0]:
            return scope
    raise WrongUse(f"scope is one of {', '.join(Scope)}, not '{text[:60]}'", field="scope")


def change_mapping(
    session: Session,
    wanted: Mapping[int, int | None],
    *,
    by: str,
    at: datetime,
    cause: Cause = Cause.MAPPING,
    scope: Scope = Scope.FUTURE,
) -> Sequence[Mapped]:
    """Map store SKUs to merchant SKUs (None takes the mapping away), and try the orders that waited for a mapping.
    Gives the mappings that changed.

    With all new orders, every order of them that is not packed yet takes the new SKU too, also one that carried a
    mapping of its own; its allocation moves in this transaction, or it becomes out of stock.
    """
    if scope is Scope.THIS_ORDER:
        raise WrongUse("this order only: say which order", field="scope")
    changed = map_many(session, wanted, cause=cause, by=by, at=at)
    if scope is Scope.ALL_NEW:
        lines = {each.line_id: each.new_sku_id for each in new_lines(session, wanted)}
        moved = changing.change_lines(session, lines, by=by, at=at, cause=cause, only=NEW)
        if moved:
            audit(session, by, "order.change_mapping", f"{len(moved)} orders", at=at, orders=[o.id for o in moved[:50]])
    try_waiting(session, changed, by=by, at=at)
    return changed


class Remap(NamedTuple):
    """A line of an order that would get another merchant SKU."""

    line_id: int
    store_sku_id: int
    old_sku_id: int | None
    new_sku_id: int | None


def new_lines(session: Session, wanted: Mapping[int, int | None]) -> list[Remap]:
    """The lines of all new orders that have another merchant SKU now than their store SKU would get."""
    with relation(session, {"store_sku_id": NUMBER, "sku_id": NUMBER}, list(wanted.items())) as r:
        query = (
            select(OrderLine.id, OrderLine.store_sku_id, OrderLine.sku_id, r.c.sku_id)
            .join(r, r.c.store_sku_id == OrderLine.store_sku_id)
            .join(Order, Order.id == OrderLine.order_id)
            .where(Order.state.in_(NEW), OrderLine.quantity > 0, OrderLine.sku_id.is_distinct_from(r.c.sku_id))
            .order_by(OrderLine.id)
        )
        return [Remap(*row) for row in session.execute(query)]


def waiting_lines(session: Session, wanted: Mapping[int, int | None]) -> list[Remap]:
    """The lines of unmapped orders to which `try_waiting` would give a merchant SKU by these mappings."""
    rows = [(number, sku_id) for number, sku_id in wanted.items() if sku_id is not None]
    with relation(session, {"store_sku_id": NUMBER, "sku_id": NUMBER}, rows) as r:
        query = (
            select(OrderLine.id, OrderLine.store_sku_id, OrderLine.sku_id, r.c.sku_id)
            .join(r, r.c.store_sku_id == OrderLine.store_sku_id)
            .join(Order, Order.id == OrderLine.order_id)
            .where(Order.state == State.UNMAPPED, OrderLine.sku_id.is_(None))
            .order_by(OrderLine.id)
        )
        return [Remap(*row) for row in session.execute(query)]


def change_for_orders(
    session: Session,
    wanted: Mapping[tuple[int, int], int],
    *,
    by: str,
    at: datetime,
    cause: Cause = Cause.MAPPING,
) -> list[Order]:
    """Map the lines of (order, store SKU) to merchant SKUs for these orders only; the mapping itself stays.

    Gives the orders that changed. Raises `NotFound` for an order without such a line, and `NotPossible`.
    """
    lines = lines_of(session, wanted)
    missing = next((pair for pair in wanted if pair not in lines), None)
    if missing is not None:
        code = session.scalar(select(StoreSku.code).where(StoreSku.id == missing[1]))
        raise NotFound(f"order {missing[0]} has no line of store SKU '{code or missing[1]}'")
    chosen = {line: wanted[pair] for pair, some in lines.items() for line in some}
    orders = changing.change_lines(session, dict(chosen), by=by, at=at, cause=cause)
    changed = [("order.change_mapping", f"order {order.number}", {"order": order.id}) for order in orders]
    audit_all(session, by, changed, at=at)
    return orders


def lines_of(session: Session, pairs: Mapping[tuple[int, int], object]) -> dict[tuple[int, int], list[int]]:
    """The lines of (order, store SKU), for the pairs that have any."""
    found: dict[tuple[int, int], list[int]] = {}
    with relation(session, {"order_id": NUMBER, "store_sku_id": NUMBER}, list(pairs)) as r:
        query = (
            select(OrderLine.order_id, OrderLine.store_sku_id, OrderLine.id)
            .join(r, (r.c.order_id == OrderLine.order_id) & (r.c.store_sku_id == OrderLine.store_sku_id))
            .where(OrderLine.quantity > 0)
            .order_by(OrderLine.id)
        )
        for order_id, store_sku_id, line in session.execute(query):
            found.setdefault((order_id, store_sku_id), []).append(line)
    return found


def match_listings(session: Session, store_id: int, *, by: str, at: datetime) -> Matches:
    """Map a store's unmapped listings by its own rule (CAT-10), and try the orders that waited for them."""
    matches = match(session, store_id, by=by, at=at)
    try_waiting(session, matches.mapped, by=by, at=at)
    return matches


def try_waiting(session: Session, changed: Sequence[Mapped], *, by: str, at: datetime) -> int:
    """Lines of unmapped orders take the new mapping, and orders that now have one for every line are tried.

    Gives how many orders were tried.
    """
    rows = [(one.store_sku_id, one.new_sku_id) for one in changed if one.new_sku_id is not None]
    if not rows:
        return 0
    with relation(session, {"store_sku_id": NUMBER, "sku_id": NUMBER}, rows) as r:
        waiting = (
            select(OrderLine.order_id)
            .join(r, r.c.store_sku_id == OrderLine.store_sku_id)
            .join(Order, Order.id == OrderLine.order_id)
            .where(Order.state == State.UNMAPPED)
            .distinct()
        )
        orders = service.lock(session, session.scalars(waiting).all())
        unmapped = [order.id for order in orders if order.state == State.UNMAPPED]
        with relation(session, {"id": NUMBER}, [(number,) for number in unmapped]) as ids:
            session.execute(
                update(OrderLine)
                .where(
                    OrderLine.store_sku_id == r.c.store_sku_id,
                    OrderLine.sku_id.is_(None),
                    OrderLine.order_id.in_(select(ids.c.id)),
                )
                .values(sku_id=r.c.sku_id)
                .execution_options(synchronize_session=False)
            )
    service.act(session, Action.MOVE_TO_PACK, unmapped, by=by, at=at, cause=Cause.MAPPING)
    return len(unmapped)
