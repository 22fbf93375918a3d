"""A page of news from a store, taken in: new orders written down and allocated, known ones brought up to date.

The statements of a page don't grow with its orders. The same page again changes nothing (ORD-3).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, insert, select
from sqlalchemy.orm import Session

from server.channels.protocol import MarketOrder, MarketStatus
from server.db.bulk import NUMBER, TEXT, dialect_of, relation
from server.orders import rules, service
from server.orders.allocating import uncovered
from server.orders.models import Order, OrderLine
from server.orders.states import Action, State
from server.outbox import queue
from server.outbox.causes import Cause
from server.stores.listings import ensure_store_skus
from server.stores.models import Store, StoreSku

CAUSE = Cause.ORDER_SYNC


@dataclass
class Taken:
    """What a page came to: orders new, changed, left as they were, and ignored (before the start date)."""

    new: int = 0
    changed: int = 0
    same: int = 0
    ignored: int = 0


def take_in(session: Session, store: Store, news: Sequence[MarketOrder], *, by: str, at: datetime) -> Taken:
    """Take in what a store says of its orders. Late and repeated news changes nothing it should not (ORD-3)."""
    taken = Taken()
    wanted = _newest(store, news, taken)
    store_skus = _store_skus(session, store, wanted, at)
    known = _lock_known(session, store, list(wanted))
    heard: set[int] = set()
    by_action: dict[Action, list[Order]] = defaultdict(list)
    later: list[tuple[Order, tuple[Action, ...]]] = []
    for number, order in known.items():
        decision = rules.decide(_as_known(order), wanted[number])
        if not decision.keep:
            taken.same += 1
            continue
        taken.changed += 1
        heard.update(store_skus[line.store_sku].id for line in wanted[number].lines)
        _bring_up_to_date(order, wanted[number])
        if decision.actions:
            later.append((order, decision.actions))
    fresh = [order for number, order in wanted.items() if number not in known]
    made = _write_new(session, store, fresh, store_skus, at)
    taken.new = len(made)
    heard.update(store_skus[line.store_sku].id for order in fresh for line in order.lines)
    session.flush()
    later += [(order, (Action.TAKE_IN,)) for order in made if _counts(order, wanted[order.number])]
    _act(session, later, by_action, by=by, at=at)
    _tell_push(session, store_skus, heard, at)
    return taken


def _newest(store: Store, news: Sequence[MarketOrder], taken: Taken) -> dict[str, MarketOrder]:
    """The newest news of each order; orders placed before the store's start date are ignored for good (ORD-12)."""
    newest: dict[str, MarketOrder] = {}
    for order in news:
        if store.orders_from is not None and order.placed_at < store.orders_from:
            taken.ignored += 1
        elif order.number not in newest or newest[order.number].updated_at <= order.updated_at:
            newest[order.number] = order
    return newest


def _store_skus(session: Session, store: Store, wanted: dict[str, MarketOrder], at: datetime) -> dict[str, StoreSku]:
    """The store SKUs of all lines by code; those never seen before are written down, unmapped."""
    codes = {line.store_sku for order in wanted.values() for line in order.lines}
    numbers = ensure_store_skus(session, ((store.id, code) for code in codes), at=at)
    with relation(session, {"id": NUMBER}, [(number,) for number in numbers.values()]) as r:
        query = select(StoreSku).join(r, StoreSku.id == r.c.id).order_by(StoreSku.id)
        if dialect_of(session) == "postgresql":
            # A mapping made at this very moment would look for waiting orders before these are there (CAT-9).
            query = query.with_for_update(read=True, of=StoreSku)
        return {row.code: row for row in session.scalars(query.execution_options(populate_existing=True))}


def _lock_known(session: Session, store: Store, numbers: Sequence[str]) -> dict[str, Order]:
    with relation(session, {"number": TEXT}, [(number,) for number in numbers]) as r:
        on = and_(Order.store_id == store.id, Order.number == r.c.number)
        query = select(Order).join(r, on).order_by(Order.id)
        if dialect_of(session) == "postgresql":
            query = query.with_for_update(of=Order)
        rows = session.scalars(query.execution_options(populate_existing=True))
        return {order.number: order for order in rows}


def _as_known(order: Order) -> rules.Known:
    return rules.Known(State(order.state), MarketStatus(order.market_status), order.seen_at, order.content)


def _facts(order: MarketOrder) -> dict[str, Any]:
    return {
        "market_status": order.status.value,
        "cod": order.cod,
        "hold": order.hold,
        "cancel_pending": order.cancel_pending,
        "counts_at": rules.counts_from(order),
        "seen_at": order.updated_at,
        "content": rules.content_of(order),
        "total": order.total,
        "currency": order.currency or "",
        "tracking": list(order.tracking_numbers),
    }


def _bring_up_to_date(order: Order, news: MarketOrder) -> None:
    facts = _facts(news)
    if order.counts_at is not None:
        facts.pop("counts_at")  # what it once counted from stays its place in the queue
    for name, value in facts.items():
        setattr(order, name, value)


def _write_new(
    session: Session, store: Store, fresh: Sequence[MarketOrder], store_skus: dict[str, StoreSku], at: datetime
) -> list[Order]:
    if not fresh:
        return []
    rows = [
        {
            "store_id": store.id,
            "number": order.number,
            "state": rules.first_state(order, recorded=store.is_choice).value,
            "placed_at": order.placed_at,
            "created_at": at,
            "updated_at": at,
            **_facts(order),
        }
        for order in fresh
    ]
    session.execute(insert(Order), rows)
    numbered = _lock_known(session, store, [order.number for order in fresh])
    made = [numbered[order.number] for order in fresh]
    lines = [
        {
            "order_id": row.id,
            "line_key": line.line_id,
            "store_sku_id": store_skus[line.store_sku].id,
            "sku_id": store_skus[line.store_sku].sku_id,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "name": line.name[:300],
        }
        for row, order in zip(made, fresh, strict=True)
        for line in rules.added_up(order.lines)
    ]
    if lines:
        session.execute(insert(OrderLine), lines)
    return made


def _counts(order: Order, news: MarketOrder) -> bool:
    """Whether a new order takes stock now (ORD-1)."""
    return order.state == State.UNPAID and news.status is not MarketStatus.UNPAID


def _act(
    session: Session,
    later: Sequence[tuple[Order, tuple[Action, ...]]],
    by_action: dict[Action, list[Order]],
    *,
    by: str,
    at: datetime,
) -> None:
    """Releases and deductions before allocations, so that what one order gives back another may get.

    An order in process that was shipped at the market, but that the shelf no longer covers (STK-5), waits as it is: it
    stays at risk until stock is put right, and holds up no other news.
    """
    waiting: set[int] = set()
    for place in range(max((len(actions) for _, actions in later), default=0)):
        by_action.clear()
        for order, actions in later:
            if place < len(actions):
                by_action[actions[place]].append(order)
        for action in sorted(by_action, key=lambda action: action is Action.TAKE_IN):
            some = by_action[action]
            if action is Action.SHIPPED_OUTSIDE:
                waiting |= uncovered(session, [order for order in some if order.state == State.IN_PROCESS])
            able = [order for order in some if order.id not in waiting]
            service.perform(session, action, able, by=by, at=at, cause=CAUSE)


def _tell_push(session: Session, store_skus: dict[str, StoreSku], heard: set[int], at: datetime) -> None:
    """The shop changed its own figures: what it shows is unknown, and its SKUs are evaluated (PSH-8, cause 1)."""
    mapped = {row.sku_id for row in store_skus.values() if row.id in heard and row.sku_id is not None}
    queue.mark(session, mapped, cause=CAUSE, at=at)  # before `told`: everyone locks `changed` first
    queue.forget_told(session, heard)
