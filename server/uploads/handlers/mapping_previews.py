"""What changed mappings would make of orders (CAT-9, WB-5): the arithmetic of applying them, on figures nobody locked.

In the order of applying: mappings for future orders, after which unmapped orders that waited for one are tried; then
those for all new orders, whose lines give back what they hold before any order is tried.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db.bulk import NUMBER, relation
from server.operations.change_mapping import Remap
from server.orders import service
from server.orders.allocating import outcomes
from server.orders.holding import holds_of
from server.orders.models import Order, OrderLine
from server.orders.needs import Key, Need, Other, Part, age_of, needs_of
from server.orders.states import State
from server.switches import service as switches
from server.uploads.handlers import stock_lists


@dataclass(frozen=True)
class Foreseen:
    """Orders by the store SKU whose mapping concerns them, and every order's state before and after."""

    orders: Mapping[int, set[int]]
    before: Mapping[int, State]
    after: Mapping[int, State]

    def counts(self, store_sku_id: int) -> list[tuple[State, int, int]]:
        """Of a store SKU's orders: each state, with how many are in it before and after, where that changes."""
        mine = self.orders.get(store_sku_id, ())
        before = Counter(self.before[number] for number in mine)
        after = Counter(self.after[number] for number in mine)
        return [(state, before[state], after[state]) for state in State if before[state] != after[state]]


def foresee(session: Session, future: Mapping[int, int], all_new: Sequence[Remap]) -> Foreseen:
    """`future`: store SKU -> its new SKU, of those whose mapping changes for future orders; `all_new`: the order lines
    that go along. A fixed number of statements."""
    waiting = _waiting(session, future)
    moving = _orders_of(session, [each.line_id for each in all_new])
    orders = service.read(session, {*(one.order for one in waiting), *moving.values()})
    of_store_sku: dict[int, set[int]] = defaultdict(set)
    for one in waiting:
        of_store_sku[one.store_sku].add(one.order)
    for each in all_new:
        of_store_sku[each.store_sku_id].add(moving[each.line_id])
    run = _Run(session, {order.id: order for order in orders})
    run.map_waiting(waiting)
    run.move_lines({each.line_id: each.new_sku_id for each in all_new}, set(moving.values()))
    return Foreseen(of_store_sku, {order.id: State(order.state) for order in orders}, run.states)


@dataclass(frozen=True)
class _Waiting:
    """A line of an unmapped order; `sku`: what it would be mapped to, None where it is mapped already."""

    order: int
    line: int
    store_sku: int
    sku: int | None


def _waiting(session: Session, future: Mapping[int, int]) -> list[_Waiting]:
    with relation(session, {"store_sku_id": NUMBER, "sku_id": NUMBER}, list(future.items())) as r:
        query = (
            select(OrderLine.order_id, OrderLine.id, OrderLine.store_sku_id, OrderLine.sku_id, r.c.sku_id)
            .join(r, r.c.store_sku_id == OrderLine.store_sku_id)
            .join(Order, Order.id == OrderLine.order_id)
            .where(Order.state == State.UNMAPPED)
        )
        rows = session.execute(query).all()
    return [_Waiting(order, line, listing, new if old is None else None) for order, line, listing, old, new in rows]


def _orders_of(session: Session, lines: Iterable[int]) -> dict[int, int]:
    with relation(session, {"id": NUMBER}, [(line,) for line in lines]) as r:
        query = select(OrderLine.id, OrderLine.order_id).join(r, r.c.id == OrderLine.id)
        return dict(session.execute(query).all())


@dataclass
class _Run:
    """The steps of applying, over figures in memory."""

    session: Session
    orders: Mapping[int, Order]
    states: dict[int, State] = field(init=False)
    available: dict[Key, int] = field(default_factory=dict)
    skus: dict[int, int | None] = field(default_factory=dict)
    taken: dict[int, Need] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.states = {number: State(order.state) for number, order in self.orders.items()}
        self.counting = switches.is_on(self.session, switches.INVENTORY_FEATURES)

    def map_waiting(self, waiting: Sequence[_Waiting]) -> None:
        """Lines without a mapping take the new one, and their orders are tried."""
        self.skus |= {one.line: one.sku for one in waiting if one.sku is not None}
        needs = self._needs({one.order for one in waiting})
        self._know(key for need in needs for key in need.missing)
        self._try(needs)

    def move_lines(self, wanted: Mapping[int, int | None], order_ids: set[int]) -> None:
        """What these lines hold is given back, and their orders are tried."""
        self.skus |= wanted
        holds = holds_of(self.session, order_ids) if order_ids else {}
        back: dict[Key, int] = defaultdict(int)
        for hold in (hold for some in holds.values() for hold in some if hold.line_id in wanted):
            back[hold.warehouse_id, hold.sku_id] += hold.held
        for need in (self.taken[number] for number in order_ids if number in self.taken):
            for part in need.parts:
                if part.line_id in wanted:
                    back[need.warehouse_id, part.sku_id] += part.missing
        needs = self._needs(order_ids)
        self._know([*back, *(key for need in needs for key in need.missing)])
        for key, units in back.items():
            self.available[key] += units
        self._try([self._kept(need, wanted) for need in needs])

    def _needs(self, order_ids: Iterable[int]) -> list[Need]:
        orders = sorted((self.orders[number] for number in order_ids), key=age_of)
        places = {
            number: self.taken[number].warehouse_id
            for number in order_ids
            if number in self.taken and self.orders[number].warehouse_id is None
        }
        return needs_of(self.session, orders, Other(self.skus, places)) if orders else []

    def _kept(self, need: Need, wanted: Mapping[int, int | None]) -> Need:
        """Lines of an order that was tried a step before, and fitted, hold what they took then."""
        if need.order.id not in self.taken or need.unmapped:
            return need
        parts: list[Part] = [
            part if part.line_id in wanted else part._replace(held=max(part.units, part.held)) for part in need.parts
        ]
        return Need(need.order, need.warehouse_id, parts)

    def _know(self, keys: Iterable[Key]) -> None:
        unknown = {key for key in keys if key not in self.available}
        known = stock_lists.figures_of(self.session, unknown)
        self.available |= {key: known[key].available if key in known else 0 for key in unknown}

    def _try(self, needs: Sequence[Need]) -> None:
        self.states |= outcomes(needs, self.available, counting=self.counting)
        fitting = (need for need in needs if self.counting and self.states[need.order.id] is State.TO_PACK)
        self.taken |= {need.order.id: need for need in fitting}
