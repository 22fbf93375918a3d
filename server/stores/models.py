"""Store, store SKU and its mapping, credential."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, Id, folded


class Store(Base):
    """One shop on one channel. Secrets among its settings live in `credential`, encrypted."""

    __tablename__ = "store"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(folded(100), unique=True)
    channel: Mapped[str] = mapped_column(String(30))
    warehouse_id: Mapped[int | None] = mapped_column(ForeignKey("warehouse.id"))  # None: the default
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_choice: Mapped[bool] = mapped_column(default=False)  # run by the marketplace (ORD-13, PSH-9)
    active: Mapped[bool] = mapped_column(default=True)
    needs_sign_in: Mapped[bool] = mapped_column(default=False)
    orders_from: Mapped[datetime | None]  # order sync start date (ORD-12)
    created_at: Mapped[datetime]


class StoreSku(Base):
    """The code of a listing's variant in one store, and the merchant SKU it is mapped to, at most one.

    The database holds the mapping's uniqueness: one row per store and code, one `sku_id` in it.
    """

    __tablename__ = "store_sku"
    __table_args__ = (UniqueConstraint("store_id", "code"),)

    id: Mapped[Id]
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    code: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(300), default="")
    gtin: Mapped[str] = mapped_column(String(50), default="")
    references: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the market's own ids
    sku_id: Mapped[int | None] = mapped_column(ForeignKey("merchant_sku.id"), index=True)
    synced: Mapped[bool] = mapped_column(default=True)  # CH-4: whether its quantity is pushed
    listed: Mapped[bool] = mapped_column(default=False)  # seen among the store's listings
    created_at: Mapped[datetime]


class Credential(Base):
    """A store's secrets, encrypted (CH-6). `version` rises with each renewal."""

    __tablename__ = "credential"

    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"), primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    version: Mapped[int]
    renewed_at: Mapped[datetime]
