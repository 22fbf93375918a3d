"""What news from a store means for an order; what a line takes. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from server.channels.protocol import MarketLine, MarketOrder, MarketStatus
from server.orders.states import TABLE, Action, State

#: How far along each market status is: equal-time news never moves backwards (ORD-3).
_RANK = {
    MarketStatus.UNPAID: 0,
    MarketStatus.READY_TO_SHIP: 1,
    MarketStatus.IN_PROCESS: 2,
    MarketStatus.SHIPPED: 3,
    MarketStatus.COMPLETED: 4,
    MarketStatus.RETURNED: 5,
    MarketStatus.CANCELLED: 5,
}


@dataclass(frozen=True)
class Known:
    """An order as it was last taken in."""

    state: State
    market_status: MarketStatus
    seen_at: datetime
    content: str


@dataclass(frozen=True)
class Decision:
    """What to do about news: nothing (stale or repeated), or keep it and take `actions` in turn."""

    keep: bool
    actions: tuple[Action, ...] = ()


def content_of(order: MarketOrder) -> str:
    """A hash of what an update says, to tell a repetition from other news of the same time."""
    parts = (
        order.status.value,
        order.market_status,
        order.hold,
        order.cancel_pending,
        order.cod,
        str(order.total),
        order.paid_at.isoformat() if order.paid_at else "",
        sorted(order.tracking_numbers),
        sorted((line.line_id, line.store_sku, line.quantity) for line in order.lines),
    )
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def counts_from(order: MarketOrder) -> datetime | None:
    """The moment the order began to count: its payment, or the buyer's confirmation of cash on delivery (ORD-1)."""
    if order.status is MarketStatus.UNPAID:
        return None
    return order.paid_at or order.placed_at


def decide(known: Known, order: MarketOrder) -> Decision:
    """ORD-3: an older update never undoes a newer one; at equal times, content that differs is applied but never
    moves a state backwards; the same again changes nothing."""
    if order.updated_at < known.seen_at:
        return Decision(False)
    if order.updated_at == known.seen_at:
        if content_of(order) == known.content:
            return Decision(False)
        if _RANK[order.status] < _RANK[known.market_status]:
            return Decision(False)
    return Decision(True, actions_for(known.state, order.status))


def actions_for(state: State, status: MarketStatus) -> tuple[Action, ...]:
    """The actions that bring an order in `state` to what the store reports, those that its state allows."""
    if state is State.RECORDED:
        return ()
    wanted = {
        MarketStatus.UNPAID: (),
        MarketStatus.READY_TO_SHIP: (Action.TAKE_IN,),
        MarketStatus.IN_PROCESS: (Action.TAKE_IN,),
        MarketStatus.SHIPPED: (Action.SHIPPED_OUTSIDE,),
        MarketStatus.COMPLETED: (Action.SHIPPED_OUTSIDE, Action.DELIVER),
        MarketStatus.RETURNED: (Action.SHIPPED_OUTSIDE, Action.DELIVER),
        MarketStatus.CANCELLED: (Action.CANCEL,),
    }[status]
    taken: list[Action] = []
    for action in wanted:
        step = TABLE.get((state, action))
        if step is not None:
            taken.append(action)
            state = step.to or state
    return tuple(taken)


def first_state(order: MarketOrder, *, recorded: bool) -> State:
    """The state of an order never seen before, ahead of allocating: one that was shipped or cancelled before it was
    first seen took nothing here."""
    if recorded or order.platform_fulfilled:
        return State.RECORDED
    if order.status is MarketStatus.SHIPPED:
        return State.SHIPPED
    if order.status in (MarketStatus.COMPLETED, MarketStatus.RETURNED):
        return State.COMPLETED
    if order.status is MarketStatus.CANCELLED:
        return State.CANCELLED
    return State.UNPAID


def added_up(lines: Iterable[MarketLine]) -> list[MarketLine]:
    """Lines with one line id each; a market that repeats an id means more units of it."""
    known: dict[str, MarketLine] = {}
    for line in lines:
        if line.line_id in known:
            first = known[line.line_id]
            line = MarketLine(
                first.line_id, first.store_sku, first.quantity + line.quantity, first.name, first.unit_price
            )
        known[line.line_id] = line
    return list(known.values())


class Part(NamedTuple):
    """What one unit of a merchant SKU takes: `per_unit` of a SKU with stock (CAT-6)."""

    sku_id: int
    per_unit: int


def parts_of(sku_id: int, *, combination: bool, own_stock: bool, recipe: Sequence[tuple[int, int]]) -> tuple[Part, ...]:
    """A single takes itself; a combination its components and, with own stock, one of itself."""
    if not combination:
        return (Part(sku_id, 1),)
    parts = tuple(Part(component, quantity) for component, quantity in recipe)
    return (*parts, Part(sku_id, 1)) if own_stock else parts


def warehouse_of(own_defaults: Iterable[int | None], store: int | None, default: int) -> int:
    """WH-1: the lines' SKUs' common own default if all lines have the same one, else the store's, else the default."""
    own = set(own_defaults)
    if len(own) == 1 and (common := next(iter(own))) is not None:
        return common
    return store if store is not None else default


def fits(need: Mapping[tuple[int, int], int], available: Mapping[tuple[int, int], int]) -> bool:
    """Whether all of an order fits: whole or not at all (ORD-2)."""
    return all(available.get(key, 0) >= quantity for key, quantity in need.items())
