"""Stock-in: one list per warehouse, completed; shelves assigned (STK-6, STK-12, WH-3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import ClassVar

from sqlalchemy.orm import Session

from server.operations.stock_arrived import stock_arrived
from server.uploads.handlers import shelving, stock_lists
from server.uploads.handlers.protocol import Context, CurrentRow, Step
from server.uploads.plan import Change, Plan
from server.uploads.rows import Rows
from server.warehousing.service import ListLine
from validators.registry import WORKBOOKS
from validators.workbooks import Workbook


class StockIn:
    """Rows raise on hand; rows of one SKU add up (WB-14)."""

    workbook: ClassVar[Workbook] = WORKBOOKS["stock_in"]

    def plan(self, session: Session, rows: Rows) -> Plan:
        """Before and after of on hand, row by row in the order of the sheet."""
        plan = Plan(rows, findings=stock_lists.refuse_combinations(session, rows))
        keys = stock_lists.keys_of(rows)
        known = stock_lists.figures_of(session, keys)
        on_hand = {key: figures.on_hand for key, figures in known.items()}
        for number, key, quantity in zip(rows.numbers, keys, rows.values["quantity"], strict=True):
            before = on_hand.get(key, 0)
            on_hand[key] = before + quantity
            plan.changes[number] = [Change("on_hand", before, before + quantity)]
        plan.figures = {key: after - (known[key].on_hand if key in known else 0) for key, after in on_hand.items()}
        plan.findings += shelving.findings(session, shelving.wishes_of(rows))
        return plan

    def apply(self, session: Session, plan: Plan, context: Context) -> Sequence[Step]:
        """One list per warehouse, completed, then the shelves, then orders that waited (ORD-7)."""
        rows = plan.rows
        lines: dict[int, list[ListLine]] = defaultdict(list)
        values = rows.values
        for warehouse, sku, quantity, shelf, cost, note in zip(
            rows.ids["warehouse"],
            rows.ids["sku"],
            values["quantity"],
            rows.ids["shelf"],
            values["unit_cost"],
            values["note"],
            strict=True,
        ):
            lines[warehouse].append(ListLine(sku, quantity, shelf, cost, note or ""))
        steps = stock_lists.complete_lists(session, "in", lines, context, "stock-in workbook")
        steps += shelving.assign(session, shelving.wishes_of(rows), context)
        stock_arrived(session, rows.ids["sku"], by=context.by, at=context.at)
        return steps

    def undo(self, session: Session, steps: Sequence[Step], context: Context) -> None:
        """The opposite movements; shelves go back to what they held."""
        stock_lists.reverse_lists(session, steps, context)
        shelving.take_back(session, steps, context)

    def current(self, session: Session, *, warehouse_id: int | None = None) -> Iterable[CurrentRow]:
        """A stock-in has no current data."""
        return ()
