"""Saving push rules, and asking for a push now. What changes is marked in the same transaction (PSH-7, PSH-10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Select, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from server.access.audit import audit, audit_all
from server.db.base import fold
from server.db.bulk import NUMBER, dialect_of, insert_rows, relation
from server.errors import NotFound
from server.outbox.causes import Cause
from server.outbox.models import Push, Told
from server.outbox.queue import mark, mark_selected
from server.push import pausing
from server.push.checking import Verdict, check
from server.push.deciding import WITHDRAWN
from server.push.errors import RulesRefused, RuleWrong
from server.push.models import Evaluation, PushRule, PushRuleSku, PushRuleStore, PushRuleWarehouse
from server.push.rulebook import load_rules
from server.push.rules import Rule
from server.stores.models import Store, StoreSku
from server.switches import service as switches


@dataclass(frozen=True)
class Saved:
    """The rules' numbers in the order in which they were given, and what to know of each: name -> sentences."""

    ids: list[int]
    warnings: dict[str, list[str]] = field(default_factory=dict)


def save_rules(
    session: Session, rules: Sequence[Rule], *, removed: Collection[int] = (), by: str, at: datetime
) -> Saved:
    """Make (`id` None), change and remove rules, all of them or none, judged by what comes out together.

    Every SKU that they govern, before or after, is evaluated. Raises `RuleWrong` for values that can't be,
    `RulesRefused` for conflicts (PSH-6) and for a Choice store that would be shown more than there is (PSH-3), and
    `NotFound` for a number that is no rule.
    """
    lock_rules(session)
    known = {rule.id: rule for rule in load_rules(session)}
    _require(known, [*(rule.id for rule in rules if rule.id is not None), *removed])
    verdict = judge(session, rules, known.values(), removed=removed)
    if verdict.wrong:
        raise RuleWrong(verdict.wrong)
    if verdict.refused:
        raise RulesRefused(verdict.refused)
    before = [known[number] for number in {*removed, *(rule.id for rule in rules if rule.id is not None)}]
    _delete(session, removed)
    ids = _write(session, rules, at)
    mark_governed(session, [*before, *rules], at=at)
    _audit(session, rules, [known[number] for number in removed], by=by, at=at)
    return Saved(ids, verdict.sentences())


def judge(session: Session, rules: Sequence[Rule], known: Iterable[Rule], *, removed: Collection[int] = ()) -> Verdict:
    """What saving these rules would be refused or warned of, beside those that stay."""
    gone = {*removed, *(rule.id for rule in rules)}
    others = [rule for rule in known if rule.id not in gone]
    rows = session.execute(select(Store.id, Store.name, Store.is_choice)).all()
    choice = frozenset(number for number, _, is_choice in rows if is_choice)
    return check(rules, others, choice_stores=choice, store_names={number: name for number, name, _ in rows})


def judge_choice_store(session: Session, store_id: int) -> list[str]:
    """What to know of the rules of a store that became a Choice store (PSH-9). Raises `RulesRefused` where one could
    show it more than there is (PSH-3)."""
    known = load_rules(session)
    verdict = judge(session, [rule for rule in known if rule.active and store_id in rule.stores], known)
    if over := [problem for problem in verdict.refused if problem.code == "rule-oversells-choice"]:
        raise RulesRefused(over)
    return [f"{told.rule}: {told.text}" for told in verdict.warnings if told.code == "rule-choice-shares"]


def find_rule(session: Session, rule_id: int, *, lock: bool = False) -> Rule:
    """The rule with that number, locked if it is to be changed. Raises `NotFound`."""
    if lock:
        lock_rules(session)
    known = {rule.id: rule for rule in load_rules(session)}
    _require(known, [rule_id])
    return known[rule_id]


def rule_named(session: Session, name: str, *, lock: bool = False) -> Rule:
    """The rule of that name, without regard to case; locked if it is to be changed. Raises `NotFound`."""
    if lock:
        lock_rules(session)
    for rule in load_rules(session):
        if fold(rule.name) == fold(name):
            return rule
    raise NotFound(f"there is no push rule '{name[:120]}'")


def switch_rule(session: Session, rule_id: int, active: bool, *, by: str, at: datetime) -> Saved:
    """Switch a rule on or off; on only if it conflicts with no other (PSH-6)."""
    return save_rules(session, [replace(find_rule(session, rule_id, lock=True), active=active)], by=by, at=at)


def lock_rules(session: Session) -> None:
    """Have nobody else save rules before this transaction ends: two who save at once must see each other's rules, and
    what one changes of a rule must not be undone by the other. SQLite has one writer anyway."""
    if dialect_of(session) == "postgresql":
        session.execute(text("LOCK TABLE push_rule IN SHARE ROW EXCLUSIVE MODE"))


def mark_governed(session: Session, rules: Iterable[Rule], *, at: datetime) -> None:
    """Have every SKU evaluated that these rules govern: those in their scope, or all in their stores."""
    stores = {store for rule in rules if not rule.skus for store in rule.stores}
    if stores:
        mapped = select(StoreSku.sku_id).where(StoreSku.store_id.in_(stores), StoreSku.sku_id.is_not(None))
        mark_selected(session, mapped, cause=Cause.RULE, at=at)
    mark(session, (sku for rule in rules for sku in rule.skus), cause=Cause.RULE, at=at)


def push_now(
    session: Session, *, stores: Collection[int] = (), skus: Collection[int] = (), by: str, at: datetime
) -> int:
    """PSH-7 (16): evaluate now and send whatever comes out (PSH-8), to these stores, of these SKUs; all unless given.

    A person says *now*: pauses of these stores end. Gives the number of store SKUs.
    """
    chosen = select(StoreSku.id).where(StoreSku.sku_id.is_not(None))
    if stores:
        chosen = chosen.where(StoreSku.store_id.in_(stores))
    if skus:
        with relation(session, {"sku_id": NUMBER}, [(sku,) for sku in sorted(set(skus))]) as wanted:
            count = _demand(session, chosen.where(StoreSku.sku_id.in_(select(wanted.c.sku_id))), at=at)
    else:
        count = _demand(session, chosen, at=at)
    pausing.resume(session, *(stores or session.scalars(select(Store.id))))
    audit(session, by, "push.now", "push", at=at, stores=sorted(stores), skus=len(skus), listings=count)
    return count


def why_not_now(session: Session) -> list[str]:
    """What keeps all stores from being told, in words for whoever asked to tell them (PSH-13)."""
    if switches.is_on(session, switches.INVENTORY_FEATURES):
        return []
    return ["the inventory features are switched off: nothing is sent until they are on again"]


def retry(
    session: Session, *, stores: Collection[int] = (), store_skus: Collection[int] = (), by: str, at: datetime
) -> int:
    """PSH-10: try again by hand what was refused for good, with the quantity of now. Gives the number of store SKUs."""
    chosen = select(Push.store_sku_id).where(Push.failed_at.is_not(None), Push.reason != WITHDRAWN)
    if stores:
        chosen = chosen.where(Push.store_id.in_(stores))
    if store_skus:
        chosen = chosen.where(Push.store_sku_id.in_(store_skus))
    count = _demand(session, chosen, at=at)
    audit(session, by, "push.retry", "push", at=at, stores=sorted(stores), listings=count)
    return count


def forget_evaluations(session: Session, *, before: datetime, limit: int = 20_000) -> int:
    """Drop evaluations older than `before`: they explain, nothing is worked out from them. Gives how many; call again
    until there are none."""
    old = select(Evaluation.id).where(Evaluation.at < before).order_by(Evaluation.at).limit(limit)
    gone = delete(Evaluation).where(Evaluation.id.in_(old)).execution_options(synchronize_session=False)
    return cast(CursorResult[Any], session.execute(gone)).rowcount


def _demand(session: Session, chosen: Select[Any], *, at: datetime) -> int:
    """Have these store SKUs evaluated as if for the first time: a target that is not known is sent in any case.

    Marks before `told`, the order in which evaluating locks them.
    """
    listed = StoreSku.id.in_(chosen)
    mark_selected(session, select(StoreSku.sku_id).where(listed), cause=Cause.PUSH_NOW, at=at)
    session.execute(
        update(Told)
        .where(Told.store_sku_id.in_(chosen))
        .values(target=None)
        .execution_options(synchronize_session=False)
    )
    return session.scalar(select(func.count()).select_from(StoreSku).where(listed)) or 0


def _require(known: Collection[int | None], ids: Iterable[int]) -> None:
    for number in ids:
        if number not in known:
            raise NotFound(f"there is no push rule {number}", id=number)


def _delete(session: Session, ids: Collection[int]) -> None:
    _delete_parts(session, ids)
    if ids:
        session.execute(delete(PushRule).where(PushRule.id.in_(ids)).execution_options(synchronize_session=False))


def _delete_parts(session: Session, ids: Collection[int]) -> None:
    if not ids:
        return
    for part in (PushRuleWarehouse, PushRuleStore, PushRuleSku):
        session.execute(delete(part).where(part.rule_id.in_(ids)).execution_options(synchronize_session=False))


def _write(session: Session, rules: Sequence[Rule], at: datetime) -> list[int]:
    changed = {rule.id: rule for rule in rules if rule.id is not None}
    _delete_parts(session, changed)
    for row in session.scalars(select(PushRule).where(PushRule.id.in_(changed))):
        for name, value in _columns(changed[row.id]).items():
            setattr(row, name, value)
    session.flush()
    if new := [{**_columns(rule), "created_at": at} for rule in rules if rule.id is None]:
        session.execute(insert(PushRule), new)
    numbers = dict(session.execute(select(PushRule.key, PushRule.id)).all())
    ids = [numbers[fold(rule.name)] for rule in rules]
    pairs = list(zip(ids, rules, strict=True))
    stores = [
        {"rule_id": number, "store_id": store, "percentage": own}
        for number, rule in pairs
        for store, own in rule.stores.items()
    ]
    if stores:
        session.execute(insert(PushRuleStore), stores)
    insert_rows(
        session,
        PushRuleWarehouse,
        ("rule_id", "warehouse_id"),
        [(number, warehouse) for number, rule in pairs for warehouse in sorted(rule.warehouses)],
    )
    insert_rows(
        session,
        PushRuleSku,
        ("rule_id", "sku_id"),
        [(number, sku) for number, rule in pairs for sku in sorted(rule.skus)],
    )
    return ids


def _columns(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name.strip(),
        "key": fold(rule.name),
        "active": rule.active,
        "percentage": rule.percentage,
        "fixed": rule.fixed,
        "rounding": rule.rounding.value,
        "priority_store_id": rule.priority_store,
        "priority_safety_stock": rule.priority_safety_stock,
        "hold_back_safety_stock": rule.hold_back,
        "minimum": rule.minimum,
        "cap": rule.cap,
    }


def _audit(session: Session, rules: Sequence[Rule], removed: Sequence[Rule], *, by: str, at: datetime) -> None:
    lines: list[tuple[str, str, dict[str, Any]]] = [
        (
            "push_rule.create" if rule.id is None else "push_rule.update",
            rule.name,
            {
                "active": rule.active,
                "percentage": str(rule.percentage),
                "stores": sorted(rule.stores),
                "warehouses": sorted(rule.warehouses),
                "skus": len(rule.skus),
            },
        )
        for rule in rules
    ]
    audit_all(session, by, [*lines, *(("push_rule.delete", rule.name, {}) for rule in removed)], at=at)
