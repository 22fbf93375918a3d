"""`changed`: merchant SKUs to evaluate. `push`: store SKUs to tell. `told`: what each was last told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base

_NOT_FAILED = text("failed_at IS NULL")


class Changed(Base):
    """A merchant SKU whose push targets must be evaluated: ten marks of one SKU are one row with a higher version.

    `causes` is a set of PSH-7's causes as bits (see `outbox.causes`). `forced` (Push Now) sends whatever comes out.
    """

    __tablename__ = "changed"

    sku_id: Mapped[int] = mapped_column(ForeignKey("merchant_sku.id"), primary_key=True, autoincrement=False)
    version: Mapped[int]
    causes: Mapped[int]
    forced: Mapped[bool]
    marked_at: Mapped[datetime] = mapped_column(index=True)


class Push(Base):
    """A store SKU that must be told `quantity`. Replaced by a newer one while it waits, never out of order.

    `version` rises with each replacement; an answer finishes the row only if the version is still the one sent.
    """

    __tablename__ = "push"
    # Those refused for good stay, for weeks perhaps, and are due for ever: looking for work must not read them.
    __table_args__ = (
        Index("ix_push_store_due", "store_id", "due_at", sqlite_where=_NOT_FAILED, postgresql_where=_NOT_FAILED),
    )

    store_sku_id: Mapped[int] = mapped_column(ForeignKey("store_sku.id"), primary_key=True, autoincrement=False)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    quantity: Mapped[int]
    version: Mapped[int]
    causes: Mapped[int]
    forced: Mapped[bool]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime | None]  # refused for good, kept with the reason until retried by hand
    reason: Mapped[str] = mapped_column(String(500), default="")
    ticket: Mapped[str | None] = mapped_column(String(200))  # the market takes it later
    ticket_version: Mapped[int | None]  # the version that the ticket stands for
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None]


class Told(Base):
    """What a store SKU was last told, and what the store answered (PSH-8, PSH-11).

    `known` is false once the store has changed its own figure (any order news): the next evaluation then sends in any
    case. `target` is what the last evaluation came to, sent or not (PSH-9).
    """

    __tablename__ = "told"

    store_sku_id: Mapped[int] = mapped_column(ForeignKey("store_sku.id"), primary_key=True, autoincrement=False)
    quantity: Mapped[int | None]
    known: Mapped[bool] = mapped_column(default=False)
    told_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(String(500), default="")
    target: Mapped[int | None]
    evaluated_at: Mapped[datetime | None]


class StorePause(Base):
    """Until when a store is left alone: back-off, its rate limit, `Retry-After`."""

    __tablename__ = "store_pause"

    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"), primary_key=True, autoincrement=False)
    until: Mapped[datetime]
    failures: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500))
