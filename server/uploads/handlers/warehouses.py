"""Warehouses: made, changed and deleted by rows (WH-1, WH-5, WH-6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from server.db.base import fold
from server.db.bulk import TEXT, relation
from server.errors import Refused, StockbookError
from server.operations.delete_warehouse import Freed, delete_warehouse, restore_warehouse
from server.operations.warehouse_uses import users
from server.places import queries, service
from server.places.models import Warehouse
from server.places.safety_stock import set_safety_stocks
from server.places.service import NewWarehouse, WarehouseChange
from server.uploads.handlers.actions import REMOVE, check_actions, plan_removals
from server.uploads.handlers.protocol import CannotUndo, Context, CurrentRow, Step
from server.uploads.handlers.shelves import put_back
from server.uploads.plan import Change, Existing, Plan, plan_records
from server.uploads.rows import Rows, version_of
from validators.messages import Finding
from validators.registry import WORKBOOKS
from validators.workbooks import Workbook


class Warehouses:
    """Each row is one warehouse. Saying yes to default takes it from the other."""

    workbook: ClassVar[Workbook] = WORKBOOKS["warehouses"]

    def plan(self, session: Session, rows: Rows) -> Plan:
        """Before and after; what keeps a warehouse from going is said on its row."""
        known = _known(session, rows)
        found = [known.get(fold(code)) for code in rows.values["code"]]
        plan = plan_records(rows, [None if row is None else Existing(_cells(row), id=row.id) for row in found])
        for number, row in zip(rows.numbers, found, strict=True):
            if row is None:
                plan.changes.setdefault(number, [Change("code", None, rows.value("code", number))])
        plan.findings += check_actions(rows, [row is not None for row in found], "code")
        leaving = plan_removals(plan, "code", lambda number: rows.value("code", number))
        going = {number: row for number, row in zip(rows.numbers, found, strict=True) if number in leaving and row}
        plan.findings += _default_findings(rows, found)
        plan.findings += _consequences(session, going)
        plan.work = {number: row.id for number, row in zip(rows.numbers, found, strict=True) if row is not None}
        return plan

    def apply(self, session: Session, plan: Plan, context: Context) -> Sequence[Step]:
        """Make, change, delete, in that order; the steps keep what was, and which one was the default."""
        rows, by, at = plan.rows, context.by, context.at
        default = queries.default_warehouse(session).id
        leaving = [number for number in plan.changing if rows.value("action", number) == REMOVE]
        new = [number for number in plan.changing if number not in plan.work]
        changing = [number for number in plan.changing if number in plan.work and number not in leaving]
        made = service.create_warehouses(session, [_new(rows, number) for number in new], by=by, at=at)
        steps: list[Step] = [{"made": row.id} for row in made]
        steps += [_changed(plan.work[number], plan.changes[number]) for number in changing]
        changes = {plan.work[number]: _change(plan.changes[number]) for number in changing}
        service.update_warehouses(session, changes, by=by, at=at)
        for number in leaving:
            remembered = _remembered(session, plan.work[number])
            freed = delete_warehouse(session, plan.work[number], by=by, at=at)
            steps.append({"removed": {**remembered, "freed": asdict(freed)}})
        now_default = queries.default_warehouse(session).id
        return [*steps, {"default": [default, now_default]}] if now_default != default else steps

    def undo(self, session: Session, steps: Sequence[Step], context: Context) -> None:
        """Bring back what was deleted, restore what was changed, delete what was made. All of it or `CannotUndo`."""
        reasons = _changed_since(session, steps)
        if reasons:
            raise CannotUndo(reasons)
        by, at = context.by, context.at
        try:
            for removed in (step["removed"] for step in steps if "removed" in step):
                restore_warehouse(session, removed["id"], Freed(**removed["freed"]), by=by, at=at)
                put_back(session, [(removed["id"], code, sku) for code, sku in removed["shelves"]], context)
                safety = {(removed["id"], sku): quantity for sku, quantity in removed["safety"]}
                set_safety_stocks(session, safety, by=by, at=at)
            changes = {step["changed"]: WarehouseChange(**step["before"]) for step in steps if "changed" in step}
            for before, _after in (step["default"] for step in steps if "default" in step):
                changes[before] = WarehouseChange(**{**_given(changes.get(before)), "default": True})
            service.update_warehouses(session, changes, by=by, at=at)
            for made in (step["made"] for step in steps if "made" in step):
                _take_back(session, made, by=by, at=at)
        except StockbookError as problem:
            raise CannotUndo([problem.text]) from problem

    def current(self, session: Session, *, warehouse_id: int | None = None) -> Iterable[CurrentRow]:
        """Every warehouse, or the one."""
        rows = queries.warehouses().order_by(Warehouse.key)
        if warehouse_id is not None:
            rows = rows.where(Warehouse.id == warehouse_id)
        for row in session.scalars(rows):
            yield CurrentRow({"code": row.code, **_cells(row)}, version_of([row.key], _cells(row)))


def _cells(row: Warehouse) -> dict[str, Any]:
    return {"name": row.name, "address": row.address or None, "default": row.is_default}


def _known(session: Session, rows: Rows) -> dict[str, Warehouse]:
    keys = sorted({fold(code) for code in rows.values["code"]})
    with relation(session, {"key": TEXT}, [(key,) for key in keys]) as r:
        return {row.key: row for row in session.scalars(queries.warehouses().join(r, r.c.key == Warehouse.key))}


def _default_findings(rows: Rows, found: Sequence[Warehouse | None]) -> list[Finding]:
    if any(value is True for value in rows.values["default"]):
        return []
    return [
        Finding("default-needed", number, "default")
        for number, row, value in zip(rows.numbers, found, rows.values["default"], strict=True)
        if value is False and row is not None and row.is_default
    ]


def _consequences(session: Session, going: Mapping[int, Warehouse]) -> list[Finding]:
    """Why warehouses can't go: the default, those with stock (WH-5). And what follows for whoever names one (WH-6)."""
    ids = [row.id for row in going.values()]
    left: dict[int, list[str]] = {}
    for one in queries.remaining(session, ids):
        left.setdefault(one.warehouse_id, []).append(f"{one.sku} ({one.on_hand} on hand, {one.on_the_way} on the way)")
    named = users(session, ids)
    found: list[Finding] = []
    for number, row in going.items():
        if row.is_default:
            found.append(Finding("in-use", number, "code", {"reason": "it is the default"}))
        elif row.id in left:
            more = f" and {len(left[row.id]) - 3} more" if len(left[row.id]) > 3 else ""
            reason = f"it holds {', '.join(left[row.id][:3])}{more}"
            found.append(Finding("in-use", number, "code", {"reason": reason}))
        elif row.id in named:
            found.append(Finding("warehouse-used", number, "code", {"users": named[row.id]}))
    return found


def _new(rows: Rows, number: int) -> NewWarehouse:
    return NewWarehouse(
        rows.value("code", number),
        rows.value("name", number) or "",
        rows.value("address", number) or "",
        bool(rows.value("default", number)),
    )


def _change(changes: Sequence[Change]) -> WarehouseChange:
    return WarehouseChange(**_fields({change.field: change.after for change in changes}))


def _changed(warehouse_id: int, changes: Sequence[Change]) -> Step:
    """What a row changed but the default, which is kept apart: it belongs to two warehouses."""
    kept = [change for change in changes if change.field != "default"]
    before = _fields({change.field: change.before for change in kept})
    return {"changed": warehouse_id, "before": before, "after": _fields({c.field: c.after for c in kept})}


def _fields(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "" if value is None and name != "default" else value for name, value in values.items()}


def _given(change: WarehouseChange | None) -> dict[str, Any]:
    return {} if change is None else {"name": change.name, "address": change.address}


def _remembered(session: Session, warehouse_id: int) -> dict[str, Any]:
    """What goes with a warehouse, to be brought back with it."""
    lying = [[row.code, row.sku_id] for row in queries.shelves(session, warehouse_id=warehouse_id)]
    safety = [[row.sku_id, row.safety_stock] for row in queries.safety_rows(session, warehouse_id=warehouse_id)]
    return {"id": warehouse_id, "shelves": lying, "safety": safety}


def _take_back(session: Session, warehouse_id: int, *, by: str, at: datetime) -> None:
    """Delete a warehouse that the upload made. Raises `Refused` where anything uses it by now (WB-8)."""
    row = service.refuse_unless_empty(session, warehouse_id)
    used = users(session, [warehouse_id])
    if used:
        raise Refused(f"warehouse '{row.code}' is used by {used[warehouse_id]}")
    delete_warehouse(session, warehouse_id, by=by, at=at)


def _changed_since(session: Session, steps: Sequence[Step]) -> list[str]:
    touched = [step["changed"] for step in steps if "changed" in step]
    touched += [step["made"] for step in steps if "made" in step]
    now = {row.id: row for row in session.scalars(queries.warehouses().where(Warehouse.id.in_(touched)))}
    reasons = [f"warehouse {number} was deleted since" for number in touched if number not in now]
    for step in (step for step in steps if "changed" in step and step["changed"] in now):
        row = now[step["changed"]]
        values = {"name": row.name, "address": row.address}
        reasons += [f"'{row.code}': {name} was changed since" for name, v in step["after"].items() if values[name] != v]
    for _before, after in (step["default"] for step in steps if "default" in step):
        if queries.default_warehouse(session).id != after:
            reasons.append("another warehouse was made the default since")
    return reasons
