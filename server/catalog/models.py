"""Merchant SKU, GTIN, component."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, Id, folded

_LIVING = text("deleted_at IS NULL")
_WITH_MODEL = text("model_key <> ''")
_COMBINED = text("kind = 'combination'")


class MerchantSku(Base):
    """The seller's own product code; stock is counted by it.

    `code` is kept as typed, `key` is how it is compared (CAT-1); both databases refuse a second living row with one
    key. Deleting keeps the row, for the ledger's sake and to know a reused code (CAT-2).
    """

    __tablename__ = "merchant_sku"
    __table_args__ = (
        Index("uq_merchant_sku_key", "key", unique=True, sqlite_where=_LIVING, postgresql_where=_LIVING),
        Index("ix_merchant_sku_key_any", "key"),
        Index("ix_merchant_sku_parent_key", "parent_key"),
        Index("ix_merchant_sku_title_key", "title_key"),
        Index("ix_merchant_sku_skeleton", "skeleton"),
        Index("ix_merchant_sku_model_key", "model_key", sqlite_where=_WITH_MODEL, postgresql_where=_WITH_MODEL),
        Index("ix_merchant_sku_combination", "key", sqlite_where=_COMBINED, postgresql_where=_COMBINED),
        CheckConstraint("length(code) BETWEEN 1 AND 64", name="code"),
        CheckConstraint("kind IN ('single', 'combination')", name="kind"),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(folded(64))
    skeleton: Mapped[str] = mapped_column(folded(64), default="")  # what look-alikes have in common (CAT-2)
    kind: Mapped[str] = mapped_column(String(12), default="single")
    own_stock: Mapped[bool] = mapped_column(default=False)  # combinations only (CAT-6)
    title: Mapped[str] = mapped_column(String(255), default="")
    title_key: Mapped[str] = mapped_column(folded(255), default="")
    parent_sku: Mapped[str] = mapped_column(String(64), default="")
    parent_key: Mapped[str] = mapped_column(folded(64), default="")
    size: Mapped[str] = mapped_column(String(64), default="")
    colour: Mapped[str] = mapped_column(String(64), default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    category: Mapped[str] = mapped_column(String(120), default="")
    brand: Mapped[str] = mapped_column(String(120), default="")
    weight_g: Mapped[Decimal | None]
    length_cm: Mapped[Decimal | None]
    width_cm: Mapped[Decimal | None]
    height_cm: Mapped[Decimal | None]
    model_number: Mapped[str] = mapped_column(String(64), default="")
    model_key: Mapped[str] = mapped_column(folded(64), default="")
    picture_url: Mapped[str] = mapped_column(String(1000), default="")
    cost: Mapped[Decimal | None]
    price: Mapped[Decimal | None]
    currency: Mapped[str] = mapped_column(String(3), default="")
    default_warehouse_id: Mapped[int | None] = mapped_column(ForeignKey("warehouse.id"))
    serial_mode: Mapped[str] = mapped_column(String(12), default="off")
    status: Mapped[str] = mapped_column(String(12), default="active")
    notes: Mapped[str] = mapped_column(String(2000), default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class Gtin(Base):
    """A GTIN belongs to one SKU (CAT-4)."""

    __tablename__ = "gtin"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(folded(50), unique=True)
    value: Mapped[str] = mapped_column(String(50))
    sku_id: Mapped[int] = mapped_column(ForeignKey("merchant_sku.id"), index=True)


class Component(Base):
    """One single in a combination's recipe, with how many of it (CAT-6)."""

    __tablename__ = "component"
    __table_args__ = (
        CheckConstraint("quantity >= 1", name="quantity"),
        CheckConstraint("combination_id <> component_id", name="itself"),
    )

    combination_id: Mapped[int] = mapped_column(ForeignKey("merchant_sku.id"), primary_key=True, autoincrement=False)
    component_id: Mapped[int] = mapped_column(
        ForeignKey("merchant_sku.id"), primary_key=True, autoincrement=False, index=True
    )
    quantity: Mapped[int]
