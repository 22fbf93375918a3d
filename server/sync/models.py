"""Where each store's reading stopped; the inbox of raw news; orders that could not be taken in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, Id


class Reading(Base):
    """How far a store's orders or listings were read, in the market's own time; `start` is the store's order sync start
    date it was read with (ORD-12)."""

    __tablename__ = "reading"

    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"), primary_key=True, autoincrement=False)
    what: Mapped[str] = mapped_column(String(20), primary_key=True)  # orders, listings, queue, news
    until: Mapped[datetime | None]
    start: Mapped[datetime | None]
    ack: Mapped[str | None] = mapped_column(String(200))
    read_at: Mapped[datetime]


class Inbox(Base):
    """A delivery word for word, kept before anything is done about it; the same delivery again changes nothing."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("store_id", "delivery"),
        Index("ix_inbox_waiting", "handled_at", "id"),
    )

    id: Mapped[Id]
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    delivery: Mapped[str] = mapped_column(String(120))
    order_number: Mapped[str | None] = mapped_column(String(80))
    store_sku: Mapped[str | None] = mapped_column(String(120))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(200), default="")


class UnreadOrder(Base):
    """An order that could not be taken in, and why: read again each time its store's orders are."""

    __tablename__ = "unread_order"

    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"), primary_key=True, autoincrement=False)
    number: Mapped[str] = mapped_column(String(120), primary_key=True)
    reason: Mapped[str] = mapped_column(String(500))
    since: Mapped[datetime]
    tried_at: Mapped[datetime]
