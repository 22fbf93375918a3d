"""Combinations and their recipes (CAT-6): many at a time, all or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, delete, select, update
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from server.catalog import queries
from server.catalog.deleting import with_stock
from server.catalog.errors import RecipesRefused, UnknownSkus
from server.catalog.models import Component, MerchantSku
from server.catalog.queries import Outline
from server.catalog.records import COMBINATION, SINGLE, NewSku, Recipe
from server.catalog.writing import audit_many, forget, insert_skus, lock, title_key
from server.db.base import fold
from server.db.bulk import NUMBER, TEXT, insert_rows, relation
from server.outbox import queue
from server.outbox.causes import Cause
from validators.messages import Finding


@dataclass(frozen=True)
class RecipeProblem:
    """Why a recipe can't be: a code of `validators.messages` and its facts; `component_id` where one is to blame."""

    combination: str
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    component_id: int | None = None

    @property
    def text(self) -> str:
        """The sentence people read."""
        return Finding(self.code, facts=dict(self.facts)).text

    def as_error(self) -> dict[str, Any]:
        """As it stands among an error's `errors`."""
        return {"place": "components", "sku": self.combination, "text": self.text, "code": self.code}


@dataclass(frozen=True)
class _Known:
    """What recipes meet: SKUs of their codes, their components, and who holds stock or is a component itself."""

    targets: Mapping[str, Outline]
    components: Mapping[int, Outline]
    holding: frozenset[int]
    used_in: Mapping[int, Sequence[str]]


def problems(session: Session, recipes: Sequence[Recipe]) -> list[RecipeProblem]:
    """What forbids these recipes, as far as the catalogue knows. Reads only."""
    targets = queries.outlines_by_code(session, [recipe.code for recipe in recipes])
    ids = {target.id for target in targets.values()}
    known = _Known(
        targets,
        queries.outlines(session, {part for recipe in recipes for part in recipe.components}),
        frozenset(with_stock(session, ids)),
        queries.combinations_with(session, ids),
    )
    made = {fold(recipe.code) for recipe in recipes}
    return [problem for recipe in recipes for problem in _problems_of(recipe, known, made)]


def combine(
    session: Session,
    recipes: Sequence[Recipe],
    *,
    by: str,
    at: datetime,
    find_problems: Callable[[Session, Sequence[Recipe]], list[RecipeProblem]] = problems,
) -> list[int]:
    """Make or change combinations; a recipe replaces the one before. Gives their ids in order.

    A single without stock that is no component becomes a combination. Whoever combines for a user calls
    `operations.combine_skus`, whose `find_problems` asks the orders too. Raises `RecipesRefused` with every problem,
    `UnknownSkus`.
    """
    if not recipes:
        return []
    assert max(Counter(fold(recipe.code) for recipe in recipes).values()) == 1, "one recipe per combination"
    targets = queries.find_ids(session, [recipe.code for recipe in recipes])
    everyone = {*targets.values(), *(part for recipe in recipes for part in recipe.components)}
    locked = lock(session, everyone, ("title", "own_stock"))
    found = find_problems(session, recipes)
    if found:
        raise RecipesRefused([problem.as_error() for problem in found])
    before = {sku_id: _settings_of(locked[sku_id]) for sku_id in targets.values()}
    ids = targets | _create(session, [recipe for recipe in recipes if fold(recipe.code) not in targets], at)
    by_id = {ids[fold(recipe.code)]: recipe for recipe in recipes}
    renewed = _renew(session, {i: recipe for i, recipe in by_id.items() if i in before}, locked, at)
    rewritten = _rewrite(session, by_id)
    queue.mark(session, (renewed | rewritten) & before.keys(), cause=Cause.SKU, at=at)
    changed = [recipe.code for sku_id, recipe in by_id.items() if sku_id in renewed | rewritten]
    audit_many(session, by, "sku.combine", changed, at=at, **_recipe_of_one(session, by_id))
    forget(session)
    return list(by_id)


def dissolve(session: Session, combination_ids: Iterable[int], *, by: str, at: datetime) -> None:
    """Make singles of them again, without a recipe: what undoing a `combine` of a single comes to."""
    known = lock(session, combination_ids)
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in known]) as r:
        ids = select(r.c.id)
        no_sync = {"synchronize_session": False}
        session.execute(delete(Component).where(Component.combination_id.in_(ids)).execution_options(**no_sync))
        single = update(MerchantSku).where(MerchantSku.id == r.c.id)
        session.execute(single.values(kind=SINGLE, own_stock=False, updated_at=at).execution_options(**no_sync))
    queue.mark(session, known, cause=Cause.SKU, at=at)
    audit_many(session, by, "sku.dissolve", [sku.code for sku in known.values()], at=at)
    forget(session)


def _problems_of(recipe: Recipe, known: _Known, made: set[str]) -> Iterable[RecipeProblem]:
    code, key = recipe.code, fold(recipe.code)
    target = known.targets.get(key)
    if not recipe.components:
        yield RecipeProblem(code, "recipe-empty", {"value": code})
    if target is None and not recipe.title:
        yield RecipeProblem(code, "recipe-no-title", {"value": code})
    for component_id, quantity in recipe.components.items():
        part = known.components.get(component_id)
        if part is None:
            raise UnknownSkus([str(component_id)])
        facts = {"value": part.code}
        if part.key == key:
            yield RecipeProblem(code, "combination-cycle", facts, component_id)
        elif part.kind == COMBINATION or part.key in made:
            yield RecipeProblem(code, "combination-nested", facts, component_id)
        if quantity < 1:
            yield RecipeProblem(code, "number-too-small", {"value": quantity, "limit": 1}, component_id)
    if target is not None:
        yield from _target_problems(recipe, target, known)


def _target_problems(recipe: Recipe, target: Outline, known: _Known) -> Iterable[RecipeProblem]:
    """What an existing SKU of the recipe's code has against it."""
    facts = {"value": target.code}
    holds = target.id in known.holding
    if target.kind == SINGLE:
        if used_in := known.used_in.get(target.id):
            yield RecipeProblem(recipe.code, "single-is-component", {**facts, "other": used_in[0]})
        if holds:
            yield RecipeProblem(recipe.code, "single-in-use", facts)
    elif holds and target.own_stock and recipe.own_stock is False:
        yield RecipeProblem(recipe.code, "own-stock-left", facts)


def _create(session: Session, recipes: Sequence[Recipe], at: datetime) -> dict[str, int]:
    new = [
        NewSku(code=recipe.code, title=recipe.title or "", kind=COMBINATION, own_stock=recipe.own_stock or False)
        for recipe in recipes
    ]
    return insert_skus(session, new, at) if new else {}


def _settings_of(sku: Any) -> tuple[str, str, bool]:
    return sku.kind, sku.title, sku.own_stock


def _renew(session: Session, recipes: Mapping[int, Recipe], known: Mapping[int, Any], at: datetime) -> set[int]:
    """Kind, title and own stock of those that exist; gives the ones that changed."""
    rows: list[tuple[Any, ...]] = []
    for sku_id, recipe in recipes.items():
        sku = known[sku_id]
        title = sku.title if recipe.title is None else recipe.title
        own_stock = sku.own_stock if recipe.own_stock is None else recipe.own_stock
        if _settings_of(sku) != (COMBINATION, title, own_stock):
            rows.append((sku_id, title, title_key(title), own_stock))
    if rows:
        types: dict[str, TypeEngine[Any]] = {"id": NUMBER, "title": TEXT, "title_key": TEXT, "own_stock": Boolean()}
        with relation(session, types, rows) as r:
            session.execute(
                update(MerchantSku)
                .where(MerchantSku.id == r.c.id)
                .values(
                    kind=COMBINATION,
                    serial_mode="off",
                    title=r.c.title,
                    title_key=r.c.title_key,
                    own_stock=r.c.own_stock,
                    updated_at=at,
                )
                .execution_options(synchronize_session=False)
            )
    return {row[0] for row in rows}


def _rewrite(session: Session, recipes: Mapping[int, Recipe]) -> set[int]:
    """The components of those whose recipe differs; gives these combinations."""
    now = queries.recipes(session, recipes)
    differing = {i: recipe for i, recipe in recipes.items() if dict(now.get(i, {})) != dict(recipe.components)}
    if not differing:
        return set()
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in differing]) as r:
        old = delete(Component).where(Component.combination_id.in_(select(r.c.id)))
        session.execute(old.execution_options(synchronize_session=False))
    insert_rows(
        session,
        Component,
        ("combination_id", "component_id", "quantity"),
        sorted((i, part, units) for i, recipe in differing.items() for part, units in recipe.components.items()),
    )
    return set(differing)


def _recipe_of_one(session: Session, recipes: Mapping[int, Recipe]) -> dict[str, Any]:
    """For the audit line of one combination: what it is made of now."""
    if len(recipes) != 1:
        return {}
    parts = queries.parts_of(session, recipes)
    return {"recipe": {part.code: part.quantity for of_one in parts.values() for part in of_one}}
