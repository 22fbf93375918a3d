"""Warehouse, shelf, safety stock."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, Id, folded

_LIVING = text("deleted_at IS NULL")
_DEFAULT = text("is_default AND deleted_at IS NULL")
_DEFAULT_SQLITE = text("is_default = 1 AND deleted_at IS NULL")


class Warehouse(Base):
    """A place that holds stock. Exactly one is the default (WH-1); the database refuses a second."""

    __tablename__ = "warehouse"
    __table_args__ = (
        Index("uq_warehouse_key", "key", unique=True, sqlite_where=_LIVING, postgresql_where=_LIVING),
        Index(
            "uq_warehouse_default",
            "is_default",
            unique=True,
            sqlite_where=_DEFAULT_SQLITE,
            postgresql_where=_DEFAULT,
        ),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(folded(64))
    name: Mapped[str] = mapped_column(String(120), default="")
    address: Mapped[str] = mapped_column(String(500), default="")
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class Shelf(Base):
    """A spot in a warehouse, assigned to at most one SKU; a SKU has at most one shelf in a warehouse (WH-2)."""

    __tablename__ = "shelf"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "key"),
        UniqueConstraint("warehouse_id", "sku_id"),
    )

    id: Mapped[Id]
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("warehouse.id"))
    code: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(folded(64))
    sku_id: Mapped[int | None] = mapped_column(ForeignKey("merchant_sku.id"), index=True)


class SafetyStock(Base):
    """Below it, the SKU is in the low-stock report (WH-4)."""

    __tablename__ = "safety_stock"
    __table_args__ = (CheckConstraint("quantity >= 0", name="quantity"),)

    warehouse_id: Mapped[int] = mapped_column(ForeignKey("warehouse.id"), primary_key=True, autoincrement=False)
    sku_id: Mapped[int] = mapped_column(
        ForeignKey("merchant_sku.id"), primary_key=True, autoincrement=False, index=True
    )
    quantity: Mapped[int]
