"""Which quantity a store SKU is shown, which rule governs it, and whether the store must be told; pure.

Every figure is a whole number and every percentage an exact decimal: nothing here rounds but where PSH-3 says so.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations

#: How many other rules a warning names.
_NAMED = 3


class Rounding(enum.StrEnum):
    """How the percentage's result becomes whole units. `nearest` takes halves up."""

    DOWN = "down"
    UP = "up"
    NEAREST = "nearest"


@dataclass(frozen=True)
class Rule:
    """A push rule (PSH-2), saved or not yet (`id` None). `stores` holds each store's own percentage, None for the
    rule's; without `skus` it is unscoped: it holds for every SKU."""

    name: str
    warehouses: frozenset[int]
    stores: Mapping[int, Decimal | None]
    percentage: Decimal = Decimal(100)
    fixed: int = 0
    rounding: Rounding = Rounding.DOWN
    priority_store: int | None = None
    priority_safety_stock: int = 0
    hold_back: bool = False
    minimum: int | None = None
    cap: int | None = None
    skus: frozenset[int] = frozenset()
    active: bool = True
    id: int | None = None
    #: store -> percentage as numerator and denominator, worked out once
    _ratios: dict[int, tuple[int, int]] = field(default_factory=dict, init=False, compare=False, repr=False)

    def percentage_for(self, store_id: int) -> Decimal:
        """The store's own percentage, or else the rule's."""
        own = self.stores.get(store_id)
        return self.percentage if own is None else own

    def ratio_for(self, store_id: int) -> tuple[int, int]:
        """The percentage as an exact fraction: (numerator, denominator)."""
        known = self._ratios.get(store_id)
        if known is None:
            known = self._ratios[store_id] = ratio(self.percentage_for(store_id))
        return known


def ratio(percentage: Decimal) -> tuple[int, int]:
    """A percentage as an exact fraction: 50 % is (50, 100), 12.5 % is (25, 200)."""
    numerator, denominator = percentage.as_integer_ratio()
    return numerator, denominator * 100


def held(available: int, safety_stock: int) -> int:
    """What a rule that holds back the SKUs' safety stock keeps of one warehouse (PSH-3)."""
    return min(safety_stock, max(0, available))


def share(base: int, numerator: int, denominator: int, rounding: Rounding) -> int:
    """`base` × numerator ÷ denominator in whole units (PSH-3). `base` is not negative."""
    exact = base * numerator
    if rounding is Rounding.DOWN:
        return exact // denominator
    if rounding is Rounding.UP:
        return -(-exact // denominator)
    return (2 * exact + denominator) // (2 * denominator)


def quantity(rule: Rule, store_id: int, base: int) -> int:
    """What the rule makes of `base`, the sum over its warehouses after hold-back, for one store (PSH-3).

    Nothing available → 0. Else × percentage, rounded, plus the fixed number; below 0 → 0, below the minimum → 0,
    above the cap → the cap.
    """
    if base <= 0:
        return 0
    result = share(base, *rule.ratio_for(store_id), rule.rounding) + rule.fixed
    if result < 0 or (rule.minimum is not None and result < rule.minimum):
        return 0
    return result if rule.cap is None else min(result, rule.cap)


def is_kept_for_priority(rule: Rule, store_id: int, available: int) -> bool:
    """PSH-5: whether this store gets 0, because less than the safety stock is available (the sum, before hold-back and
    percentage) and the rule has another store first."""
    return (
        rule.priority_store is not None and store_id != rule.priority_store and available < rule.priority_safety_stock
    )


def shown(rule: Rule, store_id: int, *, available: int, base: int) -> int:
    """The quantity for one store SKU (PSH-3, PSH-5). `available` and `base` are sums over the rule's warehouses, before
    and after hold-back."""
    return 0 if is_kept_for_priority(rule, store_id, available) else quantity(rule, store_id, base)


def can_exceed(rule: Rule, store_id: int) -> bool:
    """Whether the rule can show more in this store than there is: above 100 %, or a positive fixed number."""
    return rule.fixed > 0 or rule.percentage_for(store_id) > 100


@dataclass(frozen=True)
class Clash:
    """Two rules that are on and both claim these stores (and, if both are scoped, these SKUs) (PSH-6)."""

    first: Rule
    second: Rule
    stores: frozenset[int]
    skus: frozenset[int]


def clashes(rules: Iterable[Rule]) -> list[Clash]:
    """Every pair of rules that conflict (PSH-6): both on, a store in common, and both unscoped or with a common SKU."""
    per_store: dict[int, list[Rule]] = defaultdict(list)
    for rule in rules:
        if rule.active:
            for store_id in rule.stores:
                per_store[store_id].append(rule)
    found: dict[tuple[str, str], Clash] = {}
    for sharing in per_store.values():
        for first, second in combinations(sharing, 2):
            pair = (first.name, second.name)
            clash = None if pair in found else _clash(first, second)
            if clash is not None:
                found[pair] = clash
    return list(found.values())


def _clash(first: Rule, second: Rule) -> Clash | None:
    common = first.skus & second.skus
    if bool(first.skus) != bool(second.skus) or (first.skus and not common):
        return None
    return Clash(first, second, frozenset(first.stores.keys() & second.stores.keys()), common)


class Rulebook:
    """Which rule governs a store SKU (PSH-6): a rule that is on and scoped to its SKU, else an unscoped one that is on.

    A rule that is off governs nothing; it is known only so that people can be told of it.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = list(rules)
        self._for_all: dict[tuple[bool, int], Rule] = {}
        self._scoped: dict[tuple[bool, int, int], Rule] = {}
        for rule in self.rules:
            for store_id in rule.stores:
                if not rule.skus:
                    self._for_all[rule.active, store_id] = rule
                for sku_id in rule.skus:
                    self._scoped[rule.active, store_id, sku_id] = rule
        self.warehouses = frozenset[int]().union(*(rule.warehouses for rule in self.rules))
        self.holds_back = any(rule.hold_back for rule in self.rules)

    def governing(self, store_id: int, sku_id: int) -> Rule | None:
        """The rule that is on and decides for this SKU in this store."""
        return self._scoped.get((True, store_id, sku_id)) or self._for_all.get((True, store_id))

    def switched_off(self, store_id: int, sku_id: int) -> Rule | None:
        """The rule that would decide if it were on; where none that is on does."""
        return self._scoped.get((False, store_id, sku_id)) or self._for_all.get((False, store_id))


class Result(enum.StrEnum):
    """What an evaluation came to (PSH-7)."""

    SEND = "send"
    NOTHING_TO_SEND = "nothing_to_send"
    WAITS = "waits"
    NO_RULE = "no_rule"
    RULE_OFF = "rule_off"
    NOT_SYNCED = "not_synced"
    STORE_OFF = "store_off"
    SWITCH_OFF = "switch_off"


def must_tell(
    target: int,
    *,
    told: int | None,
    known: bool,
    last_target: int | None,
    demanded: bool,
    choice: bool,
) -> bool:
    """Whether the store must be told `target`.

    PSH-8: only a quantity other than the last told, or where what the store shows is not known. PSH-9: a Choice store
    only when the target is higher than at the last evaluation. `demanded` (Push Now) and the first push always.
    """
    if demanded or told is None:
        return True
    if choice:
        return last_target is None or target > last_target
    return not known or target != told


def choice_warnings(rules: Sequence[Rule], choice_stores: frozenset[int]) -> dict[str, list[str]]:
    """PSH-9: a Choice store that shares a rule, or a warehouse, with other stores: rule name -> sentences.

    Of two rules that share a warehouse both are told of, whichever is saved last.
    """
    on = [rule for rule in rules if rule.active]
    neighbours = _Neighbours(on, choice_stores)
    told = {rule.name: list(_sharing(rule, neighbours, choice_stores)) for rule in on}
    return {name: sentences for name, sentences in told.items() if sentences}


def _sharing(rule: Rule, neighbours: _Neighbours, choice_stores: frozenset[int]) -> Iterator[str]:
    if not rule.stores.keys() & choice_stores:
        if names := neighbours.names(rule, neighbours.with_choice):
            yield f"it shares a warehouse with a Choice store, by {names}"
        return
    if rule.stores.keys() - choice_stores:
        yield "a Choice store shares this rule with other stores"
    if names := neighbours.names(rule, neighbours.with_others):
        yield f"a Choice store shares a warehouse with other stores, by {names}"


class _Neighbours:
    """The first rules of each warehouse by name: those with a Choice store, and those with others. No more than can be
    named, and one for the rule that asks: ten thousand rules may share a warehouse."""

    def __init__(self, rules: Sequence[Rule], choice_stores: frozenset[int]) -> None:
        self.with_choice: dict[int, list[Rule]] = defaultdict(list)
        self.with_others: dict[int, list[Rule]] = defaultdict(list)
        for rule in sorted(rules, key=lambda rule: rule.name):
            for warehouse in rule.warehouses:
                if rule.stores.keys() & choice_stores:
                    _add_first(self.with_choice[warehouse], rule)
                if rule.stores.keys() - choice_stores:
                    _add_first(self.with_others[warehouse], rule)

    def names(self, rule: Rule, of: Mapping[int, Sequence[Rule]]) -> str:
        """The first names of other rules that share a warehouse with this one."""
        others = {other.name for place in rule.warehouses for other in of.get(place, ()) if other is not rule}
        return ", ".join(sorted(others)[:_NAMED])


def _add_first(some: list[Rule], rule: Rule) -> None:
    if len(some) <= _NAMED:
        some.append(rule)
