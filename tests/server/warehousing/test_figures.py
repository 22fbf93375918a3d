"""What combinations come to in a list of figures, against the rule itself."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import Component, MerchantSku
from server.catalog.rules import combination_available
from server.db.session import Database
from server.ledger.models import Balance
from server.warehousing import figures
from tests.factories import make_sku, make_warehouse

WAREHOUSES, SINGLES, COMBINATIONS = 3, 6, 12


def _fill(s: Session, rng: random.Random) -> dict[tuple[int, int], int]:
    """Random figures and recipes; what each combination has by the rule, by (warehouse, SKU) where it has a row."""
    places = [make_warehouse(s, f"W{n}", default=n == 0) for n in range(WAREHOUSES)]
    singles = [make_sku(s, f"S{n}") for n in range(SINGLES)]
    recipes: dict[int, dict[int, int]] = {}
    owning: set[int] = set()
    for n in range(COMBINATIONS):
        own = rng.random() < 0.5
        sku = make_sku(s, f"C{n}", kind="combination", own_stock=own)
        recipes[sku] = {part: rng.randint(1, 4) for part in rng.sample(singles, rng.randint(1, 3))}
        s.add_all(Component(combination_id=sku, component_id=part, quantity=q) for part, q in recipes[sku].items())
        owning |= {sku} if own else set()
    available: dict[tuple[int, int], int] = {}
    for place in places:
        for sku in (*singles, *owning):
            if rng.random() < 0.6:
                on_hand, allocated = rng.randint(0, 20), rng.randint(0, 12)
                s.add(Balance(warehouse_id=place, sku_id=sku, on_hand=on_hand, allocated=allocated))
                available[place, sku] = on_hand - allocated
    s.flush()
    expected = {}
    for place in places:
        here = {sku: units for (where, sku), units in available.items() if where == place}
        for sku, recipe in recipes.items():
            if here.keys() & {*recipe, sku}:
                expected[place, sku] = combination_available(recipe, here, here.get(sku, 0) if sku in owning else None)
    return expected


@pytest.mark.parametrize("seed", range(5))
def test_combinations_come_to_what_the_rule_says(db: Database, seed: int) -> None:
    """CAT-6: the least of ⌊component available ÷ quantity⌋, with own stock at most its own, never below 0; figures of
    components below 0, components that a warehouse never had, and own stock that it never had among them."""

    def look(s: Session) -> None:
        expected = _fill(s, random.Random(seed))
        rows = s.execute(figures.of_combinations()).all()
        assert {(row[3], row[2]): row.available for row in rows} == expected
        assert len(rows) == len(expected) and 0 in expected.values() and any(expected.values())
        singles = s.execute(figures.of_singles()).all()
        kinds = s.execute(select(Balance.sku_id, MerchantSku.kind).join(MerchantSku, MerchantSku.id == Balance.sku_id))
        assert len(singles) == [kind for _, kind in kinds].count("single")

    db.write(look)
