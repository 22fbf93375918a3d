"""SKU update: changes to single SKUs that exist (CAT-5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog import queries, service
from server.catalog.errors import GtinsTaken, RecipesRefused, UnknownSkus
from server.catalog.models import Gtin, MerchantSku
from server.catalog.records import COMBINATION, EMPTY, SINGLE, SkuChange
from server.catalog.writing import lock
from server.errors import Refused, StockbookError
from server.uploads.handlers.protocol import CannotUndo, Context, CurrentRow, Step
from server.uploads.handlers.sku_values import (
    canonical,
    cells_of,
    field_value,
    gtin_findings,
    plain_fields,
    warehouse_codes,
)
from server.uploads.plan import Existing, Plan, plan_records
from server.uploads.rows import Rows, plain, version_of
from validators.messages import Finding
from validators.registry import WORKBOOKS
from validators.workbooks import Workbook

_PAGE = 2_000


class SkuUpdate:
    """Each row changes one single; a blank cell leaves the value alone, `#CLEAR` empties it."""

    workbook: ClassVar[Workbook] = WORKBOOKS["sku_update"]

    def plan(self, session: Session, rows: Rows) -> Plan:
        """Before and after of every cell that differs; combinations and taken GTINs are refused."""
        rows = canonical(session, rows)
        ids: Sequence[int] = rows.ids["sku"]
        known, gtins = queries.fields_of(session, ids, EMPTY), queries.gtins_of(session, ids)
        warehouses = warehouse_codes(session)
        existing = [Existing(cells_of(known[sku_id], gtins.get(sku_id, ()), warehouses), id=sku_id) for sku_id in ids]
        plan = plan_records(rows, existing)
        for number, sku_id in zip(rows.numbers, ids, strict=True):
            if known[sku_id].kind == COMBINATION:
                plan.findings.append(Finding("combination-kind", number, "sku", {"value": known[sku_id].code}))
        plan.findings += gtin_findings(session, rows, ids)
        return plan

    def apply(self, session: Session, plan: Plan, context: Context) -> Sequence[Step]:
        """Change them all; the steps keep what was and what is. Raises `Refused` where a rival came in between."""
        changes = [self._change(plan, number) for number in plan.changing]
        try:
            before = _fields_now(session, changes)
            service.update_many(session, changes, by=context.by, at=context.at, singles_only=True)
        except (UnknownSkus, GtinsTaken, RecipesRefused) as problem:
            raise Refused(problem.text, errors=problem.errors) from problem
        return [{"sku": change.sku_id, "before": before[change.sku_id], "after": _set_by(change)} for change in changes]

    def undo(self, session: Session, steps: Sequence[Step], context: Context) -> None:
        """Every value as it was. Raises `CannotUndo` where one is no longer what the upload set."""
        changes = [_restoring(step) for step in steps]
        try:
            now = _fields_now(session, changes)
        except UnknownSkus as gone:
            raise CannotUndo([f"{len(gone.codes)} of its SKUs were deleted since"]) from gone
        codes = {sku.id: sku.code for sku in queries.outlines(session, now).values()}
        reasons = [
            f"'{codes[step['sku']]}': {name} was changed since"
            for step in steps
            for name, value in step["after"].items()
            if now[step["sku"]][name] != value
        ]
        if reasons:
            raise CannotUndo(reasons)
        try:
            service.update_many(session, changes, by=context.by, at=context.at)
        except StockbookError as problem:
            raise CannotUndo([problem.text]) from problem

    def current(self, session: Session, *, warehouse_id: int | None = None) -> Iterable[CurrentRow]:
        """Every single, by code."""
        warehouses = warehouse_codes(session)
        gtins: dict[int, list[str]] = {}
        for sku_id, value in session.execute(select(Gtin.sku_id, Gtin.value).order_by(Gtin.id)):
            gtins.setdefault(sku_id, []).append(value)
        columns = [getattr(MerchantSku, name) for name in ("id", "code", *EMPTY)]
        singles = select(*columns).where(MerchantSku.kind == SINGLE, MerchantSku.deleted_at.is_(None))
        for sku in session.execute(singles.order_by(MerchantSku.key).execution_options(yield_per=_PAGE)):
            cells = cells_of(sku, gtins.get(sku.id, ()), warehouses)
            yield CurrentRow({"sku": sku.code, **cells}, version_of([sku.id], cells))

    def _change(self, plan: Plan, number: int) -> SkuChange:
        values: dict[str, Any] = {}
        gtins: Sequence[str] | None = None
        for change in plan.changes[number]:
            if change.field == "gtins":
                gtins = tuple(change.after or ())
            elif change.field == "default_warehouse":
                values["default_warehouse_id"] = plan.rows.id("default_warehouse", number)
            else:
                values[change.field] = field_value(change.field, change.after)
        return SkuChange(plan.rows.id("sku", number), values, gtins)


def _fields_now(session: Session, changes: Sequence[SkuChange]) -> dict[int, dict[str, Any]]:
    """What the fields that `changes` name hold now, as undo steps keep it; the SKUs are locked."""
    names = {name for change in changes for name in change.values}
    known = lock(session, [change.sku_id for change in changes], names)
    gtins = queries.gtins_of(session, [change.sku_id for change in changes if change.gtins is not None])
    found: dict[int, dict[str, Any]] = {}
    for change in changes:
        fields = plain_fields(known[change.sku_id], change.values)
        if change.gtins is not None:
            fields["gtins"] = gtins.get(change.sku_id, [])
        found[change.sku_id] = fields
    return found


def _set_by(change: SkuChange) -> dict[str, Any]:
    """What the fields that `change` names hold once it is made, as undo steps keep it."""
    fields = {name: plain(value) for name, value in change.values.items()}
    return fields if change.gtins is None else {**fields, "gtins": list(change.gtins)}


def _restoring(step: Step) -> SkuChange:
    values = {name: field_value(name, value) for name, value in step["before"].items() if name != "gtins"}
    return SkuChange(step["sku"], values, step["before"].get("gtins"))
