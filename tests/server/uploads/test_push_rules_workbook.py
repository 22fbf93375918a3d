"""Push rules, through the whole path of an upload."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from server.db.session import Database
from server.outbox.models import Changed
from server.push.rulebook import load_rules
from server.push.rules import Rounding, Rule
from server.settings import Settings
from server.stores.models import Store
from server.uploads.handlers.protocol import CannotUndo
from tests.factories import make_sku, make_store, make_store_sku, make_warehouse
from tests.support.handing_in import Desk

MARKETS = {"name": "Markets", "warehouses": "MAIN; EAST", "stores": "Shop; Web=80"}


@pytest.fixture
def desk(db: Database, tmp_path: Path) -> Desk:
    """Warehouses MAIN (1) and EAST (2), stores Shop (1), Web (2) and Choice (3), SKUs A (1) and B (2)."""

    def make(session):
        make_warehouse(session, "MAIN", default=True), make_warehouse(session, "EAST")
        make_store(session, "Shop"), make_store(session, "Web"), make_store(session, "Choice", is_choice=True)
        make_store_sku(session, 1, "A", make_sku(session, "A")), make_sku(session, "B")

    db.write(make)
    return Desk(db, Settings(data_dir=tmp_path, database_url=db.url), "push_rules")


def rules(db: Database) -> dict[str, Rule]:
    with db.read() as session:
        return {rule.name: rule for rule in load_rules(session)}


def test_a_rule_is_made_changed_and_removed(db: Database, desk: Desk) -> None:
    """WB-2, PSH-2: all that a rule says; what it governs is evaluated; every step is undone (WB-8)."""
    full = {
        **MARKETS,
        "active": "no",
        "percentage": "12.5",
        "fixed": -2,
        "rounding": "nearest",
        "priority_store": "web",
        "priority_safety_stock": 50,
        "skus": "b; A",
        "hold_back_safety_stock": "yes",
        "minimum": 3,
        "cap": 900,
    }
    made = desk.hand_in(full)
    assert (made.status, made.codes) == ("applied", [[]])
    rule = rules(db)["Markets"]
    assert rule == Rule(
        "Markets",
        frozenset({1, 2}),
        {1: None, 2: Decimal(80)},
        percentage=Decimal("12.5"),
        fixed=-2,
        rounding=Rounding.NEAREST,
        priority_store=2,
        priority_safety_stock=50,
        skus=frozenset({1, 2}),
        hold_back=True,
        minimum=3,
        cap=900,
        active=False,
        id=rule.id,
    )
    with db.read() as session:
        assert session.get(Changed, 1) is not None
    changed = desk.hand_in(
        {"name": "MARKETS", "active": "yes", "stores": "Shop", "priority_store": "#CLEAR", "skus": "#CLEAR", "cap": 5}
    )
    assert changed.status == "applied" and ("cap", 900, 5) in changed.changes[0]
    now = rules(db)["Markets"]
    assert (now.stores, now.priority_store, now.skus, now.cap, now.minimum) == ({1: None}, None, frozenset(), 5, 3)
    removed = desk.hand_in({"name": "Markets", "action": "REMOVE"})
    assert removed.changes == [[("name", "Markets", None)]] and rules(db) == {}
    desk.undo(removed)
    desk.undo(desk.hand_in({"name": "Markets", "cap": 6}))
    again = rules(db)["Markets"]
    assert (again.cap, again.active, again.stores) == (5, True, {1: None})


def test_undo_of_a_made_and_a_changed_rule(db: Database, desk: Desk) -> None:
    """WB-8: made ones go, changed ones come back; refused where one was changed since or can't come back."""
    made = desk.hand_in(MARKETS)
    changed = desk.hand_in({"name": "Markets", "percentage": 50, "stores": "Shop"})
    with pytest.raises(CannotUndo, match="changed since"):
        desk.undo(made)
    desk.undo(changed)
    assert rules(db)["Markets"].stores == {1: None, 2: Decimal(80)}
    desk.undo(made)
    assert rules(db) == {}
    gone = desk.hand_in(MARKETS, again=True)
    removed = desk.hand_in({"name": "Markets", "action": "REMOVE"})
    db.write(lambda session: session.delete(session.get_one(Store, 2)))
    with pytest.raises(CannotUndo, match="store"):
        desk.undo(removed)
    assert gone.status == "applied"


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        ([{"name": "New"}], [[("stores", "missing"), ("warehouses", "missing")]]),
        ([{**MARKETS, "priority_store": "Choice"}], [[("priority_store", "priority-outside")]]),
        ([{**MARKETS, "stores": "Nowhere"}], [[("stores", "unknown-store")]]),
        ([{**MARKETS, "action": "UPDATE"}], [[("name", "missing-record")]]),
        ([{**MARKETS, "percentage": "0.5"}], [[("percentage", "percent-fraction")]]),
        ([{**MARKETS, "stores": "Choice", "fixed": 1}], [[("fixed", "rule-oversells-choice")]]),
        ([MARKETS, {**MARKETS, "name": "Two", "stores": "Web"}], [[("stores", "rule-overlap")]] * 2),
        ([MARKETS, MARKETS], [[("name", "same-key")]] * 2),
        ([{**MARKETS, "skus": "A"}, {**MARKETS, "name": "2", "skus": "B; A"}], [[("skus", "rule-overlap")]] * 2),
    ],
)
def test_rules_that_cannot_be(
    db: Database, desk: Desk, rows: list[dict[str, Any]], codes: list[list[tuple[str, str]]]
) -> None:
    """PSH-2, PSH-3, PSH-6: said at the cell; nothing is applied."""
    done = desk.hand_in(*rows)
    assert (done.status, [sorted(row) for row in done.codes]) == ("refused", codes)
    assert rules(db) == {}


def test_rules_are_judged_by_what_comes_out_together(db: Database, desk: Desk) -> None:
    """PSH-6: one rule is switched off and another takes its place in one sheet; good rows alone still must fit."""
    desk.hand_in(MARKETS)
    swap = desk.hand_in({"name": "Markets", "active": "no"}, {**MARKETS, "name": "Next"})
    assert (swap.status, swap.codes) == ("applied", [[], []])
    assert {name: rule.active for name, rule in rules(db).items()} == {"Markets": False, "Next": True}
    partly = desk.hand_in(
        {"name": "Next", "active": "no", "percentage": -5}, {"name": "Markets", "active": "yes"}, good_rows=True
    )
    assert partly.status == "refused" and partly.codes[1] == [("stores", "rule-overlap")]


def test_warnings_do_not_block(desk: Desk) -> None:
    """PSH-3, PSH-9: a rule that can show more than there is; a Choice store beside others."""
    done = desk.hand_in({**MARKETS, "percentage": 120}, {"name": "C", "warehouses": "MAIN", "stores": "Choice"})
    assert (done.status, done.codes) == (
        "applied",
        [[("percentage", "rule-oversells"), ("stores", "rule-choice-shares")], [("stores", "rule-choice-shares")]],
    )


def cell(value: Any) -> Any:
    """A value as people see it in the sheet."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(value)
    return str(value) if isinstance(value, Decimal) else value


def test_with_data_comes_back_unchanged(db: Database, desk: Desk) -> None:
    """WB-4: a download handed in again changes nothing; a rule changed meanwhile is a conflict."""
    desk.hand_in(
        {**MARKETS, "percentage": "33.5", "cap": 7, "skus": "A"}, {"name": "S", "warehouses": "EAST", "stores": "Shop"}
    )
    rows = desk.current()
    cells = [{name: cell(value) for name, value in row.items()} for row in rows]
    assert desk.hand_in(*cells).statuses == ["unchanged", "unchanged"]
    desk.hand_in({"name": "Markets", "cap": 8})
    stale = desk.hand_in({**cells[0], "cap": 9}, apply=False)
    assert ("cap", "conflict") in stale.codes[0]
