"""Safety stock & shelf, per SKU and warehouse (WH-3, WH-4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from server.catalog.queries import by_ids
from server.errors import StockbookError
from server.places import queries, shelves
from server.places.safety_stock import hold_safety_stocks, set_safety_stocks
from server.places.shelves import Wish
from server.uploads.handlers import shelving
from server.uploads.handlers.protocol import CannotUndo, Context, CurrentRow, Step
from server.uploads.plan import Existing, Plan, plan_records
from server.uploads.rows import Rows, version_of
from validators.registry import WORKBOOKS
from validators.workbooks import Workbook


class SafetyStockAndShelf:
    """Each row sets the safety stock of one SKU in one warehouse, and the shelf it lies on."""

    workbook: ClassVar[Workbook] = WORKBOOKS["safety_stock"]

    def plan(self, session: Session, rows: Rows) -> Plan:
        """What would change; shelves that hold another SKU are refused (WH-2)."""
        keys = _keys(rows)
        plan = plan_records(rows, _existing(session, rows, keys))
        plan.findings += shelving.findings(session, _wishes(plan))
        return plan

    def apply(self, session: Session, plan: Plan, context: Context) -> Sequence[Step]:
        """Set them all; the steps keep what was."""
        rows = plan.rows
        wanted: dict[tuple[int, int], int | None] = {}
        leaving: list[tuple[int, int]] = []
        for number in plan.changing:
            key = (rows.id("warehouse", number), rows.id("sku", number))
            for change in plan.changes.get(number, ()):
                if change.field == "safety_stock":
                    wanted[key] = change.after
                elif change.after is None:
                    leaving.append(key)
        before = queries.safety_stocks(session, wanted)
        set_safety_stocks(session, wanted, by=context.by, at=context.at)
        steps: list[Step] = [{"safety": [*key, before.get(key), after]} for key, after in wanted.items()]
        freed = queries.shelves_of(session, leaving)
        shelves.free(session, leaving, by=context.by, at=context.at)
        steps += [{"freed": [*key, shelf_id]} for key, (shelf_id, _) in freed.items()]
        return [*steps, *shelving.assign(session, _wishes(plan), context)]

    def undo(self, session: Session, steps: Sequence[Step], context: Context) -> None:
        """Every figure and shelf as it was. Raises `CannotUndo` where one is no longer what the upload set."""
        set_to = {(s["safety"][0], s["safety"][1]): (s["safety"][2], s["safety"][3]) for s in steps if "safety" in s}
        hold_safety_stocks(session, (warehouse_id for warehouse_id, _ in set_to))
        now = queries.safety_stocks(session, set_to)
        changed = [key for key, (_, after) in set_to.items() if now.get(key) != after]
        if changed:
            codes = by_ids(session, [sku for _, sku in changed[:200]])
            raise CannotUndo([f"safety stock of '{codes[sku].code}' was changed since" for _, sku in changed[:200]])
        before = {key: quantity for key, (quantity, _) in set_to.items()}
        set_safety_stocks(session, before, by=context.by, at=context.at)
        try:
            shelving.take_back(session, steps, context)
            _put_back(session, [step["freed"] for step in steps if "freed" in step], context)
        except CannotUndo:
            raise
        except StockbookError as problem:
            raise CannotUndo([problem.text]) from problem

    def current(self, session: Session, *, warehouse_id: int | None = None) -> Iterable[CurrentRow]:
        """Every SKU and warehouse with stock, a safety stock or a shelf."""
        for row in queries.place_rows(session, warehouse_id=warehouse_id):
            editable = {"safety_stock": row.safety_stock, "shelf": row.shelf}
            values: dict[str, Any] = {"sku": row.sku, "warehouse": row.warehouse, "on_hand": row.on_hand, **editable}
            yield CurrentRow(values, version_of([row.sku_id, row.warehouse_id], editable))


def _existing(session: Session, rows: Rows, keys: Sequence[tuple[int, int]]) -> list[Existing]:
    """What is there. A shelf that is named in another case is the same shelf, so it is shown as typed."""
    safety, lying = queries.safety_stocks(session, keys), queries.shelves_of(session, keys)
    found: list[Existing] = []
    for key, typed, shelf_id in zip(keys, rows.values["shelf"], rows.ids["shelf"], strict=True):
        now_on, code = lying.get(key, (None, None))
        stored = {"safety_stock": safety.get(key), "shelf": code}
        same = shelf_id is not None and shelf_id == now_on
        found.append(Existing({**stored, "shelf": typed} if same else stored, versioned=stored))
    return found


def _keys(rows: Rows) -> list[tuple[int, int]]:
    return list(zip(rows.ids["warehouse"], rows.ids["sku"], strict=True))


def _wishes(plan: Plan) -> dict[int, Wish]:
    """The shelves that would change, by row."""
    given = shelving.wishes_of(plan.rows)
    return {
        number: given[number]
        for number in plan.changing
        if number in given and any(change.field == "shelf" for change in plan.changes.get(number, ()))
    }


def _put_back(session: Session, freed: Sequence[Sequence[int]], context: Context) -> None:
    lying = queries.shelves_of(session, [(warehouse, sku) for warehouse, sku, _ in freed])
    if lying:
        codes = by_ids(session, [sku for _, sku in lying])
        raise CannotUndo([f"'{codes[sku].code}' was put on another shelf since" for _, sku in lying])
    wishes = [Wish(shelf, sku) for _, sku, shelf in freed]
    shelves.assign(session, wishes, by=context.by, at=context.at)
