"""Which orders are in a package: by the numbers that people scan (ORD-11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.channels.protocol import MarketOrder
from server.db.base import fold
from server.db.bulk import TEXT, relation
from server.db.upsert import upsert
from server.orders.models import Order, OrderPackage

_MOST_LETTERS = 100


def package_key(number: str) -> str:
    """How tracking and package numbers are compared: without regard to case, and as far as the table keeps them."""
    return fold(number)[:_MOST_LETTERS]


def keep_packages(session: Session, heard: Sequence[tuple[Order, MarketOrder]]) -> None:
    """Tracking and package numbers, so that a scan finds their order. One that a store tells no more still does."""
    rows = [
        {"order_id": order.id, "key": key}
        for order, news in heard
        for key in sorted({package_key(each) for each in (*news.tracking_numbers, *news.package_numbers)} - {""})
    ]
    if rows:
        session.execute(upsert(session, OrderPackage).on_conflict_do_nothing(), rows)


def packages(session: Session, numbers: Iterable[str]) -> dict[str, list[int]]:
    """`package_key` -> the orders in that package, else those of that order number."""
    wanted = {package_key(number): number.strip() for number in numbers}
    found: dict[str, list[int]] = {}
    with relation(session, {"key": TEXT, "number": TEXT}, list(wanted.items())) as r:
        packed = select(r.c.key, OrderPackage.order_id).join(OrderPackage, OrderPackage.key == r.c.key)
        named = select(r.c.key, Order.id).join(Order, Order.number == r.c.number).where(Order.supplement == 0)
        for query in (packed, named):
            more: dict[str, list[int]] = {}
            for key, order_id in session.execute(query):
                more.setdefault(key, []).append(order_id)
            found = more | found
    return found
