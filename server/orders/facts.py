"""What a store says of an order beside its lines, written to many orders at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, cast, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.types import TypeEngine

from server.channels.protocol import MarketOrder
from server.db.base import ExactDecimal, Moment, decimal_for, moment_for
from server.db.bulk import NUMBER, TEXT, dialect_of, relation
from server.orders import rules
from server.orders.models import Order

_TYPES: dict[str, TypeEngine[Any]] = {
    "market_status": TEXT,
    "cod": Boolean(),
    "hold": Boolean(),
    "cancel_pending": Boolean(),
    "counts_at": Moment(),
    "seen_at": Moment(),
    "content": TEXT,
    "total": ExactDecimal(),
    "currency": TEXT,
    "tracking": TEXT,  # a document, as text
}
_MARKS = ("hold", "cancel_pending")


def facts_of(news: MarketOrder) -> dict[str, Any]:
    """The columns of an order that its news says."""
    return {
        "market_status": news.status.value,
        "cod": news.cod,
        "hold": news.hold,
        "cancel_pending": news.cancel_pending,
        "counts_at": rules.counts_from(news),
        "seen_at": news.updated_at,
        "content": rules.content_of(news),
        "total": news.total,
        "currency": news.currency or "",
        "tracking": list(news.tracking_numbers),
    }


def bring_up_to_date(session: Session, heard: Sequence[tuple[Order, MarketOrder]]) -> None:
    """Write what news says of known, locked orders."""
    facts: list[tuple[Order, dict[str, Any]]] = []
    for order, news in heard:
        said = facts_of(news)
        if order.counts_at is not None:
            said["counts_at"] = order.counts_at  # what it once counted from stays its place in the queue
        facts.append((order, said))
    _write(session, facts)


def mark_supplements(session: Session, heard: Sequence[tuple[Order, MarketOrder]]) -> None:
    """Supplements are held, and asked to be cancelled, with their orders."""
    _write(session, [(order, {name: getattr(news, name) for name in _MARKS}) for order, news in heard])


def _write(session: Session, facts: Sequence[tuple[Order, dict[str, Any]]]) -> None:
    """One statement for all of them, which say the same columns; and into the loaded objects without making them dirty.
    The ORM would write one for every order whose changed columns are others than those of the one before."""
    if not facts:
        return
    names, dialect = list(facts[0][1]), dialect_of(session)
    types = {"id": NUMBER} | {name: _TYPES[name] for name in names}
    rows = [(order.id, *(_raw(dialect, name, said[name]) for name in names)) for order, said in facts]
    with relation(session, types, rows) as r:
        values: dict[str, Any] = {name: r.c[name] for name in names}
        if "tracking" in values and dialect == "postgresql":
            values["tracking"] = cast(r.c.tracking, JSONB)
        change = update(Order).where(Order.id == r.c.id).values(values)
        session.execute(change.execution_options(synchronize_session=False))
    for order, said in facts:
        for name, value in said.items():
            set_committed_value(order, name, value)


def _raw(dialect: str, name: str, value: Any) -> Any:
    """A value as the driver takes it."""
    if name == "tracking":
        return json.dumps(value)
    if value is None:
        return None
    if isinstance(_TYPES[name], Moment):
        return moment_for(dialect, value)
    return decimal_for(dialect, value) if isinstance(_TYPES[name], ExactDecimal) else value
