"""Combinations: the rows of one combination are its whole recipe (CAT-6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from server.catalog import combining, hygiene, queries, service
from server.catalog.combining import RecipeProblem
from server.catalog.errors import RecipesRefused, SkusExist, UnknownSkus
from server.catalog.hygiene import Subject
from server.catalog.queries import Outline, Part
from server.catalog.records import COMBINATION, Recipe, SkuChange
from server.catalog.writing import lock
from server.db.base import fold
from server.errors import Refused, StockbookError
from server.operations import combine_skus
from server.uploads.handlers.protocol import CannotUndo, Context, CurrentRow, Step
from server.uploads.handlers.sku_create import unmake
from server.uploads.plan import Change, Existing, Plan, plan_records
from server.uploads.rows import Rows, version_of
from validators.messages import Finding
from validators.registry import WORKBOOKS
from validators.values.hygiene import sku_warnings
from validators.workbooks import Workbook

_COLUMNS = {"recipe-no-title": "title", "own-stock-left": "own_stock", "number-too-small": "quantity"}


@dataclass
class _Group:
    """The rows of one combination."""

    code: str
    numbers: list[int] = field(default_factory=list)
    rows_of: dict[int, int] = field(default_factory=dict)  # component's id -> row
    units: dict[int, int] = field(default_factory=dict)
    title: str | None = None
    own_stock: bool | None = None

    def recipe(self) -> Recipe:
        return Recipe(self.code, self.units, self.title, self.own_stock)


@dataclass(frozen=True)
class _Known:
    """Combinations that exist, by folded code, and their recipes by id."""

    skus: Mapping[str, Outline]
    parts: Mapping[int, Sequence[Part]]

    def record(self, key: str, component_id: int) -> Existing | None:
        """What a row of that component meets, None where the combination is new or still a single."""
        sku = self.skus.get(key)
        if sku is None or sku.kind != COMBINATION:
            return None
        parts = self.parts.get(sku.id, ())
        units = {part.sku_id: part.quantity for part in parts}
        values = {"title": sku.title or None, "quantity": units.get(component_id), "own_stock": sku.own_stock}
        return Existing(values, versioned=_versioned(sku, parts), id=sku.id)


class Combinations:
    """Rows of one combination stand and fall together, see `Workbook.together`."""

    workbook: ClassVar[Workbook] = WORKBOOKS["combinations"]

    def plan(self, session: Session, rows: Rows) -> Plan:
        """What changes in each recipe; components that are not listed are taken out, shown on the first row."""
        groups = _groups(rows)
        skus = queries.outlines_by_code(session, [group.code for group in groups.values()])
        known = _Known(skus, queries.parts_of(session, [sku.id for sku in skus.values()]))
        keys = [fold(code) for code in rows.values["combination"]]
        existing = [known.record(key, part) for key, part in zip(keys, rows.ids["component"], strict=True)]
        plan = plan_records(rows, existing)
        for key, group in groups.items():
            _show_removed(plan, group, known.skus.get(key), known)
        plan.findings += _problem_findings(session, groups)
        plan.findings += _hygiene_findings(session, groups, known)
        plan.work = [group for group in groups.values() if not plan.unchanged.issuperset(group.numbers)]
        return plan

    def apply(self, session: Session, plan: Plan, context: Context) -> Sequence[Step]:
        """Make and change them; the steps keep what was and what is. Raises `Refused` where a rival came between."""
        recipes = [group.recipe() for group in plan.work]
        targets = queries.find_ids(session, [recipe.code for recipe in recipes])
        before = _states(session, targets.values())
        try:
            ids = combine_skus.combine(session, recipes, by=context.by, at=context.at)
        except (RecipesRefused, UnknownSkus, SkusExist) as problem:
            raise Refused(problem.text, errors=problem.errors) from problem
        after = _states(session, ids)
        return [{"sku": sku_id, "before": before.get(sku_id), "after": after[sku_id]} for sku_id in ids]

    def undo(self, session: Session, steps: Sequence[Step], context: Context) -> None:
        """New ones are deleted, changed ones get back their recipe, title and own stock; singles are singles again.

        Raises `CannotUndo` where one was changed since, or a new one is in use.
        """
        try:
            now = _states(session, [step["sku"] for step in steps])
        except UnknownSkus as gone:
            raise CannotUndo([f"{len(gone.codes)} of its combinations were deleted since"]) from gone
        reasons = [f"'{now[s['sku']]['code']}' was changed since" for s in steps if now[s["sku"]] != s["after"]]
        if reasons:
            raise CannotUndo(reasons)
        try:
            _restore(session, [step for step in steps if step["before"]], context)
        except CannotUndo:
            raise
        except StockbookError as problem:
            raise CannotUndo([problem.text]) from problem
        unmake(session, [step["sku"] for step in steps if not step["before"]], context)

    def current(self, session: Session, *, warehouse_id: int | None = None) -> Iterable[CurrentRow]:
        """Every component of every combination, by code."""
        skus = queries.all_combinations(session)
        parts = queries.parts_of(session, [sku.id for sku in skus])
        for sku in skus:
            of_one = parts.get(sku.id, ())
            versioned = _versioned(sku, of_one)
            for part in of_one:
                values = {
                    "combination": sku.code,
                    "title": sku.title or None,
                    "component": part.code,
                    "quantity": part.quantity,
                    "own_stock": sku.own_stock,
                }
                yield CurrentRow(values, version_of([sku.key, part.sku_id], versioned))


def _groups(rows: Rows) -> dict[str, _Group]:
    """Rows by folded code of their combination, in the order of the sheet."""
    groups: dict[str, _Group] = {}
    columns = (rows.values[name] for name in ("combination", "title", "quantity", "own_stock"))
    for number, part, code, title, units, own_stock in zip(rows.numbers, rows.ids["component"], *columns, strict=True):
        group = groups.setdefault(fold(code), _Group(code))
        group.numbers.append(number)
        group.rows_of[part], group.units[part] = number, units
        group.title = title if group.title is None else group.title
        group.own_stock = own_stock if group.own_stock is None else group.own_stock
    return groups


def _versioned(sku: Outline, parts: Sequence[Part]) -> dict[str, Any]:
    """WB-4: a combination's version is made of its whole recipe."""
    recipe = {str(part.sku_id): part.quantity for part in parts}
    return {"title": sku.title or None, "own_stock": sku.own_stock, "recipe": recipe}


def _show_removed(plan: Plan, group: _Group, sku: Outline | None, known: _Known) -> None:
    if sku is None:
        return
    gone = [part for part in known.parts.get(sku.id, ()) if part.sku_id not in group.units]
    if gone:
        first = group.numbers[0]
        plan.unchanged.discard(first)
        plan.changes.setdefault(first, []).extend(Change("component", part.code, None) for part in gone)


def _problem_findings(session: Session, groups: Mapping[str, _Group]) -> list[Finding]:
    found = combine_skus.problems(session, [group.recipe() for group in groups.values()])
    return [_finding(problem, groups[fold(problem.combination)]) for problem in found]


def _finding(problem: RecipeProblem, group: _Group) -> Finding:
    row = group.rows_of.get(problem.component_id or 0, group.numbers[0])
    column = _COLUMNS.get(problem.code, "component" if problem.component_id else "combination")
    return Finding(problem.code, row, column, dict(problem.facts))


def _hygiene_findings(session: Session, groups: Mapping[str, _Group], known: _Known) -> list[Finding]:
    """CAT-2's warnings about the codes of new combinations, once each."""
    new = [group for key, group in groups.items() if key not in known.skus]
    found = hygiene.hints(session, [Subject(group.code, group.title or "") for group in new])
    findings: list[Finding] = []
    for group, hints in zip(new, found, strict=True):
        for code, facts in [*sku_warnings(group.code), *hints]:
            column = "title" if code == "title-elsewhere" else "combination"
            findings.append(Finding(code, group.numbers[0], column, facts))
    return findings


def _states(session: Session, sku_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What undo steps keep of combinations, and of singles that become one; they are locked."""
    known = lock(session, sku_ids, ("title", "own_stock", "serial_mode"))
    recipes = queries.recipes(session, known)
    return {
        sku.id: {
            "code": sku.code,
            "kind": sku.kind,
            "title": sku.title,
            "own_stock": sku.own_stock,
            "serial_mode": sku.serial_mode,
            "recipe": [[part, units] for part, units in sorted(recipes.get(sku.id, {}).items())],
        }
        for sku in known.values()
    }


def _restore(session: Session, steps: Sequence[Step], context: Context) -> None:
    by, at = context.by, context.at
    singles = [step for step in steps if step["before"]["kind"] != COMBINATION]
    if singles:
        combining.dissolve(session, [step["sku"] for step in singles], by=by, at=at)
        kept = ("title", "serial_mode")
        fields = [SkuChange(s["sku"], {name: s["before"][name] for name in kept}) for s in singles]
        service.update_many(session, fields, by=by, at=at)
    recipes = [
        Recipe(s["before"]["code"], dict(s["before"]["recipe"]), s["before"]["title"], s["before"]["own_stock"])
        for s in steps
        if s["before"]["kind"] == COMBINATION
    ]
    combine_skus.combine(session, recipes, by=by, at=at)
