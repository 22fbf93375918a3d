"""Push rules: one row is one rule, judged by what comes out of all rows together (PSH-2, PSH-6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from server.db.base import fold
from server.errors import Refused, StockbookError
from server.push import service
from server.push.errors import RuleProblem
from server.push.naming import Names, names_of
from server.push.rulebook import load_rules
from server.push.rules import Rounding, Rule
from server.uploads.handlers.actions import check_actions, plan_removals
from server.uploads.handlers.protocol import CannotUndo, Context, CurrentRow, Step
from server.uploads.plan import Existing, Plan, plan_records
from server.uploads.rows import Rows, plain, version_of
from validators.columns import name_and_percentage
from validators.messages import Finding
from validators.registry import WORKBOOKS
from validators.workbooks import Workbook

#: Columns that are a rule's field of the same name, and what `#CLEAR` makes of them.
_PLAIN: Mapping[str, Any] = {
    "active": None,
    "percentage": None,
    "fixed": 0,
    "priority_safety_stock": 0,
    "minimum": None,
    "cap": None,
}


@dataclass
class _Work:
    """What applying does: rules by row as they will be, and those that go."""

    rules: dict[int, Rule] = field(default_factory=dict)
    removed: dict[int, Rule] = field(default_factory=dict)


class PushRules:
    """Blank cells leave a rule's values alone; a new rule needs warehouses and stores."""

    workbook: ClassVar[Workbook] = WORKBOOKS["push_rules"]

    def plan(self, session: Session, rows: Rows) -> Plan:
        """Before and after of each rule; conflicts, Choice stores and warnings on the rows that bring them about."""
        known = {fold(rule.name): rule for rule in load_rules(session)}
        found = [known.get(fold(name)) for name in rows.values["name"]]
        wanted = [_rule(rows, number, rule) for number, rule in zip(rows.numbers, found, strict=True)]
        names = names_of(session, [*known.values(), *wanted])
        existing = [None if rule is None else Existing(_cells(rule, names), id=rule.id) for rule in found]
        plan = plan_records(_canonical(rows, [_cells(rule, names) for rule in wanted]), existing)
        plan.findings += check_actions(rows, [rule is not None for rule in found], "name")
        leaving = set(plan_removals(plan, "name", lambda number: rows.value("name", number)))
        plan.work = _Work()
        for number, rule, becomes in zip(rows.numbers, found, wanted, strict=True):
            if number not in leaving:
                plan.findings += _missing(rows, number, rule)
                plan.work.rules[number] = becomes
            elif rule is not None:
                plan.work.removed[number] = rule
        plan.findings += _judged(session, plan, list(known.values()))
        return plan

    def apply(self, session: Session, plan: Plan, context: Context) -> Sequence[Step]:
        """Save them together; the steps keep what was and what is. Raises `Refused` where a rival came between."""
        saved = [plan.work.rules[number] for number in plan.changing if number in plan.work.rules]
        removed = [plan.work.removed[number] for number in plan.changing if number in plan.work.removed]
        before = {rule.id: rule for rule in load_rules(session)}
        gone = [rule.id for rule in removed if rule.id is not None]
        try:
            done = service.save_rules(session, saved, removed=gone, by=context.by, at=context.at)
        except StockbookError as problem:
            raise Refused(problem.text, errors=problem.errors) from problem
        steps: list[Step] = [
            {"rule": number, "before": _kept(before.get(rule.id)), "after": _kept(rule)}
            for number, rule in zip(done.ids, saved, strict=True)
        ]
        return [*steps, *({"rule": rule.id, "before": _kept(rule), "after": None} for rule in removed)]

    def undo(self, session: Session, steps: Sequence[Step], context: Context) -> None:
        """Every rule as it was: made ones go, removed ones come back. Raises `CannotUndo` where one was changed."""
        now = {rule.id: rule for rule in load_rules(session)}
        reasons = [
            f"rule '{(step['after'] or step['before'])['name']}' was changed since"
            for step in steps
            if _kept(now.get(step["rule"])) != step["after"]
        ]
        if reasons:
            raise CannotUndo(reasons)
        restored = [_restored(step) for step in steps if step["before"]]
        names = names_of(session, restored)
        reasons = [reason for rule in restored for reason in _no_longer_there(rule, names)]
        if reasons:
            raise CannotUndo(reasons)
        made = [step["rule"] for step in steps if not step["before"]]
        try:
            service.save_rules(session, restored, removed=made, by=context.by, at=context.at)
        except StockbookError as problem:
            raise CannotUndo([problem.text]) from problem

    def current(self, session: Session, *, warehouse_id: int | None = None) -> Iterable[CurrentRow]:
        """Every rule by name, or those that draw on one warehouse."""
        rules = sorted(load_rules(session), key=lambda rule: fold(rule.name))
        names = names_of(session, rules)
        for rule in rules:
            if warehouse_id is None or warehouse_id in rule.warehouses:
                cells = _cells(rule, names)
                yield CurrentRow({"name": rule.name, **cells}, version_of([fold(rule.name)], cells))


def _cells(rule: Rule, names: Names) -> dict[str, Any]:
    """A rule as the workbook shows it."""
    stores = [_with_percentage(name, own) for name, own in _named_stores(rule, names)]
    first = rule.priority_store
    return {
        "active": rule.active,
        "warehouses": names.warehouses_of(rule),
        "stores": stores,
        "percentage": rule.percentage,
        "fixed": rule.fixed,
        "rounding": rule.rounding.value,
        "priority_store": None if first is None else names.stores[first],
        "priority_safety_stock": rule.priority_safety_stock,
        "skus": names.skus_of(rule),
        "hold_back_safety_stock": rule.hold_back,
        "minimum": rule.minimum,
        "cap": rule.cap,
    }


def _named_stores(rule: Rule, names: Names) -> list[tuple[str, Decimal | None]]:
    return sorted((names.stores[store], own) for store, own in rule.stores.items())


def _with_percentage(name: str, own: Decimal | None) -> str:
    return name if own is None else f"{name}={plain(own)}"


def _canonical(rows: Rows, wanted: Sequence[Mapping[str, Any]]) -> Rows:
    """The rows with names and lists as a download would show them, so that only what differs is a change."""
    values = dict(rows.values)
    for column in ("warehouses", "stores", "skus", "priority_store"):
        cells = zip(rows.values[column], wanted, strict=True)
        values[column] = [None if cell is None else shown[column] for cell, shown in cells]
    return replace(rows, values=values)


def _missing(rows: Rows, number: int, rule: Rule | None) -> Iterator[Finding]:
    """What a new rule can't do without; and no rule can do without a warehouse and a store."""
    for column in ("warehouses", "stores"):
        if rule is None and not rows.value(column, number):
            yield Finding("missing", number, column)


def _rule(rows: Rows, number: int, known: Rule | None) -> Rule:
    """The rule that a row asks for, on top of the one that is there."""
    rule = known or Rule(rows.value("name", number).strip(), frozenset(), {})
    changes: dict[str, Any] = {}
    for column, cleared in _PLAIN.items():
        if number in rows.cleared.get(column, ()):
            changes[column] = cleared
        elif (value := rows.value(column, number)) is not None:
            changes[column] = value
    if (rounding := rows.value("rounding", number)) is not None:
        changes["rounding"] = Rounding(rounding)
    if (hold_back := rows.value("hold_back_safety_stock", number)) is not None:
        changes["hold_back"] = hold_back
    if warehouses := rows.id("warehouses", number):
        changes["warehouses"] = frozenset(warehouses)
    if stores := rows.value("stores", number):
        own = [name_and_percentage(item)[1] for item in stores]
        changes["stores"] = dict(zip(rows.id("stores", number), own, strict=True))
    if number in rows.cleared.get("priority_store", ()):
        changes["priority_store"] = None
    elif (first := rows.id("priority_store", number)) is not None:
        changes["priority_store"] = first
    if number in rows.cleared.get("skus", ()):
        changes["skus"] = frozenset()
    elif skus := rows.id("skus", number):
        changes["skus"] = frozenset(skus)
    return replace(rule, **changes)


def _judged(session: Session, plan: Plan, known: Sequence[Rule]) -> list[Finding]:
    """What saving would refuse or warn of, at the cells that bring it about. Rows with other errors are left out."""
    bad = plan.bad_rows
    rules = {number: rule for number, rule in plan.work.rules.items() if number not in bad}
    removed = [rule.id for rule in plan.work.removed.values()]
    verdict = service.judge(session, list(rules.values()), known, removed=removed)
    numbers = {rule.name: number for number, rule in rules.items() if number not in plan.unchanged}
    problems = [*verdict.wrong, *verdict.refused, *verdict.warnings]
    return [_finding(problem, numbers[problem.rule]) for problem in problems if problem.rule in numbers]


def _finding(problem: RuleProblem, number: int) -> Finding:
    facts: dict[str, Any] = {"reason": problem.text}
    match problem.code:
        case "rule-overlap":
            facts = {"other": problem.other, "what": problem.what}
        case "rule-oversells" | "rule-oversells-choice":
            facts = {}
        case "rule-choice-shares":
            pass
        case _:
            return Finding("refused", number, problem.field, facts)
    return Finding(problem.code, number, problem.field, facts)


def _kept(rule: Rule | None) -> dict[str, Any] | None:
    """A rule as JSON, for undo. By number, so that renamed stores are the same ones."""
    if rule is None:
        return None
    return {
        "name": rule.name,
        "active": rule.active,
        "warehouses": sorted(rule.warehouses),
        "stores": [[store, plain(own)] for store, own in sorted(rule.stores.items())],
        "percentage": plain(rule.percentage),
        "fixed": rule.fixed,
        "rounding": rule.rounding.value,
        "priority_store": rule.priority_store,
        "priority_safety_stock": rule.priority_safety_stock,
        "skus": sorted(rule.skus),
        "hold_back": rule.hold_back,
        "minimum": rule.minimum,
        "cap": rule.cap,
    }


def _restored(step: Step) -> Rule:
    """The rule as it was; one that was removed gets a new number."""
    before = dict(step["before"])
    stores = {store: None if own is None else Decimal(own) for store, own in before.pop("stores")}
    return Rule(
        **{
            **before,
            "warehouses": frozenset(before["warehouses"]),
            "skus": frozenset(before["skus"]),
            "percentage": Decimal(before["percentage"]),
            "rounding": Rounding(before["rounding"]),
        },
        stores=stores,
        id=step["rule"] if step["after"] else None,
    )


def _no_longer_there(rule: Rule, names: Names) -> Iterator[str]:
    """What a rule needs to come back and was deleted since."""
    if not rule.stores.keys() <= names.stores.keys():
        yield f"a store of rule '{rule.name}' was deleted since"
    if not rule.warehouses <= names.warehouses.keys():
        yield f"a warehouse of rule '{rule.name}' was deleted since"
    if not rule.skus <= names.skus.keys():
        yield f"a SKU of rule '{rule.name}' was deleted since"
