"""The figures behind the charts. Each table has the same rows in the same order always, so that a chart that looks at
them goes on doing so whatever they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import ColumnElement, Subquery, func, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.catalog.records import COMBINATION
from server.ledger.models import Balance
from server.orders.models import Order, OrderHold, OrderLine
from server.reports.control.lists import midnight
from server.reports.control.waiting import REASONS, SINCE
from server.reports.describing import Asked, Column, Look, Row
from server.reports.low_stock import SALES_DAYS
from server.reports.sales import NOT_SOLD

DAYS = 14
#: By how much a store's clock may be ahead of ours.
_CLOCKS = timedelta(days=1)
#: How long an order has waited: up to so many whole days, and what that is called.
_AGES = ((1, "under a day"), (2, "1 day"), (4, "2–3 days"), (8, "4–7 days"), (None, "longer"))
#: How many days the stock of a SKU lasts.
_SPANS = ((7, "under 7 days"), (14, "7–14 days"), (30, "14–30 days"))


@dataclass(frozen=True)
class Figures:
    """A chart: the first column names, all others are drawn; `stacked` on top of each other."""

    key: str
    title: str
    columns: Sequence[Column]
    rows: Callable[[Session, Asked], Sequence[Row]]
    stacked: bool = False


def _sold_since(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    """Orders that count since then. They were taken in after it too, which an index knows: without it every order that
    there ever was would be read."""
    return Order.state.not_in(NOT_SOLD), moment <= SINCE, Order.updated_at >= moment - _CLOCKS


def _sold(session: Session, asked: Asked) -> Sequence[Row]:
    """Units of what was ordered on each of the last days, by ORD-1's moment."""
    first = midnight(asked.at) - timedelta(days=DAYS - 1)
    days = [first + timedelta(days=number) for number in range(DAYS)]
    sums = (func.sum(OrderLine.quantity).filter(day <= SINCE, day + timedelta(days=1) > SINCE) for day in days)
    query = select(*sums).join(Order, Order.id == OrderLine.order_id).where(*_sold_since(first))
    found = session.execute(query).one()
    return [(f"{day:%a} {day.day}", int(units or 0)) for day, units in zip(days, found, strict=True)]


def _waiting(session: Session, asked: Asked) -> Sequence[Row]:
    """Orders that wait, by how long they have."""
    bounds: list[datetime | None] = [
        None,
        *(asked.at - timedelta(days=days) for days, _ in _AGES if days is not None),
        None,
    ]
    counts = [func.count().filter(*_between(older, newer)) for newer, older in pairwise(bounds)]
    reasons = [session.execute(select(*counts).select_from(Order).where(why())).one() for why in REASONS.values()]
    return [(name, *numbers) for (_, name), numbers in zip(_AGES, zip(*reasons, strict=True), strict=True)]


def _between(older: datetime | None, newer: datetime | None) -> list[ColumnElement[bool]]:
    """Waits since behind `older`, up to `newer`; None is no bound."""
    found: list[ColumnElement[bool]] = []
    if older is not None:
        found.append(older < SINCE)
    if newer is not None:
        found.append(newer >= SINCE)
    return found or [Order.id.is_not(None)]


def _ordered(since: datetime) -> Subquery:
    """(SKU, units ordered since then): a combination's by its components, as the orders took them."""
    sku_id = func.coalesce(OrderHold.sku_id, OrderLine.sku_id)
    units = func.sum(OrderLine.quantity * func.coalesce(OrderHold.per_unit, 1))
    return (
        select(sku_id.label("sku_id"), units.label("units"))
        .join(Order, Order.id == OrderLine.order_id)
        .outerjoin(OrderHold, OrderHold.line_id == OrderLine.id)
        .where(OrderLine.quantity > 0, *_sold_since(since))
        .group_by(sku_id)
        .subquery()
    )


def _lasting(session: Session, asked: Asked) -> Sequence[Row]:
    """SKUs ordered lately, by how long what is available lasts if that goes on."""
    sold = _ordered(asked.at - timedelta(days=SALES_DAYS))
    there = (
        select(Balance.sku_id, func.sum(Balance.on_hand - Balance.allocated).label("units"))
        .group_by(Balance.sku_id)
        .subquery()
    )
    left = func.coalesce(there.c.units, 0)
    short = [left * SALES_DAYS < sold.c.units * days for days, _ in _SPANS]
    counts = [func.count().filter(left <= 0)]
    for number, below in enumerate(short):
        counts.append(func.count().filter(left > 0, below, *(~one for one in short[:number])))
    counts.append(func.count().filter(left > 0, *(~one for one in short)))
    query = (
        select(*counts)
        .select_from(sold)
        .join(MerchantSku, MerchantSku.id == sold.c.sku_id)
        .outerjoin(there, there.c.sku_id == sold.c.sku_id)
        .where(MerchantSku.deleted_at.is_(None), MerchantSku.kind != COMBINATION)
    )
    names = ("none left", *(name for _, name in _SPANS), "longer")
    return list(zip(names, session.execute(query).one(), strict=True))


def _named(title: str) -> Column:
    return Column(title, Look.TEXT, "", 16)


def _number(title: str) -> Column:
    return Column(title, Look.UNITS, "", 14)


CHARTS: tuple[Figures, ...] = (
    Figures("sold", f"Units sold a day, {DAYS} days", (_named("Day"), _number("Units sold")), _sold),
    Figures(
        "ages",
        "Orders that wait, by how long",
        (_named("Waits"), _number("At risk"), _number("Out of stock"), _number("Unmapped")),
        _waiting,
        stacked=True,
    ),
    Figures("lasting", "SKUs in demand, by how long stock lasts", (_named("Lasts"), _number("SKUs")), _lasting),
)
