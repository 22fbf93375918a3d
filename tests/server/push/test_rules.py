from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.push.figures import Stock
from server.push.rules import (
    Rounding,
    Rule,
    Rulebook,
    can_exceed,
    choice_warnings,
    clashes,
    held,
    must_tell,
    quantity,
    shown,
)
from server.push.targets import sums_of

A, B = 1, 2  # warehouses
SHOP, OTHER = 11, 12  # stores
SKU = 100


def rule(**more: Any) -> Rule:
    """A rule over both warehouses for two stores."""
    given: dict[str, Any] = {
        "name": "r",
        "warehouses": frozenset({A, B}),
        "stores": {SHOP: None, OTHER: None},
    }
    return Rule(**{**given, **more})


def of(rule: Rule, stock: Stock, store: int = SHOP, sku: int = SKU) -> int:
    """What the rule shows of the SKU in the store."""
    available, base = sums_of(rule, sku, stock)
    return shown(rule, store, available=available, base=base)


@pytest.mark.parametrize(
    ("figures", "more", "expected"),
    [
        ({A: 10, B: 20}, {}, 30),
        ({A: 1000}, {"percentage": Decimal(50)}, 500),
        ({A: -5, B: 10}, {}, 5),
        ({A: -5, B: 5}, {"fixed": 7}, 0),
        ({A: 0}, {"fixed": 7}, 0),
        ({}, {}, 0),
        ({A: 10}, {"fixed": -3}, 7),
        ({A: 2}, {"fixed": -3}, 0),
        ({A: 10}, {"fixed": 5}, 15),
        ({A: 10}, {"percentage": Decimal(150)}, 15),
        ({A: 3}, {"percentage": Decimal(50)}, 1),
        ({A: 3}, {"percentage": Decimal(50), "rounding": Rounding.UP}, 2),
        ({A: 3}, {"percentage": Decimal(50), "rounding": Rounding.NEAREST}, 2),
        ({A: 7}, {"percentage": Decimal("33.3333"), "rounding": Rounding.NEAREST}, 2),
        ({A: 100}, {"percentage": Decimal("0.29")}, 0),
        ({A: 10_000}, {"percentage": Decimal("0.29")}, 29),  # 28.999… in binary floats
        ({A: 4}, {"minimum": 5}, 0),
        ({A: 5}, {"minimum": 5}, 5),
        ({A: 6}, {"minimum": 5, "fixed": -2}, 0),
        ({A: 500}, {"cap": 99}, 99),
        ({A: 500}, {"cap": 99, "minimum": 100}, 99),  # the minimum is looked at before the cap
        ({A: 500}, {"cap": 0}, 0),
    ],
)
def test_the_quantity_of_a_store_sku(figures: dict[int, int], more: dict[str, Any], expected: int) -> None:
    """PSH-3: sum, percentage, rounding, fixed number, minimum, cap, in this order."""
    assert of(rule(**more), Stock({SKU: figures})) == expected


@pytest.mark.parametrize(("available", "safety", "kept"), [(10, 4, 4), (3, 4, 3), (0, 4, 0), (-5, 4, 0), (10, 0, 0)])
def test_what_is_held_back_of_a_warehouse(available: int, safety: int, kept: int) -> None:
    """PSH-3: held = min(safety stock, max(0, available))."""
    assert held(available, safety) == kept


def test_hold_back_is_per_warehouse_and_negatives_count() -> None:
    """PSH-3: A −5 keeps nothing back; B 10 with safety 3 gives 7; together 2."""
    stock = Stock({SKU: {A: -5, B: 10}}, {SKU: {A: 3, B: 3}})
    assert of(rule(hold_back=True), stock) == 2
    assert of(rule(), stock) == 5


def test_a_combination_sums_its_warehouses() -> None:
    """CAT-6: per warehouse the least of the components, then summed: never the least of sums."""
    stock = Stock({1: {A: 10, B: 0}, 2: {A: 0, B: 10}}, recipes={SKU: {1: 1, 2: 1}})
    assert of(rule(), stock) == 0
    stock = Stock({1: {A: 10, B: 7}, 2: {A: 3, B: -4}}, recipes={SKU: {1: 2, 2: 1}})
    assert of(rule(), stock) == 3


def test_a_combination_after_its_components_hold_back() -> None:
    """PSH-3, CAT-6: from its components after their hold-back; own stock limits it further."""
    stock = Stock({1: {A: 10}, 2: {A: 9}, SKU: {A: 2}}, {1: {A: 4}}, {SKU: {1: 2, 2: 1}})
    assert of(rule(hold_back=True), stock) == 3
    assert of(rule(), stock) == 5
    own = Stock(stock.available, stock.safety, stock.recipes, frozenset({SKU}))
    assert of(rule(hold_back=True), own) == 2


def test_every_store_shows_the_whole_quantity() -> None:
    """PSH-4: a sale of 2 in one brings 28 to all; a store may have its own percentage (PSH-2)."""
    stock = Stock({SKU: {A: 10, B: 18}})
    both = rule(stores={SHOP: None, OTHER: Decimal(50)})
    assert [of(both, stock, store) for store in (SHOP, OTHER)] == [28, 14]


@pytest.mark.parametrize(("available", "others"), [(50, 50), (49, 0), (0, 0), (-1, 0)])
def test_the_priority_store_keeps_its_figure(available: int, others: int) -> None:
    """PSH-5: at 50 with safety 50 all show 50; at 49 only the priority store has 49."""
    one_first = rule(priority_store=SHOP, priority_safety_stock=50)
    stock = Stock({SKU: {A: available}})
    assert of(one_first, stock, SHOP) == max(0, available)
    assert of(one_first, stock, OTHER) == others


def test_priority_looks_at_available_before_hold_back_and_percentage() -> None:
    """PSH-5: the test is on the sum of available."""
    first = rule(priority_store=SHOP, priority_safety_stock=50, hold_back=True, percentage=Decimal(10))
    stock = Stock({SKU: {A: 30, B: 20}}, {SKU: {A: 20, B: 20}})
    assert [of(first, stock, store) for store in (SHOP, OTHER)] == [1, 1]


def test_a_scoped_rule_beats_an_unscoped_one() -> None:
    """PSH-6: one rule governs; rules that are off govern nothing."""
    wide, narrow = rule(name="wide"), rule(name="narrow", skus=frozenset({SKU}))
    book = Rulebook([wide, narrow])
    assert book.governing(SHOP, SKU) is narrow
    assert book.governing(SHOP, SKU + 1) is wide
    assert book.governing(99, SKU) is None
    off = rule(name="off", active=False)
    assert Rulebook([off]).governing(SHOP, SKU) is None
    assert Rulebook([off]).switched_off(SHOP, SKU) is off


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ({}, {}, True),
        ({}, {"stores": {99: None}}, False),
        ({}, {"active": False}, False),
        ({}, {"skus": frozenset({SKU})}, False),
        ({"skus": frozenset({SKU, 5})}, {"skus": frozenset({SKU})}, True),
        ({"skus": frozenset({5})}, {"skus": frozenset({SKU})}, False),
        ({"skus": frozenset({SKU}), "stores": {99: None}}, {"skus": frozenset({SKU})}, False),
    ],
)
def test_two_rules_that_claim_the_same(first: dict[str, Any], second: dict[str, Any], clash: bool) -> None:
    """PSH-6: both on, a store in common, both unscoped or both scoped with a common SKU."""
    assert bool(clashes([rule(name="a", **first), rule(name="b", **second)])) is clash


@pytest.mark.parametrize(
    ("target", "told", "known", "demanded", "expected"),
    [
        (5, 5, True, False, False),
        (5, 4, True, False, True),
        (5, 5, False, False, True),
        (5, 5, True, True, True),
        (5, None, False, False, True),
    ],
)
def test_only_another_quantity_is_told(
    target: int, told: int | None, known: bool, demanded: bool, expected: bool
) -> None:
    """PSH-8: another quantity, an unknown one, the first one, or Push Now."""
    assert must_tell(target, told=told, known=known, last_target=told, demanded=demanded, choice=False) is expected


def test_a_choice_store_is_told_when_the_target_rises() -> None:
    """PSH-9: 30 sent, falls to 20: nothing; rises to 25: 25 is sent."""

    def tells(target: int, last: int | None, told: int | None = 30, demanded: bool = False) -> bool:
        return must_tell(target, told=told, known=True, last_target=last, demanded=demanded, choice=True)

    assert tells(30, None, told=None)
    assert not tells(20, 30)
    assert tells(25, 20)
    assert not tells(25, 25)
    assert tells(25, 25, demanded=True)


def test_a_choice_store_beside_others_is_warned_of() -> None:
    """PSH-9: sharing a rule, or a warehouse."""
    choice = frozenset({SHOP})
    alone = rule(name="choice", stores={SHOP: None}, warehouses=frozenset({A}))
    assert list(choice_warnings([rule()], choice)) == ["r"]
    assert choice_warnings([alone, rule(stores={OTHER: None}, warehouses=frozenset({B}))], choice) == {}
    assert choice_warnings([alone, rule(stores={OTHER: None})], choice) == {
        "choice": ["a Choice store shares a warehouse with other stores, by r"],
        "r": ["it shares a warehouse with a Choice store, by choice"],
    }


def test_a_warning_names_the_first_three_others() -> None:
    """PSH-9: never the rule itself, each once, whatever warehouses they share."""
    many = [rule(name=f"r{n}", stores={OTHER: None}, warehouses=frozenset({A, B})) for n in range(9)]
    both = [rule(name=f"c{n}", stores={SHOP: None, OTHER: None}, warehouses=frozenset({A, B})) for n in range(3)]
    told = choice_warnings([*many, *both], frozenset({SHOP}))
    assert told["r5"] == ["it shares a warehouse with a Choice store, by c0, c1, c2"]
    assert told["c1"][1:] == ["a Choice store shares a warehouse with other stores, by c0, c2, r0"]


def test_a_rule_that_can_show_more_than_there_is() -> None:
    """PSH-3: above 100 %, also one store's own, or a positive number."""
    assert not can_exceed(rule(percentage=Decimal(100), fixed=-1), SHOP)
    assert can_exceed(rule(fixed=1), SHOP)
    own = rule(stores={SHOP: Decimal(101), OTHER: None})
    assert can_exceed(own, SHOP) and not can_exceed(own, OTHER)


percentages = st.decimals(0, 10_000, places=4, allow_nan=False, allow_infinity=False)
bases = st.integers(-1_000, 50_000_000)
_MODES = {Rounding.DOWN: ROUND_FLOOR, Rounding.UP: ROUND_CEILING, Rounding.NEAREST: ROUND_HALF_UP}


@given(base=bases, percentage=percentages, rounding=st.sampled_from(Rounding), fixed=st.integers(-99, 99))
def test_the_quantity_is_exact(base: int, percentage: Decimal, rounding: Rounding, fixed: int) -> None:
    """PSH-3: in exact decimals, whatever the figures."""
    result = quantity(rule(percentage=percentage, rounding=rounding, fixed=fixed), SHOP, base)
    whole = (Decimal(base) * percentage / 100).to_integral_value(_MODES[rounding])
    assert result == (0 if base <= 0 else max(0, int(whole) + fixed))


@given(
    base=bases,
    percentage=st.decimals(0, 100, places=4),
    rounding=st.sampled_from(Rounding),
    fixed=st.integers(-99, 0),
    minimum=st.none() | st.integers(0, 50),
    cap=st.none() | st.integers(0, 50),
)
def test_a_rule_that_cannot_exceed_never_does(
    base: int, percentage: Decimal, rounding: Rounding, fixed: int, minimum: int | None, cap: int | None
) -> None:
    """PSH-3: between 0 and what is there, never above the cap; 0 or at least the minimum."""
    careful = rule(percentage=percentage, rounding=rounding, fixed=fixed, minimum=minimum, cap=cap)
    result = quantity(careful, SHOP, base)
    assert 0 <= result <= max(0, base)
    assert cap is None or result <= cap
    assert result == 0 or minimum is None or result >= min(minimum, cap if cap is not None else minimum)


@given(first=bases, second=bases, percentage=percentages, rounding=st.sampled_from(Rounding))
def test_more_stock_never_shows_less(first: int, second: int, percentage: Decimal, rounding: Rounding) -> None:
    """PSH-3: the quantity rises with what is there."""
    one = rule(percentage=percentage, rounding=rounding, minimum=3, cap=1_000)
    low, high = sorted((first, second))
    assert quantity(one, SHOP, low) <= quantity(one, SHOP, high)
