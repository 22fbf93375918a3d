from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server import clock
from server.access.models import AuditLine
from server.catalog.models import Component
from server.errors import NotFound
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed, Push, Told
from server.push import service
from server.push.checking import check
from server.push.errors import RulesRefused, RuleWrong
from server.push.evaluating import evaluate
from server.push.explaining import explain
from server.push.preview import preview_figures, preview_rules
from server.push.queries import PushState, counts, waiting
from server.push.rulebook import load_rules
from server.push.rules import Rounding, Rule
from server.stores.models import StoreSku
from tests.factories import AT, make_sku, make_store, make_store_sku, put_stock
from tests.server.push.conftest import Company, make_rule
from tests.support.statements import counted


def rule(company: Company, **more: Any) -> Rule:
    """A rule for a store of its own."""
    if "stores" not in more:
        more["stores"] = {company.db.write(lambda s: make_store(s, f"Shop of {more.get('name', 'New')}"[:40])): None}
    return Rule(**{"name": "New", "warehouses": frozenset({company.main}), **more})


def save(company: Company, *rules: Rule, **more: Any) -> service.Saved:
    """Save them."""
    return company.db.write(lambda s: service.save_rules(s, rules, by="ana", at=AT, **more))


def marked(company: Company) -> dict[int, list[Cause]]:
    """The SKUs that are to be evaluated, and why; forgotten afterwards."""
    with company.db.read() as session:
        found = {sku: unpack(causes) for sku, causes in session.execute(select(Changed.sku_id, Changed.causes))}
    company.db.write(lambda s: [s.delete(row) for row in s.scalars(select(Changed))])
    return found


def test_a_rule_comes_back_as_it_was_saved(company: Company) -> None:
    """PSH-2: all that a rule says."""
    c = company
    full = rule(
        c,
        name="Everything",
        warehouses=frozenset({c.main, c.east}),
        stores={c.shop: Decimal("12.5"), c.web: None},
        percentage=Decimal("99.5"),
        fixed=-2,
        rounding=Rounding.UP,
        priority_store=c.web,
        priority_safety_stock=50,
        hold_back=True,
        minimum=3,
        cap=900,
        skus=frozenset({c.sku}),
        active=False,
    )
    saved = save(c, full)
    with c.db.read() as session:
        assert service.find_rule(session, saved.ids[0]) == replace(full, id=saved.ids[0])
        line = session.scalars(select(AuditLine)).one()
        assert (line.actor, line.action, line.subject) == ("ana", "push_rule.create", "Everything")


def test_changing_a_rule_evaluates_all_that_it_governs(company: Company) -> None:
    """PSH-7 (rule): before and after; a scoped rule only its SKUs."""
    c = company

    def more(s: Session) -> int:
        other = make_sku(s, "OTHER")
        make_store_sku(s, c.web, "OTHER", other)
        make_store_sku(s, c.web, "UNMAPPED")
        return other

    other = c.db.write(more)
    with c.db.read() as session:
        known = service.find_rule(session, c.rule)
    save(c, replace(known, stores={c.shop: None}))
    assert marked(c) == {c.sku: [Cause.RULE], other: [Cause.RULE]}
    save(c, rule(c, name="Scoped", stores={c.shop: None}, skus=frozenset({c.sku})))
    assert marked(c) == {c.sku: [Cause.RULE]}
    save(c, removed=[c.rule])
    assert marked(c) == {c.sku: [Cause.RULE]}
    with c.db.read() as session:
        assert [rule.name for rule in load_rules(session)] == ["Scoped"]
        with pytest.raises(NotFound):
            service.find_rule(session, c.rule)


def test_overlapping_rules_are_refused(company: Company) -> None:
    """PSH-6: when saved, and when switched on; a scoped rule beside an unscoped one is fine."""
    c = company
    clash = rule(c, stores={c.shop: None})
    with pytest.raises(RulesRefused) as refused:
        save(c, clash)
    problem = refused.value.problems[0]
    assert (problem.code, problem.other, problem.field) == ("rule-overlap", "All", "stores")
    assert "Shop" in problem.text
    off = save(c, replace(clash, active=False)).ids[0]
    with pytest.raises(RulesRefused):
        c.db.write(lambda s: service.switch_rule(s, off, True, by="ana", at=AT))
    save(c, rule(c, name="Scoped", stores={c.shop: None}, skus=frozenset({c.sku})))
    c.db.write(lambda s: service.switch_rule(s, c.rule, False, by="ana", at=AT))
    c.db.write(lambda s: service.switch_rule(s, off, True, by="ana", at=AT))


def test_two_people_saving_rules_that_clash(company: Company) -> None:
    """PSH-6: at the same time: one of them is refused."""
    c = company
    third = c.db.write(lambda s: make_store(s, "Third"))

    def one(number: int) -> bool:
        try:
            save(c, rule_named(c, f"R{number}", third))
        except RulesRefused:
            return False
        return True

    def rule_named(c: Company, name: str, store: int) -> Rule:
        return Rule(name, frozenset({c.main}), {store: None})

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(one, range(4))) == 1


def test_two_people_changing_one_rule(company: Company) -> None:
    """PSH-2: at the same time, each something else: both changes stay."""
    c = company
    saved, meanwhile = threading.Event(), threading.Event()

    def halve(s: Session) -> None:
        service.save_rules(s, [replace(service.find_rule(s, c.rule), percentage=Decimal(50))], by="ana", at=AT)
        saved.set()
        meanwhile.wait(0.3)  # for as long as the other one might take to read what is not committed yet

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(c.db.write, halve)
        saved.wait(9)
        c.db.write(lambda s: service.switch_rule(s, c.rule, False, by="bob", at=AT))
        one.result()
    with c.db.read() as s:
        rule = service.find_rule(s, c.rule)
    assert (rule.percentage, rule.active) == (50, False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "ALL"}, "name"),
        ({"warehouses": frozenset()}, "warehouses"),
        ({"stores": {}}, "stores"),
        ({"percentage": Decimal(-1)}, "percentage"),
        ({"percentage": Decimal("0.00001")}, "percentage"),
        ({"percentage": Decimal("NaN")}, "percentage"),
        ({"minimum": -1}, "minimum"),
        ({"cap": 10_000_001}, "cap"),
        ({"fixed": -10_000_001}, "fixed"),
        ({"priority_store": 999}, "priority_store"),
    ],
)
def test_values_that_cannot_be(change: dict[str, Any], field: str) -> None:
    """PSH-2: each wrong value is named."""
    good: dict[str, Any] = {"name": "New", "warehouses": frozenset({1}), "stores": {1: None}}
    other = Rule("All", frozenset({1}), {2: None})
    verdict = check([Rule(**{**good, **change})], [other], choice_stores=frozenset({1}), store_names={})
    assert [problem.field for problem in verdict.wrong] == [field]


def test_nothing_is_saved_of_a_wrong_rule(company: Company) -> None:
    """PSH-2: all of them or none."""
    good = rule(company, name="Good")
    with pytest.raises(RuleWrong, match="percentage"):
        save(company, good, replace(good, name="Wrong", percentage=Decimal(-1)))
    with company.db.read() as session:
        assert [known.name for known in load_rules(session)] == ["All"]


def test_a_rule_that_can_show_more_than_there_is(company: Company) -> None:
    """PSH-3: allowed with a warning, refused for a Choice store."""
    c = company
    assert save(c, rule(c, name="More", percentage=Decimal(101))).warnings == {"More": ["can show more than there is"]}
    choice = c.db.write(lambda s: make_store(s, "Choice", is_choice=True))
    with pytest.raises(RulesRefused) as refused:
        save(c, rule(c, name="Choice", stores={choice: None}, fixed=1))
    assert refused.value.problems[0].code == "rule-oversells-choice"
    saved = save(c, Rule("Choice", frozenset({c.main}), {choice: None}))
    assert any("shares a warehouse" in sentence for sentence in saved.warnings["Choice"])


def test_push_now_for_one_store(company: Company) -> None:
    """PSH-7 (16), PSH-8: only the store that was asked for is sent to, whatever it was last told."""
    c = company
    c.db.write(lambda s: put_stock(s, c.main, c.sku, 5))
    evaluate(c.db)
    accept_all(c)
    assert c.db.write(lambda s: service.push_now(s, stores=[c.web], by="ana", at=AT)) == 1
    evaluate(c.db)
    with c.db.read() as session:
        rows = waiting(session)
        assert [(row.store, row.quantity, row.forced, row.causes) for row in rows] == [
            ("Web", 5, True, ["16 push_now"])
        ]
        assert counts(session) == {"waiting": 1, "sending": 0, "pending": 0, "failed": 0}
    accept_all(c)
    assert c.db.write(lambda s: service.push_now(s, skus=[c.sku], by="ana", at=AT)) == 2
    assert c.db.write(lambda s: service.push_now(s, by="ana", at=AT)) == 2
    evaluate(c.db)
    with c.db.read() as session:
        assert len(waiting(session)) == 2


def test_a_refused_push_is_tried_again_by_hand(company: Company) -> None:
    """PSH-10: with the quantity of now."""
    c = company
    c.db.write(lambda s: put_stock(s, c.main, c.sku, 5))
    evaluate(c.db)
    c.db.write(lambda s: s.execute(update(Push).values(failed_at=AT, reason="refused: locked", attempts=8)))
    with c.db.read() as session:
        assert {row.state for row in waiting(session)} == {PushState.FAILED}
    assert c.db.write(lambda s: service.retry(s, stores=[c.shop], by="ana", at=AT)) == 1
    evaluate(c.db)
    with c.db.read() as session:
        states = {row.store: (row.state.value, row.attempts, row.reason) for row in waiting(session)}
    assert states == {"Shop": ("waiting", 0, ""), "Web": ("failed", 8, "refused: locked")}


def test_old_evaluations_are_dropped(company: Company) -> None:
    """STK-9: they explain what happened lately; the ledger is never touched."""
    c = company
    c.db.write(lambda s: put_stock(s, c.main, c.sku, 5))
    evaluate(c.db)
    assert c.db.write(lambda s: service.forget_evaluations(s, before=clock.now() - timedelta(days=1))) == 0
    assert c.db.write(lambda s: service.forget_evaluations(s, before=clock.now() + timedelta(days=1))) == 2


def accept_all(company: Company) -> None:
    """As if every store had accepted what waits."""

    def accept(s: Session) -> None:
        for row in s.scalars(select(Push)):
            told = s.get_one(Told, row.store_sku_id)
            told.quantity, told.known, told.told_at, told.answer = row.quantity, True, AT, "accepted"
            s.delete(row)

    company.db.write(accept)


def test_a_rule_is_previewed(company: Company) -> None:
    """PSH-12: for a rule not saved yet, what every store would show before and after."""
    c = company
    c.db.write(lambda s: put_stock(s, c.main, c.sku, 9))
    evaluate(c.db)
    accept_all(c)
    with c.db.read() as session:
        known = service.find_rule(session, c.rule)
        half = replace(known, stores={c.shop: None}, percentage=Decimal(50))
        shown = {one.store: (one.told, one.before, one.after, one.changes) for one in preview_rules(session, [half])}
        assert shown == {"Shop": (9, 9, 4, True), "Web": (9, 9, None, True)}
        scoped = Rule("S", frozenset({c.main}), {c.web: None}, fixed=-9, skus=frozenset({c.sku}))
        only = preview_rules(session, [scoped])
        assert [(one.store, one.sku, one.before, one.after) for one in only] == [("Web", "NK-RED-M", 9, 0)]
        assert [one.after for one in preview_rules(session, [], removed=[c.rule])] == [None, None]


def test_an_upload_is_previewed(company: Company) -> None:
    """PSH-12, CAT-6: for an upload not applied yet, combinations included; nothing is written."""
    c = company

    def make(s: Session) -> None:
        put_stock(s, c.main, c.sku, 5)
        pair = make_sku(s, "PAIR", kind="combination")
        s.add(Component(combination_id=pair, component_id=c.sku, quantity=2))
        make_store_sku(s, c.web, "PAIR", pair)

    c.db.write(make)
    with c.db.read() as session, counted(c.db) as seen:
        shown = preview_figures(session, {(c.main, c.sku): 4, (c.east, c.sku): 1})
    assert {(one.store, one.store_sku): (one.before, one.after) for one in shown} == {
        ("Shop", "NK-RED-M"): (5, 10),
        ("Web", "NK-RED-M"): (5, 10),
        ("Web", "PAIR"): (2, 4),
    }
    assert not any(statement.startswith(("UPDATE", "INSERT INTO changed")) for statement in seen)


def test_why_a_store_sku_shows_what_it_shows(company: Company) -> None:
    """PSH-11: figures per warehouse, rule, percentage, priority, last told, the answer, what waits, causes."""
    c = company

    def make(s: Session) -> None:
        put_stock(s, c.main, c.sku, 30)
        put_stock(s, c.east, c.sku, 11)
        make_rule(
            s, "Half", warehouses=[c.main, c.east], stores={c.web: Decimal(50), c.shop: None}, skus=[c.sku],
            fixed=-3, cap=15, priority_store_id=c.web, priority_safety_stock=40,
        )  # fmt: skip

    c.db.write(make)
    evaluate(c.db)
    accept_all(c)
    with c.db.read() as session:
        told = explain(session, "web ", "NK-RED-M")
    assert (told.rule, told.percentage, told.target, told.sku) == ("Half", "50", 15, "NK-RED-M")
    assert [(part.warehouse, part.available, part.counted) for part in told.warehouses] == [
        ("MAIN", 30, 30),
        ("EAST", 11, 11),
    ]
    assert told.steps == [
        "MAIN 30 + EAST 11 = 41",
        "41 × 50 %, rounded down = 20",
        "20 - 3 = 17",
        "above the cap of 15: 15",
        "target: 15",
        "last told 15",
    ]
    assert told.priority == "41 available, not below 40: every store is shown its share"
    assert (told.told.quantity, told.told.known, told.told.answer, told.told.at) == (15, True, "accepted", AT)
    assert [(one.causes, one.target, one.result) for one in told.evaluations] == [(["2 stock_in_manual"], 15, "send")]
    c.db.write(lambda s: put_stock(s, c.main, c.sku, -2))
    with c.db.read() as session:
        assert (
            "a change was not evaluated yet; what the store is told follows"
            in explain(session, "Web", "NK-RED-M").steps
        )
    evaluate(c.db)
    with c.db.read() as session:
        told = explain(session, c.shop, "NK-RED-M")
    assert told.target == 0 and told.waits is not None and told.waits.quantity == 0
    assert told.steps == ["less than 40 available: kept for the priority store: 0", "a push of 0 is waiting"]
    assert told.priority == "39 available, below 40: only Web is shown any"


def test_why_nothing_is_pushed(company: Company) -> None:
    """PSH-6, PSH-11: no mapping, no rule, rule off: the store keeps its figure, explain says why."""
    c = company
    c.db.write(lambda s: s.execute(update(StoreSku).where(StoreSku.id == c.listings["web"]).values(sku_id=None)))
    c.db.write(lambda s: service.switch_rule(s, c.rule, False, by="ana", at=AT))
    free = c.db.write(lambda s: make_store(s, "Free"))
    c.db.write(lambda s: make_store_sku(s, free, "X", c.sku))
    with c.db.read() as session:
        assert "not mapped" in explain(session, "Web", "NK-RED-M").steps[0]
        off = explain(session, "Shop", "NK-RED-M")
        assert (off.rule, off.target) == ("All", None) and "switched off" in off.steps[0]
        assert "no push rule" in explain(session, "Free", "X").steps[0]
        with pytest.raises(NotFound):
            explain(session, "Nowhere", "X")
        with pytest.raises(NotFound):
            explain(session, "Free", "Y")
