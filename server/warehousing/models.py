"""Stock list, transfer and stock count, each with its lines."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, Id


class StockList(Base):
    """A stock-in or stock-out list: *to do*, then *completed*; only completing posts (STK-6)."""

    __tablename__ = "stock_list"
    __table_args__ = (
        CheckConstraint("direction IN ('in', 'out')", name="direction"),
        CheckConstraint("state IN ('todo', 'completed')", name="state"),
    )

    id: Mapped[Id]
    direction: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10))
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("warehouse.id"))
    note: Mapped[str] = mapped_column(String(500), default="")
    upload_id: Mapped[int | None] = mapped_column(index=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(120))
    completed_at: Mapped[datetime | None]
    completed_by: Mapped[str] = mapped_column(String(120), default="")


class StockListLine(Base):
    """One line: SKU, units, optional shelf and unit cost (stock-in), note."""

    __tablename__ = "stock_list_line"
    __table_args__ = (CheckConstraint("quantity >= 1", name="quantity"), {"sqlite_with_rowid": False})

    list_id: Mapped[int] = mapped_column(ForeignKey("stock_list.id"), primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sku_id: Mapped[int] = mapped_column(ForeignKey("merchant_sku.id"))
    quantity: Mapped[int]
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelf.id"))
    unit_cost: Mapped[Decimal | None]
    note: Mapped[str] = mapped_column(String(255), default="")


class Transfer(Base):
    """Goods sent from one warehouse to another (STK-7).

    *Dispatched* until every unit has been received or written off. `steps`: how many arrivals and losses were posted.
    """

    __tablename__ = "transfer"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'dispatched', 'received', 'cancelled')", name="state"),
        CheckConstraint("source_id <> destination_id", name="two_places"),
    )

    id: Mapped[Id]
    state: Mapped[str] = mapped_column(String(10))
    source_id: Mapped[int] = mapped_column(ForeignKey("warehouse.id"))
    destination_id: Mapped[int] = mapped_column(ForeignKey("warehouse.id"))
    note: Mapped[str] = mapped_column(String(500), default="")
    upload_id: Mapped[int | None] = mapped_column(index=True)
    steps: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(120))
    dispatched_at: Mapped[datetime | None]
    dispatched_by: Mapped[str] = mapped_column(String(120), default="")
    finished_at: Mapped[datetime | None]
    finished_by: Mapped[str] = mapped_column(String(120), default="")


class TransferLine(Base):
    """One SKU of a transfer: units sent, and of these received and written off; where it was put, why it was lost.

    A SKU stands on one line, so that it can be received by its code; what is not accounted for is on the way.
    """

    __tablename__ = "transfer_line"
    __table_args__ = (
        UniqueConstraint("transfer_id", "sku_id"),
        CheckConstraint("quantity >= 1", name="quantity"),
        CheckConstraint("received >= 0", name="received"),
        CheckConstraint("written_off >= 0", name="written_off"),
        CheckConstraint("received + written_off <= quantity", name="arrived"),
        {"sqlite_with_rowid": False},
    )

    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfer.id"), primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sku_id: Mapped[int] = mapped_column(ForeignKey("merchant_sku.id"), index=True)
    quantity: Mapped[int]
    received: Mapped[int] = mapped_column(default=0)
    written_off: Mapped[int] = mapped_column(default=0)
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelf.id"))
    reason: Mapped[str] = mapped_column(String(255), default="")
    note: Mapped[str] = mapped_column(String(500), default="")


class StockCount(Base):
    """What was counted in a warehouse; completing it posts the differences (STK-8)."""

    __tablename__ = "stock_count"
    __table_args__ = (CheckConstraint("state IN ('draft', 'completed', 'cancelled')", name="state"),)

    id: Mapped[Id]
    state: Mapped[str] = mapped_column(String(10))
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("warehouse.id"))
    note: Mapped[str] = mapped_column(String(500), default="")
    upload_id: Mapped[int | None] = mapped_column(index=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(120))
    completed_at: Mapped[datetime | None]
    completed_by: Mapped[str] = mapped_column(String(120), default="")


class StockCountLine(Base):
    """Units of a SKU counted in one spot; several spots of a SKU add up.

    `expected`: the SKU's on hand when the line was written. `on_hand`: what it was at completion, from which the
    difference was posted; empty before.
    """

    __tablename__ = "stock_count_line"
    __table_args__ = (
        CheckConstraint("counted >= 0", name="counted"),
        {"sqlite_with_rowid": False},
    )

    count_id: Mapped[int] = mapped_column(ForeignKey("stock_count.id"), primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sku_id: Mapped[int] = mapped_column(ForeignKey("merchant_sku.id"), index=True)
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelf.id"))
    counted: Mapped[int]
    expected: Mapped[int]
    on_hand: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(255), default="")
