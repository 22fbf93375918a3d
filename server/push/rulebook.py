"""Push rules out of the database, as the pure rules that `rules` works with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server.db.bulk import NUMBER, relation
from server.places.models import Warehouse
from server.push.models import PushRule, PushRuleSku, PushRuleStore, PushRuleWarehouse
from server.push.rules import Rounding, Rule, Rulebook


def load_rules(session: Session, sku_ids: Iterable[int] | None = None) -> list[Rule]:
    """Every rule; with `sku_ids` only those that can concern one of them, with their scope cut down to them.

    A warehouse that was deleted is no source any more.
    """
    scopes = _scopes(session, sku_ids)
    warehouses: dict[int, set[int]] = defaultdict(set)
    living = select(PushRuleWarehouse.rule_id, PushRuleWarehouse.warehouse_id).join(
        Warehouse, Warehouse.id == PushRuleWarehouse.warehouse_id
    )
    for rule_id, warehouse_id in session.execute(living.where(Warehouse.deleted_at.is_(None))):
        warehouses[rule_id].add(warehouse_id)
    stores: dict[int, dict[int, Decimal | None]] = defaultdict(dict)
    for rule_id, store_id, percentage in session.execute(
        select(PushRuleStore.rule_id, PushRuleStore.store_id, PushRuleStore.percentage)
    ):
        stores[rule_id][store_id] = percentage
    is_scoped = exists().where(PushRuleSku.rule_id == PushRule.id)
    rows = session.execute(select(PushRule, is_scoped).order_by(PushRule.id))
    return [
        _rule(row, warehouses[row.id], stores[row.id], scopes[row.id])
        for row, scoped in rows
        if not scoped or scopes[row.id]
    ]


def load_rulebook(session: Session, sku_ids: Iterable[int] | None = None) -> Rulebook:
    """The rules that can concern these SKUs (or all), ready to be asked which one governs."""
    return Rulebook(load_rules(session, sku_ids))


def _scopes(session: Session, sku_ids: Iterable[int] | None) -> dict[int, set[int]]:
    scopes: dict[int, set[int]] = defaultdict(set)
    query = select(PushRuleSku.rule_id, PushRuleSku.sku_id)
    if sku_ids is None:
        rows = session.execute(query).all()
    else:
        with relation(session, {"sku_id": NUMBER}, [(sku_id,) for sku_id in set(sku_ids)]) as wanted:
            rows = session.execute(query.join(wanted, PushRuleSku.sku_id == wanted.c.sku_id)).all()
    for rule_id, sku_id in rows:
        scopes[rule_id].add(sku_id)
    return scopes


def _rule(row: PushRule, warehouses: set[int], stores: dict[int, Decimal | None], skus: set[int]) -> Rule:
    return Rule(
        id=row.id,
        name=row.name,
        active=row.active,
        warehouses=frozenset(warehouses),
        stores=stores,
        percentage=row.percentage,
        fixed=row.fixed,
        rounding=Rounding(row.rounding),
        priority_store=row.priority_store_id,
        priority_safety_stock=row.priority_safety_stock,
        hold_back=row.hold_back_safety_stock,
        minimum=row.minimum,
        cap=row.cap,
        skus=frozenset(skus),
    )
