"""Order, line, what a line took."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, Id, folded


class Order(Base):
    """An order, unique per store and the store's order number.

    `supplement`: 0, or for a supplementary order (ORD-10) its suffix, so that no order of the store's own can have its
    number; `supplement_of` is the order whose lines it adds to. `filed`: a cancelled order that was put away (ORD-8).
    `listed`: shipped outside, and could not be deducted as the store's setting asks (ORD-9), till somebody marks it as
    processed. `processed_at`: marked as processed, so that its return may be listed (ORD-11).

    `seen_at` and `content` are the newest news taken in (ORD-3); `placed_at` is when the buyer placed it and
    `counts_at` when it began to count (ORD-1).
    """

    __tablename__ = "order"
    __table_args__ = (
        UniqueConstraint("store_id", "number", "supplement"),
        Index("ix_order_state_counts", "state", "counts_at", "id"),
        CheckConstraint(
            "state IN ('unpaid','to_pack','out_of_stock','unmapped','in_process','to_pickup','shipped',"
            "'completed','voided','cancelled','recorded')",
            name="state",
        ),
    )

    id: Mapped[Id]
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    number: Mapped[str] = mapped_column(String(88))
    supplement: Mapped[int] = mapped_column(default=0)
    supplement_of: Mapped[int | None] = mapped_column(ForeignKey("order.id"), index=True)
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
    filed: Mapped[bool] = mapped_column(default=False)
    listed: Mapped[bool] = mapped_column(default=False)
    processed_at: Mapped[datetime | None]
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

    `returned`: what of the deducted units has come back. Release, refund, cancel and return never exceed these.
    """

    __tablename__ = "order_hold"
    __table_args__ = (
        CheckConstraint("held >= 0", name="held"),
        CheckConstraint("deducted >= 0", name="deducted"),
        CheckConstraint("returned >= 0 AND returned <= deducted", name="returned"),
        Index("ix_order_hold_sku", "sku_id"),
    )

    line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"), primary_key=True, autoincrement=False)
    sku_id: Mapped[int] = mapped_column(ForeignKey("merchant_sku.id"), primary_key=True, autoincrement=False)
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("warehouse.id"))
    per_unit: Mapped[int]
    held: Mapped[int] = mapped_column(default=0)
    deducted: Mapped[int] = mapped_column(default=0)
    returned: Mapped[int] = mapped_column(default=0)


class OrderPackage(Base):
    """A tracking or package number of an order, folded, to find it by a scan (ORD-11)."""

    __tablename__ = "order_package"
    __table_args__ = (Index("ix_order_package_key", "key"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(folded(100), primary_key=True)


class OrderReturn(Base):
    """Goods of an order that came back: by a scan, completed at once, or by a list that is completed later (ORD-11)."""

    __tablename__ = "order_return"
    __table_args__ = (
        CheckConstraint("way IN ('scan', 'list')", name="way"),
        CheckConstraint("state IN ('todo', 'completed', 'undone')", name="state"),
    )

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    way: Mapped[str] = mapped_column(String(4))
    state: Mapped[str] = mapped_column(String(10))
    package: Mapped[str] = mapped_column(String(100), default="")
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"))  # what completing it posted
    note: Mapped[str] = mapped_column(String(500), default="")
    upload_id: Mapped[int | None] = mapped_column(index=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(120))
    completed_at: Mapped[datetime | None]
    completed_by: Mapped[str] = mapped_column(String(120), default="")


class OrderReturnLine(Base):
    """Units of one SKU that an order line took, and in which warehouse and condition they come back."""

    __tablename__ = "order_return_line"
    __table_args__ = (CheckConstraint("quantity >= 1", name="quantity"), {"sqlite_with_rowid": False})

    return_id: Mapped[int] = mapped_column(ForeignKey("order_return.id"), primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("merchant_sku.id"), index=True)
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("warehouse.id"))
    quantity: Mapped[int]
    defective: Mapped[bool] = mapped_column(default=False)
