from __future__ import annotations

import pytest
from sqlalchemy import select

from server.catalog import combining, queries
from server.catalog.errors import RecipesRefused
from server.catalog.records import NewSku, Recipe
from server.catalog.service import create
from server.db.session import Database
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed
from tests.factories import AT, make_warehouse, put_stock
from tests.support.statements import counted


@pytest.fixture
def parts(db: Database) -> list[int]:
    """Three singles: A, B and C."""
    return db.write(lambda s: create(s, [NewSku(code=code, title=code) for code in "ABC"], by="anna", at=AT))


def combine(db: Database, *recipes: Recipe) -> list[int]:
    return db.write(lambda s: combining.combine(s, recipes, by="anna", at=AT))


def recipe_of(db: Database, code: str) -> dict[str, int]:
    with db.read() as session:
        sku = queries.find(session, [code])[code.casefold()]
        (record,) = queries.records(session, [sku])
        return {part.code: part.quantity for part in record.components}


def codes(refused: pytest.ExceptionInfo[RecipesRefused]) -> list[str]:
    return [problem["code"] for problem in refused.value.problems]


def marked(db: Database) -> dict[int, list[Cause]]:
    with db.read() as session:
        return {row.sku_id: unpack(row.causes) for row in session.scalars(select(Changed))}


def test_a_combination_is_singles_with_quantities(db: Database, parts: list[int]) -> None:
    """CAT-6: made new, with title and own stock."""
    a, b, _ = parts
    (sku_id,) = combine(db, Recipe("SET", {a: 2, b: 1}, title="Twin pack", own_stock=True))
    with db.read() as session:
        sku = queries.find(session, ["set"])["set"]
        assert (sku.id, sku.kind, sku.own_stock, sku.title) == (sku_id, "combination", True, "Twin pack")
        assert queries.recipes(session, [sku_id]) == {sku_id: {a: 2, b: 1}}
        assert queries.combinations_with(session, parts) == {a: ["SET"], b: ["SET"]}


def test_a_recipe_replaces_the_one_before(db: Database, parts: list[int]) -> None:
    """CAT-6, PSH-7: its rows are the whole recipe; a change is evaluated for the stores, no change is not."""
    a, b, c = parts
    (sku_id,) = combine(db, Recipe("SET", {a: 2, b: 1}, title="Set"))
    combine(db, Recipe("set", {a: 2, b: 1}))
    assert marked(db) == {}
    assert combine(db, Recipe("set", {b: 3, c: 1})) == [sku_id]
    assert recipe_of(db, "SET") == {"B": 3, "C": 1}
    assert marked(db) == {sku_id: [Cause.SKU]}


def test_own_stock_is_a_push_matter(db: Database, parts: list[int]) -> None:
    """PSH-7: turning own stock on is evaluated with the cause `sku`."""
    (sku_id,) = combine(db, Recipe("SET", {parts[0]: 1}, title="Set"))
    combine(db, Recipe("SET", {parts[0]: 1}, own_stock=True))
    assert marked(db) == {sku_id: [Cause.SKU]}


def test_combinations_of_combinations_are_refused(db: Database, parts: list[int]) -> None:
    """CAT-6: with combinations that exist, and with those of the same call."""
    a, b, _ = parts
    (inner,) = combine(db, Recipe("INNER", {a: 1}, title="Inner"))
    with pytest.raises(RecipesRefused) as refused:
        combine(db, Recipe("OUTER", {inner: 1, b: 1}, title="Outer"))
    assert codes(refused) == ["combination-nested"]
    with pytest.raises(RecipesRefused) as refused:
        combine(db, Recipe("B", {a: 1}), Recipe("OUTER", {b: 1}, title="Outer"))
    assert codes(refused) == ["combination-nested"]


def test_cycles_are_refused(db: Database, parts: list[int]) -> None:
    """CAT-6: itself, and a component that would become a combination of its own combination."""
    a, b, _ = parts
    with pytest.raises(RecipesRefused) as refused:
        combine(db, Recipe("a", {a: 1, b: 1}))
    assert codes(refused) == ["combination-cycle"]
    (outer,) = combine(db, Recipe("SET", {a: 1}, title="Set"))
    with pytest.raises(RecipesRefused) as refused:
        combine(db, Recipe("A", {outer: 1}))
    assert codes(refused) == ["combination-nested", "single-is-component"]


def test_every_problem_is_named_at_once(db: Database, parts: list[int]) -> None:
    """CAT-6: a new one needs a title and a component; quantities are 1 or more."""
    with pytest.raises(RecipesRefused) as refused:
        combine(db, Recipe("X", {}), Recipe("Y", {parts[0]: 0}, title="Y"))
    assert codes(refused) == ["recipe-empty", "recipe-no-title", "number-too-small"]


def test_a_single_with_stock_does_not_become_a_combination(db: Database, parts: list[int]) -> None:
    """CAT-6: its figures would be out of sight; without stock it may, and is evaluated."""
    a, b, c = parts
    warehouse = db.write(make_warehouse)
    db.write(lambda s: put_stock(s, warehouse, a, 3))
    with pytest.raises(RecipesRefused) as refused:
        combine(db, Recipe("A", {b: 1}))
    assert codes(refused) == ["single-in-use"]
    assert combine(db, Recipe("C", {b: 1})) == [c]
    assert recipe_of(db, "C") == {"B": 1} and Cause.SKU in marked(db)[c]


def test_own_stock_is_not_turned_off_over_units(db: Database, parts: list[int]) -> None:
    """CAT-6: what lies there would be out of sight."""
    recipe = {parts[0]: 1}
    (sku_id,) = combine(db, Recipe("SET", recipe, title="Set", own_stock=True))
    warehouse = db.write(make_warehouse)
    db.write(lambda s: put_stock(s, warehouse, sku_id, 3))
    with pytest.raises(RecipesRefused) as refused:
        combine(db, Recipe("SET", recipe, own_stock=False))
    assert codes(refused) == ["own-stock-left"]
    assert combine(db, Recipe("SET", {parts[1]: 1})) == [sku_id]


def test_a_combination_made_of_a_single_can_be_dissolved(db: Database, parts: list[int]) -> None:
    """WB-8: what an upload made of a single becomes one again."""
    combine(db, Recipe("C", {parts[0]: 1}, own_stock=True))
    db.write(lambda s: combining.dissolve(s, [parts[2]], by="anna", at=AT))
    with db.read() as session:
        sku = queries.find(session, ["C"])["c"]
        assert (sku.kind, sku.own_stock) == ("single", False)
        assert queries.recipes(session, [sku.id]) == {}


def test_statements_do_not_grow_with_recipes(db: Database, parts: list[int]) -> None:
    """CAT-6: combining is set-based."""
    seen = []
    for n in (2, 200):
        recipes = [Recipe(f"SET-{n}-{i}", {parts[0]: i + 1}, title="Set") for i in range(n)]
        with counted(db) as statements:
            combine(db, *recipes)
            combine(db, *(Recipe(r.code, {parts[1]: 1}, own_stock=True) for r in recipes))
        seen.append(len(statements))
    assert seen[0] == seen[1]
