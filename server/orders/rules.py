"""What news from a store means for an order; what a line takes. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from server.channels.protocol import MarketLine, MarketOrder, MarketStatus
from server.orders.states import DEDUCTED, TABLE, Action, State

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
class Ways:
    """What a store's settings say of cancelling (ORD-8) and of shipping outside (ORD-9)."""

    returns_on_cancel: bool = False
    deducts_outside: bool = False


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
        sorted((*order.tracking_numbers, *order.package_numbers)),
        sorted((line.line_id, line.store_sku, line.quantity) for line in order.lines),
    )
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def counts_from(order: MarketOrder) -> datetime | None:
    """The moment the order began to count: its payment, or the buyer's confirmation of cash on delivery (ORD-1)."""
    if order.status is MarketStatus.UNPAID:
        return None
    return order.paid_at or order.placed_at


def decide(known: Known, order: MarketOrder, *, ways: Ways) -> Decision:
    """ORD-3: an older update never undoes a newer one; at equal times, content that differs is applied but never
    moves a state backwards; the same again changes nothing."""
    if order.updated_at < known.seen_at:
        return Decision(False)
    if order.updated_at == known.seen_at:
        if content_of(order) == known.content:
            return Decision(False)
        if _RANK[order.status] < _RANK[known.market_status]:
            return Decision(False)
    return Decision(True, actions_for(known.state, order, ways=ways))


def replaces(order: MarketOrder, known: MarketOrder) -> bool:
    """Whether news told after other news of the same order is the one to go by: at equal times one that does not step
    back (ORD-3)."""
    return (order.updated_at, _RANK[order.status]) >= (known.updated_at, _RANK[known.status])


def actions_for(state: State, order: MarketOrder, *, ways: Ways) -> tuple[Action, ...]:
    """The actions that bring an order in `state` to what the store reports, those that its state allows."""
    if state is State.RECORDED:
        return ()
    outside = Action.SHIPPED_OUTSIDE_DEDUCTED if ways.deducts_outside else Action.SHIPPED_OUTSIDE
    wanted: dict[MarketStatus, tuple[Action, ...]] = {
        MarketStatus.UNPAID: (),
        MarketStatus.READY_TO_SHIP: (Action.TAKE_IN,),
        MarketStatus.IN_PROCESS: (Action.TAKE_IN,),
        MarketStatus.SHIPPED: (outside,),
        MarketStatus.COMPLETED: (outside, Action.DELIVER),
        # It was shipped, so much is sure; that it came back is listed, and its state kept (ORD-11).
        MarketStatus.RETURNED: () if state in DEDUCTED else (outside,),
        MarketStatus.CANCELLED: (cancelled_at_market(order, ways=ways),),
    }
    taken: list[Action] = []
    for action in wanted[order.status]:
        step = TABLE.get((state, action))
        if step is not None:
            taken.append(action)
            state = step.to or state
    return tuple(taken)


#: After so long a cancelled order's quantity is never returned, where the store has the other rule (ORD-8).
RETURNED_WITHIN = timedelta(days=14)


def too_late(placed_at: datetime, cancelled_at: datetime) -> bool:
    """Whether an order is cancelled more than 14 days after it was placed (ORD-8)."""
    return cancelled_at - placed_at > RETURNED_WITHIN


def cancelled_at_market(order: MarketOrder, *, ways: Ways) -> Action:
    """How an order is cancelled that its store reports as cancelled: by the store's rule (ORD-8)."""
    if not ways.returns_on_cancel:
        return Action.CANCEL
    return Action.CANCEL_NOT_RETURNED if too_late(order.placed_at, order.updated_at) else Action.CANCEL_RETURNED


def cancelled_here(placed_at: datetime, at: datetime, *, ways: Ways, return_quantity: bool | None) -> Action | None:
    """How an order is cancelled in Stockbook: by the store's rule, and what the caller says (ORD-8).

    None: the store's other rule wants the caller to say it.
    """
    if not ways.returns_on_cancel:
        return Action.CANCEL
    if too_late(placed_at, at):
        return Action.CANCEL_NOT_RETURNED
    if return_quantity is None:
        return None
    return Action.CANCEL_RETURNED if return_quantity else Action.CANCEL_NOT_RETURNED


def first_state(order: MarketOrder, *, recorded: bool, ways: Ways, since: datetime) -> State:
    """The state of an order never seen before, ahead of allocating: one that was shipped or cancelled before it was
    first seen took nothing here. `since`: where the store's setting deducts what is shipped outside (ORD-9), one that
    was placed from then on goes the way of any other, so that it is deducted."""
    if recorded or order.platform_fulfilled:
        return State.RECORDED
    if ways.deducts_outside and order.placed_at >= since and order.status is not MarketStatus.CANCELLED:
        return State.UNPAID
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


class KnownLine(NamedTuple):
    """A line as it was last taken in: of the order itself or of one of its supplements."""

    id: int
    order_id: int
    key: str
    store_sku_id: int
    quantity: int


class ToldLine(NamedTuple):
    """A line as the store tells it now."""

    key: str
    store_sku_id: int
    quantity: int


@dataclass(frozen=True)
class Edits:
    """What an edit in the store changes (ORD-10): new quantities of lines that fall, units by key that come on top,
    and lines whose key now means another store SKU."""

    falls: Mapping[int, int]
    rises: Mapping[str, int]
    replaced: Sequence[int] = ()

    def __bool__(self) -> bool:
        return bool(self.falls or self.rises or self.replaced)


def edits_of(known: Sequence[KnownLine], told: Sequence[ToldLine]) -> Edits:
    """Compare lines by their keys. `known`: the order's own lines first, then those of its supplements, oldest first;
    units that fall are taken from the newest supplement first. No lines told say nothing."""
    if not told:
        return Edits({}, {})
    by_key: dict[str, list[KnownLine]] = {}
    for line in known:
        by_key.setdefault(line.key, []).append(line)
    falls: dict[int, int] = {}
    rises: dict[str, int] = {}
    replaced: list[int] = []
    for key, store_sku_id, quantity in told:
        same = by_key.pop(key, [])
        if same and same[0].store_sku_id != store_sku_id:
            falls |= {line.id: 0 for line in same if line.quantity}
            replaced += [line.id for line in same]
            same = []
        there = sum(line.quantity for line in same)
        if quantity > there:
            rises[key] = quantity - there
        else:
            falls |= _fallen(same, there - quantity)
    for gone in by_key.values():
        falls |= {line.id: 0 for line in gone if line.quantity}
    return Edits(falls, rises, replaced)


def _fallen(lines: Sequence[KnownLine], units: int) -> dict[int, int]:
    falls: dict[int, int] = {}
    for line in reversed(lines):
        fall = min(units, line.quantity)
        if fall:
            falls[line.id] = line.quantity - fall
            units -= fall
    return falls


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
