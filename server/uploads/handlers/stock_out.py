"""Stock-out: one list per warehouse, completed (STK-6, STK-12)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import ClassVar

from sqlalchemy.orm import Session

from server.uploads.handlers import stock_lists
from server.uploads.handlers.protocol import Context, CurrentRow, Step
from server.uploads.plan import Change, Plan
from server.uploads.rows import Rows
from server.warehousing.service import ListLine
from validators.messages import Finding
from validators.registry import WORKBOOKS
from validators.workbooks import Workbook


class StockOut:
    """Rows lower on hand; rows of one SKU add up and are checked as a sum (WB-14)."""

    workbook: ClassVar[Workbook] = WORKBOOKS["stock_out"]

    def plan(self, session: Session, rows: Rows) -> Plan:
        """Before and after of on hand; every row of a SKU is refused where their sum passes what is available."""
        plan = Plan(rows, findings=stock_lists.refuse_combinations(session, rows))
        keys = stock_lists.keys_of(rows)
        known = stock_lists.figures_of(session, keys)
        wanted: dict[stock_lists.Key, int] = defaultdict(int)
        for number, key, quantity in zip(rows.numbers, keys, rows.values["quantity"], strict=True):
            before = (known[key].on_hand if key in known else 0) - wanted[key]
            wanted[key] += quantity
            plan.changes[number] = [Change("on_hand", before, before - quantity)]
        plan.figures = {key: -quantity for key, quantity in wanted.items()}
        refused = plan.bad_rows
        for number, key in zip(rows.numbers, keys, strict=True):
            available = known[key].available if key in known else 0
            if wanted[key] > available and number not in refused:
                facts = {"available": available, "wanted": wanted[key]}
                plan.findings.append(Finding("not-enough", number, "quantity", facts))
        return plan

    def apply(self, session: Session, plan: Plan, context: Context) -> Sequence[Step]:
        """One list per warehouse, completed."""
        rows = plan.rows
        lines: dict[int, list[ListLine]] = defaultdict(list)
        for warehouse, sku, quantity, note in zip(
            rows.ids["warehouse"], rows.ids["sku"], rows.values["quantity"], rows.values["note"], strict=True
        ):
            lines[warehouse].append(ListLine(sku, quantity, note=note or ""))
        return stock_lists.complete_lists(session, "out", lines, context, "stock-out workbook")

    def undo(self, session: Session, steps: Sequence[Step], context: Context) -> None:
        """The opposite movements."""
        stock_lists.reverse_lists(session, steps, context)

    def current(self, session: Session, *, warehouse_id: int | None = None) -> Iterable[CurrentRow]:
        """A stock-out has no current data."""
        return ()
