from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.catalog.rules import combination_available, combination_available_over, skeleton, skeletons


@pytest.mark.parametrize(
    ("recipe", "available", "own", "expected"),
    [
        ({1: 2}, {1: 7}, None, 3),
        ({1: 2, 2: 1}, {1: 7, 2: 2}, None, 2),
        ({1: 1}, {}, None, 0),
        ({1: 1}, {1: -3}, None, 0),
        ({1: 2, 2: 1}, {1: 7, 2: 9}, 2, 2),
        ({1: 2}, {1: 7}, 50, 3),
        ({1: 2}, {1: 7}, -1, 0),
        ({}, {1: 7}, None, 0),
    ],
)
def test_the_scarcest_component_decides(
    recipe: dict[int, int], available: dict[int, int], own: int | None, expected: int
) -> None:
    """CAT-6: the least of ⌊available ÷ quantity⌋, never below 0, with own stock never above that."""
    assert combination_available(recipe, available, own) == expected


def test_warehouses_are_summed_never_the_least_of_sums() -> None:
    """CAT-6: A in one warehouse and B in the other make nothing, though the sums would make five."""
    recipe = {1: 1, 2: 1}
    assert combination_available_over(recipe, [{1: 5}, {2: 5}]) == 0
    assert combination_available_over(recipe, [{1: 5, 2: 2}, {1: 1, 2: 5}]) == 3
    assert combination_available_over(recipe, [{1: 5, 2: 2}, {1: 1, 2: 5}], [1, 0]) == 1


_units = st.integers(-20, 200)


@given(st.dictionaries(st.integers(1, 4), st.integers(1, 5), min_size=1), st.dictionaries(st.integers(1, 4), _units))
def test_as_many_as_can_be_taken_and_not_one_more(recipe: dict[int, int], available: dict[int, int]) -> None:
    """CAT-6: what is shown can be taken from the components, one more can't."""
    units = combination_available(recipe, available)
    left = {part: available.get(part, 0) - units * quantity for part, quantity in recipe.items()}
    assert units == 0 or all(value >= 0 for value in left.values())
    assert any(left[part] < quantity for part, quantity in recipe.items())


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("AB-10", "ab-1O", True),
        ("AB-1I", "AB-LI", True),
        ("A B_1", "A-B.1", True),
        ("ABC", "АВС", True),  # the second is Cyrillic
        ("AB-10", "AB-11", False),
        ("AB-1-11", "AB-11-1", False),
    ],
)
def test_codes_that_are_easily_taken_for_each_other(first: str, second: str, alike: bool) -> None:
    """CAT-2: I, L and O beside digits, separators, letters of other alphabets."""
    assert (skeleton(first) == skeleton(second)) is alike


@given(st.lists(st.text(st.sampled_from("aIl1Oо0 -_\n\u0301"), max_size=6)))
def test_many_skeletons_at_once(codes: list[str]) -> None:
    """CAT-2: the same as one by one, whatever the codes hold."""
    assert skeletons(codes) == [skeleton(code) for code in codes]
