"""Balance, entry, movement."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, Id


class Balance(Base):
    """The figures of one SKU in one warehouse (STK-1). Available is computed, never kept.

    Written by `ledger.posting` only. The checks are the last line of defence (STK-4); allocated above on hand is
    allowed, because a stock count may bring it about (STK-5).
    """

    __tablename__ = "balance"
    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="on_hand"),
        CheckConstraint("allocated >= 0", name="allocated"),
        CheckConstraint("on_the_way >= 0", name="on_the_way"),
        CheckConstraint("defective >= 0", name="defective"),
        {"sqlite_with_rowid": False},
    )

    warehouse_id: Mapped[int] = mapped_column(ForeignKey("warehouse.id"), primary_key=True, autoincrement=False)
    sku_id: Mapped[int] = mapped_column(
        ForeignKey("merchant_sku.id"), primary_key=True, autoincrement=False, index=True
    )
    on_hand: Mapped[int] = mapped_column(default=0)
    allocated: Mapped[int] = mapped_column(default=0)
    on_the_way: Mapped[int] = mapped_column(default=0)
    defective: Mapped[int] = mapped_column(default=0)


class Entry(Base):
    """One document's worth of movements, posted all or nothing (STK-3). Never updated or deleted (STK-2).

    `key` is document and step, like `stock_in/12/complete`; `content` a hash of the lines: the same again posts
    once, other content under the same key is refused.
    """

    __tablename__ = "entry"
    __table_args__ = (Index("ix_entry_document", "document", "document_id"),)

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(120), unique=True)
    content: Mapped[bytes] = mapped_column(LargeBinary(16))
    kind: Mapped[str] = mapped_column(String(30))
    document: Mapped[str] = mapped_column(String(30))
    document_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(String(500), default="")
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"))


class Movement(Base):
    """One posted line: the change to each figure of one SKU in one warehouse. Its key is the entry's and `line`."""

    __tablename__ = "movement"
    __table_args__ = (
        UniqueConstraint("entry_id", "line"),
        Index("ix_movement_sku_warehouse", "sku_id", "warehouse_id"),
    )

    id: Mapped[Id]
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"))
    line: Mapped[int]
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("warehouse.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("merchant_sku.id"))
    on_hand: Mapped[int] = mapped_column(default=0)
    allocated: Mapped[int] = mapped_column(default=0)
    on_the_way: Mapped[int] = mapped_column(default=0)
    defective: Mapped[int] = mapped_column(default=0)
