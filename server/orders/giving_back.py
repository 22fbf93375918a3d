"""Deducted goods come back: on hand or defective rises, never by more than was deducted and has not come back.

Nothing comes back to what was deleted since: what left a warehouse that is gone comes to the default one (WH-6). Units
of a SKU that is gone (CAT-13) are refused where people say that they are there, and stay out where a rule of the
store's would bring all of an order back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.bulk import NUMBER, relation
from server.errors import Refused
from server.ledger.errors import SkuGone
from server.ledger.movements import Kind, Line
from server.orders.gone import Gone, gone_among
from server.orders.holding import Change, holds_of, settle
from server.orders.models import Order, OrderHold, OrderLine
from server.outbox.causes import Cause


class TooMuch(Refused):
    """More would come back than is out, or a SKU that the order never took: `wanted` of it, `there` are out."""

    code = "not-out"

    def __init__(self, sku: str, wanted: int, there: int, number: str = "") -> None:
        order = f" of order {number}" if number else ""
        super().__init__(f"{sku}: {wanted} wanted back, but only {there}{order} are out", wanted=wanted, there=there)
        self.wanted, self.there = wanted, there


class Back(NamedTuple):
    """Units of what one line took of one SKU that come back, where, and whether they may be sold again."""

    order_id: int
    line_id: int
    sku_id: int
    warehouse_id: int
    quantity: int
    defective: bool = False

    @property
    def change(self) -> Change:
        """What that changes of the hold and of the figures."""
        good, bad = (0, self.quantity) if self.defective else (self.quantity, 0)
        moves = Line(self.warehouse_id, self.sku_id, on_hand=good, defective=bad)
        return Change(self.order_id, self.line_id, moves, returned=self.quantity)


@dataclass(frozen=True)
class Item:
    """Units of one merchant SKU that come back: the SKU of a line, or a component that a line took.

    `sku_id` None: everything. `quantity` None: all that is out. `warehouse_id` None: where it left.
    """

    sku_id: int | None = None
    quantity: int | None = None
    defective: bool = False
    warehouse_id: int | None = None


def out(hold: OrderHold) -> int:
    """Units that were deducted and have not come back."""
    return hold.deducted - hold.returned


@dataclass
class Outstanding:
    """What orders have out: by order the holds of their lines, by line the SKU sold, by (line, SKU) the units left."""

    holds: Mapping[int, Sequence[OrderHold]]
    sold: Mapping[int, int | None]
    gone: Gone
    left: dict[tuple[int, int], int]

    def anything(self, order_id: int) -> bool:
        """Whether anything of an order is out."""
        return any(self.left[hold.line_id, hold.sku_id] for hold in self.holds.get(order_id, ()))

    def deducted(self, order_id: int) -> bool:
        """Whether an order has deducted anything at all."""
        return any(hold.deducted for hold in self.holds.get(order_id, ()))

    def take(self, order_ids: Sequence[int], item: Item, sku: str = "") -> list[Back]:
        """The units of these orders' lines that an item brings back; `left` falls by them.

        Raises `TooMuch`, and `SkuGone` where units of a SKU that was deleted would come back.
        """
        mine = {number: self.holds.get(number, ()) for number in order_ids}
        if item.sku_id is None:
            return self._all([(number, hold) for number, some in mine.items() for hold in some], item)
        sources = _sources(item.sku_id, mine, self.sold)
        there = sum(source.fits(self.left) for source in sources)
        wanted = there if item.quantity is None else item.quantity
        if wanted > there or wanted < 1:
            raise TooMuch(sku, max(wanted, 1), there)
        back: list[Back] = []
        for source in sources:
            some = min(wanted, source.fits(self.left))
            wanted -= some
            for hold in source.holds if some else ():
                back.append(self._back(source.order_id, hold, some * source.each(hold), item))
        return back

    def living(self, order_ids: Sequence[int]) -> list[Back]:
        """All that these orders have out of SKUs that are not deleted."""
        holds = [(number, hold) for number in order_ids for hold in self.holds.get(number, ())]
        return self._all([(number, hold) for number, hold in holds if hold.sku_id not in self.gone.skus], Item())

    def _all(self, holds: Sequence[tuple[int, OrderHold]], item: Item) -> list[Back]:
        out_now = [(number, hold, self.left[hold.line_id, hold.sku_id]) for number, hold in holds]
        return [self._back(number, hold, units, item) for number, hold, units in out_now if units]

    def _back(self, order_id: int, hold: OrderHold, units: int, item: Item) -> Back:
        if hold.sku_id in self.gone.skus:
            raise SkuGone([self.gone.skus[hold.sku_id]])
        self.left[hold.line_id, hold.sku_id] -= units
        place = item.warehouse_id or self.gone.place(hold.warehouse_id)
        return Back(order_id, hold.line_id, hold.sku_id, place, units, item.defective)


def outstanding(session: Session, orders: Sequence[Order]) -> Outstanding:
    """What the orders have out."""
    holds = holds_of(session, [order.id for order in orders])
    left = {(hold.line_id, hold.sku_id): out(hold) for some in holds.values() for hold in some}
    gone = gone_among(session, [hold for some in holds.values() for hold in some])
    return Outstanding(holds, _sold(session, holds), gone, left)


def found_back(session: Session, orders: Sequence[Order], items: Sequence[Item]) -> list[Back]:
    """Items as units of what the orders' lines took.

    Raises `TooMuch`: "RED: 3 wanted back, but only 2 are out", and `SkuGone`.
    """
    there, ids = outstanding(session, orders), [order.id for order in orders]
    back: list[Back] = []
    for item in items:
        try:
            back += there.take(ids, item)
        except TooMuch as much:
            code = session.scalar(select(MerchantSku.code).where(MerchantSku.id == item.sku_id))
            number = ", ".join(order.number for order in orders)
            raise TooMuch(str(code), much.wanted, much.there, number) from much
    return back


def give_back(
    session: Session,
    orders: Sequence[Order],
    *,
    cause: Cause,
    by: str,
    at: datetime,
    back: Sequence[Back] | None = None,
    note: str = "",
) -> dict[int, int]:
    """Take back all that the orders have out, or what is in `back`; gives each order's entry.

    Units of a SKU that was deleted stay out with the former. Raises `TooMuch` where `back` is more than is out.
    """
    if back is None:
        back = outstanding(session, orders).living([order.id for order in orders])
    else:
        _refuse_too_much(session, orders, back)
    changes = [one.change for one in back]
    return settle(session, Kind.RETURN, orders, changes, cause=cause, by=by, at=at, note=note)


def _refuse_too_much(session: Session, orders: Sequence[Order], back: Sequence[Back]) -> None:
    wanted: dict[tuple[int, int], int] = defaultdict(int)
    for one in back:
        wanted[one.line_id, one.sku_id] += one.quantity
    holds = [hold for some in holds_of(session, [order.id for order in orders]).values() for hold in some]
    left = {(hold.line_id, hold.sku_id): out(hold) for hold in holds}
    for key, units in wanted.items():
        if units > left.get(key, 0):
            code = session.scalar(select(MerchantSku.code).where(MerchantSku.id == key[1]))
            raise TooMuch(str(code), units, left.get(key, 0))


@dataclass(frozen=True)
class _Source:
    """One line's part in an item: what one unit of the item takes from. `whole`: the line's own SKU, so that every
    part of it comes back, `per_unit` of each."""

    order_id: int
    holds: Sequence[OrderHold]
    whole: bool

    def each(self, hold: OrderHold) -> int:
        """Units of the part that go with one unit of the item."""
        return hold.per_unit if self.whole else 1

    def fits(self, left: Mapping[tuple[int, int], int]) -> int:
        """How many units of the item can come back from here."""
        return min(left[hold.line_id, hold.sku_id] // self.each(hold) for hold in self.holds)


def _sources(sku_id: int, holds: Mapping[int, Sequence[OrderHold]], sold: Mapping[int, int | None]) -> list[_Source]:
    by_line: dict[tuple[int, int], list[OrderHold]] = defaultdict(list)
    for order_id, some in holds.items():
        for hold in some:
            by_line[order_id, hold.line_id].append(hold)
    whole = [_Source(order_id, some, True) for (order_id, line), some in by_line.items() if sold[line] == sku_id]
    if whole:
        return whole
    parts = [(order_id, hold) for (order_id, _), some in by_line.items() for hold in some if hold.sku_id == sku_id]
    return [_Source(order_id, [hold], False) for order_id, hold in parts]


def _sold(session: Session, holds: Mapping[int, Sequence[OrderHold]]) -> dict[int, int | None]:
    """Line -> the merchant SKU it sold."""
    lines = {hold.line_id for some in holds.values() for hold in some}
    with relation(session, {"id": NUMBER}, [(line,) for line in lines]) as r:
        query = select(OrderLine.id, OrderLine.sku_id).join(r, r.c.id == OrderLine.id)
        return {row[0]: row[1] for row in session.execute(query)}
