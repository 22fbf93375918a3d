"""Stock list and its lines."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, String
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
