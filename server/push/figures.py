"""What can be shown of each SKU, warehouse by warehouse: available, held back, and what combinations come to.

Loaded for many SKUs at once; from then on arithmetic over dictionaries, so that a preview can change a figure and ask
again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import Component, MerchantSku
from server.catalog.rules import combination_available
from server.db.bulk import NUMBER, relation
from server.ledger.models import Balance
from server.places.models import SafetyStock
from server.push.rules import held

#: SKU -> warehouse -> units
PerWarehouse = dict[int, dict[int, int]]
_NOTHING: Mapping[int, int] = {}


@dataclass
class Stock:
    """Available and safety stock of single SKUs (and of combinations' own stock), and the recipes of combinations."""

    available: PerWarehouse = field(default_factory=dict)
    safety: PerWarehouse = field(default_factory=dict)
    recipes: dict[int, dict[int, int]] = field(default_factory=dict)
    own_stock: frozenset[int] = frozenset()

    def own(self, sku_id: int, warehouse_id: int, *, hold_back: bool) -> int:
        """The SKU's own available in one warehouse, less what is held back of it (PSH-3)."""
        available = self.available.get(sku_id, _NOTHING).get(warehouse_id, 0)
        if not hold_back:
            return available
        return available - held(available, self.safety.get(sku_id, _NOTHING).get(warehouse_id, 0))

    def in_warehouse(self, sku_id: int, warehouse_id: int, *, hold_back: bool) -> int:
        """What one warehouse gives: a single's own figure, a combination's out of its components after their hold-back,
        and with own stock at most its own (CAT-6)."""
        recipe = self.recipes.get(sku_id)
        if recipe is None:
            return self.own(sku_id, warehouse_id, hold_back=hold_back)
        components = {part: self.own(part, warehouse_id, hold_back=hold_back) for part in recipe}
        own = self.own(sku_id, warehouse_id, hold_back=hold_back) if sku_id in self.own_stock else None
        return combination_available(recipe, components, own)

    def over(self, sku_id: int, warehouses: Iterable[int], *, hold_back: bool) -> int:
        """The sum over warehouses, negatives counted (PSH-3)."""
        if not hold_back and sku_id not in self.recipes:
            figures = self.available.get(sku_id)
            return sum(figures.get(warehouse, 0) for warehouse in warehouses) if figures else 0
        return sum(self.in_warehouse(sku_id, warehouse, hold_back=hold_back) for warehouse in warehouses)

    def raised(self, deltas: Mapping[tuple[int, int], int]) -> Stock:
        """The same with available raised by `deltas`, by (warehouse, SKU); for what is not posted yet."""
        available = {sku_id: dict(figures) for sku_id, figures in self.available.items()}
        for (warehouse_id, sku_id), change in deltas.items():
            figures = available.setdefault(sku_id, {})
            figures[warehouse_id] = figures.get(warehouse_id, 0) + change
        return Stock(available, self.safety, self.recipes, self.own_stock)


def load_stock(session: Session, sku_ids: Iterable[int], *, safety: bool) -> Stock:
    """The stock of these SKUs and of their components, `safety` stock only where a rule holds it back. Four statements
    at most, whatever the number of SKUs."""
    wanted = set(sku_ids)
    recipes, own_stock = _load_recipes(session, wanted)
    wanted.update(part for recipe in recipes.values() for part in recipe)
    with relation(session, {"sku_id": NUMBER}, [(sku_id,) for sku_id in sorted(wanted)]) as skus:
        available = _nested(
            session.execute(
                select(Balance.sku_id, Balance.warehouse_id, Balance.on_hand - Balance.allocated).join(
                    skus, Balance.sku_id == skus.c.sku_id
                )
            )
        )
        kept: PerWarehouse = {}
        if safety:
            kept = _nested(
                session.execute(
                    select(SafetyStock.sku_id, SafetyStock.warehouse_id, SafetyStock.quantity).join(
                        skus, SafetyStock.sku_id == skus.c.sku_id
                    )
                )
            )
    return Stock(available, kept, recipes, own_stock)


def _load_recipes(session: Session, sku_ids: set[int]) -> tuple[dict[int, dict[int, int]], frozenset[int]]:
    recipes: dict[int, dict[int, int]] = {}
    own_stock: set[int] = set()
    with relation(session, {"sku_id": NUMBER}, [(sku_id,) for sku_id in sorted(sku_ids)]) as skus:
        rows = session.execute(
            select(MerchantSku.id, MerchantSku.own_stock, Component.component_id, Component.quantity)
            .join(skus, MerchantSku.id == skus.c.sku_id)
            .outerjoin(Component, Component.combination_id == MerchantSku.id)
            .where(MerchantSku.kind == "combination")
        )
        for sku_id, owns, part, quantity in rows:
            recipe = recipes.setdefault(sku_id, {})
            if part is not None:
                recipe[part] = quantity
            if owns:
                own_stock.add(sku_id)
    return recipes, frozenset(own_stock)


def _nested(rows: Iterable[tuple[int, int, int]]) -> PerWarehouse:
    nested: PerWarehouse = defaultdict(dict)
    for sku_id, warehouse_id, units in rows:
        nested[sku_id][warehouse_id] = units
    return dict(nested)
