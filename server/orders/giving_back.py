"""Deducted goods come back: on hand or defective rises, never by more than was deducted and has not come back."""

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
from server.ledger.movements import Kind, Line
from server.orders.holding import Change, holds_of, settle
from server.orders.models import Order, OrderHold, OrderLine
from server.outbox.causes import Cause


class TooMuch(Refused):
    """More would come back than is out, or a SKU that the order never took."""

    code = "not-out"


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

    `quantity` None: all that is out. `warehouse_id` None: where it left.
    """

    sku_id: int
    quantity: int | None = None
    defective: bool = False
    warehouse_id: int | None = None


def out(hold: OrderHold) -> int:
    """Units that were deducted and have not come back."""
    return hold.deducted - hold.returned


def all_back(session: Session, orders: Sequence[Order]) -> list[Back]:
    """Everything that the orders have out, to the warehouse it left, in good condition."""
    return [
        Back(order_id, hold.line_id, hold.sku_id, hold.warehouse_id, out(hold))
        for order_id, holds in holds_of(session, [order.id for order in orders]).items()
        for hold in holds
        if out(hold)
    ]


def found_back(session: Session, orders: Sequence[Order], items: Sequence[Item]) -> list[Back]:
    """Items as units of what the orders' lines took. Raises `TooMuch`: "3 of RED wanted, 2 are out"."""
    holds = holds_of(session, [order.id for order in orders])
    left = {(hold.line_id, hold.sku_id): out(hold) for some in holds.values() for hold in some}
    sold = _sold(session, holds)
    back: list[Back] = []
    for item in items:
        sources = _sources(item.sku_id, holds, sold)
        there = sum(source.fits(left) for source in sources)
        wanted = there if item.quantity is None else item.quantity
        if wanted > there or wanted < 1:
            code = session.scalar(select(MerchantSku.code).where(MerchantSku.id == item.sku_id))
            numbers = ", ".join(order.number for order in orders)
            raise TooMuch(f"{code}: {max(wanted, 1)} wanted back, but only {there} of order {numbers} are out")
        back += _take(item, wanted, sources, left)
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

    Raises `TooMuch` where that is more than is out.
    """
    if back is None:
        back = all_back(session, orders)
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
            raise TooMuch(f"{code}: {units} wanted back, but only {left.get(key, 0)} are out")


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


def _take(item: Item, wanted: int, sources: Sequence[_Source], left: dict[tuple[int, int], int]) -> list[Back]:
    back: list[Back] = []
    for source in sources:
        some = min(wanted, source.fits(left))
        wanted -= some
        for hold in source.holds if some else ():
            units = some * source.each(hold)
            left[hold.line_id, hold.sku_id] -= units
            place = item.warehouse_id or hold.warehouse_id
            back.append(Back(source.order_id, hold.line_id, hold.sku_id, place, units, item.defective))
    return back


def _sold(session: Session, holds: Mapping[int, Sequence[OrderHold]]) -> dict[int, int | None]:
    """Line -> the merchant SKU it sold."""
    lines = {hold.line_id for some in holds.values() for hold in some}
    with relation(session, {"id": NUMBER}, [(line,) for line in lines]) as r:
        query = select(OrderLine.id, OrderLine.sku_id).join(r, r.c.id == OrderLine.id)
        return {row[0]: row[1] for row in session.execute(query)}
