"""Push rule; evaluations. What each store SKU was last told stands in `outbox`, below the rooms that hear news."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, Id, folded
from server.outbox.models import Told


class PushRule(Base):
    """PSH-2. Without rows in `push_rule_sku` it is unscoped: it holds for every SKU."""

    __tablename__ = "push_rule"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(folded(100), unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    percentage: Mapped[Decimal]
    fixed: Mapped[int] = mapped_column(default=0)
    rounding: Mapped[str] = mapped_column(String(10), default="down")
    priority_store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    priority_safety_stock: Mapped[int] = mapped_column(default=0)
    hold_back_safety_stock: Mapped[bool] = mapped_column(default=False)
    minimum: Mapped[int | None]
    cap: Mapped[int | None]
    created_at: Mapped[datetime]


class PushRuleWarehouse(Base):
    """A source warehouse of a rule."""

    __tablename__ = "push_rule_warehouse"

    rule_id: Mapped[int] = mapped_column(ForeignKey("push_rule.id"), primary_key=True, autoincrement=False)
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("warehouse.id"), primary_key=True, autoincrement=False)


class PushRuleStore(Base):
    """A target store of a rule, with its own percentage if it has one."""

    __tablename__ = "push_rule_store"

    rule_id: Mapped[int] = mapped_column(ForeignKey("push_rule.id"), primary_key=True, autoincrement=False)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"), primary_key=True, autoincrement=False, index=True)
    percentage: Mapped[Decimal | None]


class PushRuleSku(Base):
    """A merchant SKU in a rule's scope."""

    __tablename__ = "push_rule_sku"

    rule_id: Mapped[int] = mapped_column(ForeignKey("push_rule.id"), primary_key=True, autoincrement=False)
    sku_id: Mapped[int] = mapped_column(
        ForeignKey("merchant_sku.id"), primary_key=True, autoincrement=False, index=True
    )


class Evaluation(Base):
    """One evaluation of one store SKU: its causes and its result, also when there was nothing to send (PSH-7)."""

    __tablename__ = "evaluation"
    __table_args__ = (Index("ix_evaluation_store_sku", "store_sku_id", "id"),)

    id: Mapped[Id]
    store_sku_id: Mapped[int] = mapped_column(ForeignKey("store_sku.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("merchant_sku.id"))
    at: Mapped[datetime] = mapped_column(index=True)
    causes: Mapped[int]
    forced: Mapped[bool]
    rule_id: Mapped[int | None]
    target: Mapped[int | None]
    result: Mapped[str] = mapped_column(String(20))  # rules.Result


__all__ = ["Evaluation", "PushRule", "PushRuleSku", "PushRuleStore", "PushRuleWarehouse", "Told"]
