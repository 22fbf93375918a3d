"""Shelves: made and deleted by rows (WH-2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from sqlalchemy.orm import Session

from server.db.base import fold
from server.errors import StockbookError
from server.places import queries, shelves
from server.places.queries import ShelfRow
from server.places.shelves import Wish
from server.uploads.handlers.actions import check_actions, plan_removals
from server.uploads.handlers.protocol import CannotUndo, Context, CurrentRow, Step
from server.uploads.plan import Change, Existing, Plan, plan_records
from server.uploads.rows import Rows, version_of
from validators.messages import Finding
from validators.registry import WORKBOOKS
from validators.workbooks import Workbook

#: A shelf has no editable values; that it exists is what a row was downloaded with.
_THERE = {"exists": True}


class Shelves:
    """Each row is one shelf: there it is, or it goes."""

    workbook: ClassVar[Workbook] = WORKBOOKS["shelves"]

    def plan(self, session: Session, rows: Rows) -> Plan:
        """Which shelves would be made and which would go; occupied ones stay."""
        known = queries.shelf_ids(session, _keys(rows))
        ids = [known.get((warehouse, fold(code))) for warehouse, code in _keys(rows)]
        plan = plan_records(rows, [None if shelf is None else Existing({}, _THERE, shelf) for shelf in ids])
        for number, shelf in zip(rows.numbers, ids, strict=True):
            if shelf is None:
                plan.changes[number] = [Change("shelf", None, rows.value("shelf", number))]
        plan.findings += check_actions(rows, [shelf is not None for shelf in ids], "shelf")
        leaving = plan_removals(plan, "shelf", lambda number: rows.value("shelf", number))
        plan.work = {number: ids[rows.place[number]] for number in leaving}
        plan.findings += _occupied(session, plan.work, rows)
        return plan

    def apply(self, session: Session, plan: Plan, context: Context) -> Sequence[Step]:
        """Make the new ones, delete the others; the steps keep what lay on those."""
        rows = plan.rows
        new = [(rows.id("warehouse", n), rows.value("shelf", n)) for n in plan.changing if n not in plan.work]
        made = shelves.create_shelves(session, new, by=context.by, at=context.at)
        gone = queries.find_shelves(session, plan.work.values())
        if gone:
            shelves.delete_shelves(session, gone, by=context.by, at=context.at)
        steps: list[Step] = [{"made": shelf} for shelf in made]
        return [*steps, *({"removed": [row.warehouse_id, row.code, row.sku_id]} for row in gone.values())]

    def undo(self, session: Session, steps: Sequence[Step], context: Context) -> None:
        """Delete what was made, unless something was put on it; make what was deleted, with what lay on it."""
        made = [step["made"] for step in steps if "made" in step]
        removed = [step["removed"] for step in steps if "removed" in step]
        known = queries.find_shelves(session, made)
        reasons = [f"shelf {shelf} was deleted since" for shelf in made if shelf not in known]
        reasons += [f"'{row.sku}' was put on shelf '{row.code}' since" for row in known.values() if row.sku_id]
        if reasons:
            raise CannotUndo(reasons)
        try:
            if made:
                shelves.delete_shelves(session, made, by=context.by, at=context.at)
            put_back(session, [(warehouse, code, sku) for warehouse, code, sku in removed], context)
        except StockbookError as problem:
            raise CannotUndo([problem.text]) from problem

    def current(self, session: Session, *, warehouse_id: int | None = None) -> Iterable[CurrentRow]:
        """Every shelf, with what lies on it."""
        for row in queries.shelves(session, warehouse_id=warehouse_id):
            yield _current(row)


def put_back(session: Session, gone: Sequence[tuple[int, str, int | None]], context: Context) -> None:
    """Make shelves anew from (warehouse, code, SKU), each SKU back on its own unless it has found another place."""
    ids = shelves.create_shelves(
        session, [(warehouse, code) for warehouse, code, _ in gone], by=context.by, at=context.at
    )
    elsewhere = queries.shelves_of(session, [(warehouse, sku) for warehouse, _, sku in gone if sku is not None])
    wishes = [
        Wish(shelf, sku)
        for shelf, (warehouse, _, sku) in zip(ids, gone, strict=True)
        if sku is not None and (warehouse, sku) not in elsewhere
    ]
    shelves.assign(session, wishes, by=context.by, at=context.at)


def _keys(rows: Rows) -> list[tuple[int, str]]:
    return list(zip(rows.ids["warehouse"], rows.values["shelf"], strict=True))


def _occupied(session: Session, leaving: dict[int, int | None], rows: Rows) -> list[Finding]:
    held = shelves.holders(session, sorted({shelf for shelf in leaving.values() if shelf is not None}))
    return [
        Finding("shelf-occupied", number, "shelf", {"value": rows.value("shelf", number), "holder": held[shelf]})
        for number, shelf in leaving.items()
        if shelf is not None and shelf in held
    ]


def _current(row: ShelfRow) -> CurrentRow:
    values = {"warehouse": row.warehouse, "shelf": row.code, "sku": row.sku, "status": row.status.value}
    return CurrentRow(values, version_of([row.warehouse_id, fold(row.code)], _THERE))
