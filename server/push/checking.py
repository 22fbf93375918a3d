"""Whether rules can be saved as they are: their own values, conflicts with others, Choice stores. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from server.db.base import fold
from server.push.errors import RuleProblem
from server.push.rules import Rule, can_exceed, choice_warnings, clashes

MAX_QUANTITY = 10_000_000
MAX_PERCENTAGE = Decimal(10_000)
PERCENTAGE_PLACES = 4
MAX_NAME = 100


@dataclass
class Verdict:
    """What is wrong with the rules (`wrong`: a value by itself; `refused`: beside the others), and what to know."""

    wrong: list[RuleProblem] = field(default_factory=list)
    refused: list[RuleProblem] = field(default_factory=list)
    warnings: list[RuleProblem] = field(default_factory=list)

    def sentences(self) -> dict[str, list[str]]:
        """The warnings' words, by rule."""
        found: dict[str, list[str]] = defaultdict(list)
        for warning in self.warnings:
            found[warning.rule].append(warning.text)
        return dict(found)


def check(
    saved: Sequence[Rule], others: Sequence[Rule], *, choice_stores: frozenset[int], store_names: Mapping[int, str]
) -> Verdict:
    """Judge the rules about to be saved beside the `others` that stay as they are."""
    verdict = Verdict([*(problem for rule in saved for problem in _own_problems(rule)), *_doubled(saved, others)])
    if verdict.wrong:
        return verdict  # beside others only rules that can be at all are judged
    for rule in saved:
        refused = list(_choice_problems(rule, choice_stores, store_names))
        verdict.refused += refused
        if not refused and any(can_exceed(rule, store) for store in rule.stores):
            text = "can show more than there is"
            verdict.warnings.append(RuleProblem(rule.name, _oversells_by(rule), "rule-oversells", text))
    verdict.refused += list(_clash_problems(saved, others, store_names))
    names = {rule.name for rule in saved}
    verdict.warnings += [
        RuleProblem(name, "stores", "rule-choice-shares", sentence)
        for name, sentences in choice_warnings([*others, *saved], choice_stores).items()
        if name in names
        for sentence in sentences
    ]
    return verdict


def _own_problems(rule: Rule) -> Iterator[RuleProblem]:
    def problem(field: str, text: str) -> RuleProblem:
        return RuleProblem(rule.name, field, "rule-value", text)

    if not rule.name.strip() or len(rule.name) > MAX_NAME:
        yield problem("name", f"a rule's name has 1 to {MAX_NAME} characters")
    if not rule.warehouses and rule.active:  # one whose last warehouse was deleted can be switched off (WH-6)
        yield problem("warehouses", "a rule that is on needs a source warehouse")
    if not rule.stores:
        yield problem("stores", "a rule needs a store")
    for percentage in (rule.percentage, *rule.stores.values()):
        if percentage is not None and not _is_percentage(percentage):
            yield problem("percentage", f"a percentage is 0 to {MAX_PERCENTAGE} with at most 4 decimal places")
    for name in ("minimum", "cap", "priority_safety_stock"):
        value = getattr(rule, name)
        if value is not None and not 0 <= value <= MAX_QUANTITY:
            yield problem(name, f"{name.replace('_', ' ')} is 0 to {MAX_QUANTITY}")
    if abs(rule.fixed) > MAX_QUANTITY:
        yield problem("fixed", f"the fixed number is -{MAX_QUANTITY} to {MAX_QUANTITY}")
    if rule.priority_store is not None and rule.priority_store not in rule.stores:
        yield RuleProblem(
            rule.name, "priority_store", "priority-outside", "the priority store must be one of the rule's stores"
        )


def _is_percentage(value: Decimal) -> bool:
    if not value.is_finite() or not 0 <= value <= MAX_PERCENTAGE:
        return False
    return value == value.quantize(Decimal(1).scaleb(-PERCENTAGE_PLACES))


def _choice_problems(
    rule: Rule, choice_stores: frozenset[int], store_names: Mapping[int, str]
) -> Iterator[RuleProblem]:
    """PSH-3: a rule that can show more than there is is refused for a Choice store."""
    over = [store for store in sorted(rule.stores) if store in choice_stores and can_exceed(rule, store)]
    if over:
        text = f"{_names(over, store_names)} is a Choice store and can't be shown more than there is"
        yield RuleProblem(rule.name, _oversells_by(rule), "rule-oversells-choice", text)


def _oversells_by(rule: Rule) -> str:
    return "fixed" if rule.fixed > 0 else "percentage"


def _clash_problems(
    saved: Sequence[Rule], others: Sequence[Rule], store_names: Mapping[int, str]
) -> Iterator[RuleProblem]:
    """PSH-6: two rules that are on and claim the same."""
    mine = {rule.name for rule in saved}
    for clash in clashes([*others, *saved]):
        for rule, other in ((clash.first, clash.second), (clash.second, clash.first)):
            if rule.name in mine:
                where = _names(sorted(clash.stores), store_names)
                what = f"{len(clash.skus)} of the same SKUs in {where}" if clash.skus else where
                text = f"rule '{other.name}' already governs {what}"
                field = "skus" if clash.skus else "stores"
                yield RuleProblem(rule.name, field, "rule-overlap", text, other=other.name, what=what)


def _doubled(saved: Sequence[Rule], others: Iterable[Rule]) -> Iterator[RuleProblem]:
    taken = {fold(rule.name) for rule in others}
    for rule in saved:
        if fold(rule.name) in taken:
            yield RuleProblem(rule.name, "name", "rule-name-taken", "there is another rule of this name")
        taken.add(fold(rule.name))


def _names(stores: Sequence[int], names: Mapping[int, str]) -> str:
    shown = ", ".join(names.get(store, str(store)) for store in stores[:3])
    return f"{shown} and {len(stores) - 3} more" if len(stores) > 3 else shown
