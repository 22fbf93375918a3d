"""Making combinations of SKUs that orders or stock lists may be using (CAT-6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from server.catalog import combining, queries
from server.catalog.combining import RecipeProblem
from server.catalog.records import SINGLE, Recipe
from server.db.base import fold
from server.operations.sku_uses import OPEN_WORK, uses


def problems(session: Session, recipes: Sequence[Recipe]) -> list[RecipeProblem]:
    """What forbids these recipes: the catalogue's problems, and singles that open orders or stock lists to do use."""
    found = combining.problems(session, recipes)
    blamed = {fold(problem.combination) for problem in found if problem.code == "single-in-use"}
    singles = {
        sku.id: sku.code
        for sku in queries.outlines_by_code(session, [recipe.code for recipe in recipes]).values()
        if sku.kind == SINGLE and sku.key not in blamed
    }
    used = uses(session, singles, OPEN_WORK)
    codes = sorted(singles[sku_id] for sku_id in used)
    return found + [RecipeProblem(code, "single-in-use", {"value": code}) for code in codes]


def combine(session: Session, recipes: Sequence[Recipe], *, by: str, at: datetime) -> list[int]:
    """`catalog.combining.combine`, refusing also singles in open orders or stock lists to do. Gives ids in order.

    Raises `RecipesRefused`, `UnknownSkus`.
    """
    return combining.combine(session, recipes, by=by, at=at, find_problems=problems)
