"""Order, line, what a line took."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, Id


class Order(Base):
    """An order, unique per store and the store's order number.

    `seen_at` and `content` are the newest news taken in (ORD-3); `placed_at` is when the buyer placed it and
    `counts_at` when it began to count (ORD-1).
    """

    __tablename__ = "order"
    __table_args__ = (
        UniqueConstraint("store_id", "number"),
        Index("ix_order_state_counts", "state", "counts_at", "id"),
        CheckConstraint(
            "state IN ('unpaid','to_pack','out_of_stock','unmapped','in_process','to_pickup','shipped',"
            "'completed','voided','cancelled','recorded')",
            name="state",
        ),
    )

    id: Mapped[Id]
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    number: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(16))
    market_status: Mapped[str] = mapped_column(String(40))
    warehouse_id: Mapped[int | None] = mapped_column(ForeignKey("warehouse.id"), index=True)
    cod: Mapped[bool] = mapped_column(default=False)
    hold: Mapped[bool] = mapped_column(default=False)
    cancel_pending: Mapped[bool] = mapped_column(default=False)
    placed_at: Mapped[datetime]
    counts_at: Mapped[datetime | None]
    seen_at: Mapped[datetime]
    content: Mapped[str] = mapped_column(String(64))
    total: Mapped[Decimal | None]
    currency: Mapped[str] = mapped_column(String(3), default="")
    tracking: Mapped[list[Any]] = mapped_column(default=list)
    steps: Mapped[int] = mapped_column(default=0)  # how many entries it has posted; part of the next one's key
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(index=True)


class OrderLine(Base):
    """One line: what was sold in the store's words, and the merchant SKU it was mapped to when it was taken in."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "line_key"),
        Index("ix_order_line_store_sku", "store_sku_id"),
        Index("ix_order_line_sku", "sku_id"),
        CheckConstraint("quantity >= 0", name="quantity"),
    )

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    line_key: Mapped[str] = mapped_column(String(80))
    store_sku_id: Mapped[int] = mapped_column(ForeignKey("store_sku.id"))
    sku_id: Mapped[int | None] = mapped_column(ForeignKey("merchant_sku.id"))
    quantity: Mapped[int]
    unit_price: Mapped[Decimal | None]
    name: Mapped[str] = mapped_column(String(300), default="")


class OrderHold(Base):
    """What one line holds and has deducted, by the SKU it took (a combination's components, CAT-6).

    Release, refund, cancel and return never exceed these.
    """

    __tablename__ = "order_hold"
    __table_args__ = (
        CheckConstraint("held >= 0", name="held"),
        CheckConstraint("deducted >= 0", name="deducted"),
        Index("ix_order_hold_sku", "sku_id"),
    )

    line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"), primary_key=True, autoincrement=False)
    sku_id: Mapped[int] = mapped_column(ForeignKey("merchant_sku.id"), primary_key=True, autoincrement=False)
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("warehouse.id"))
    per_unit: Mapped[int]
    held: Mapped[int] = mapped_column(default=0)
    deducted: Mapped[int] = mapped_column(default=0)
