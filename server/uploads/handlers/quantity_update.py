"""Quantity update: on hand set, the difference posted as a stock-in or stock-out (STK-12)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.ledger.models import Balance
from server.ledger.posting import Figures, lock_figures
from server.operations.stock_arrived import stock_arrived
from server.places.models import Warehouse
from server.uploads.handlers import stock_lists
from server.uploads.handlers.protocol import Context, CurrentRow, Step
from server.uploads.plan import Existing, Plan, plan_records
from server.uploads.rows import Rows, version_of
from server.warehousing.service import ListLine
from validators.messages import Finding
from validators.registry import WORKBOOKS
from validators.workbooks import Workbook

_NOTHING = Figures()


class QuantityUpdate:
    """Rows set on hand of one SKU in one warehouse; below what is allocated is refused."""

    workbook: ClassVar[Workbook] = WORKBOOKS["quantity_update"]

    def plan(self, session: Session, rows: Rows) -> Plan:
        """Before and after of on hand; unchanged where it is that already."""
        keys = stock_lists.keys_of(rows)
        known = stock_lists.figures_of(session, keys)
        existing = [Existing({"on_hand": known.get(key, _NOTHING).on_hand}) for key in keys]
        plan = plan_records(rows, existing)
        plan.findings += stock_lists.refuse_combinations(session, rows)
        for number, key, wanted in zip(rows.numbers, keys, rows.values["on_hand"], strict=True):
            figures = known.get(key, _NOTHING)
            if number in plan.unchanged:
                continue
            plan.figures[key] = wanted - figures.on_hand
            if wanted < figures.allocated:
                plan.findings.append(Finding("below-allocated", number, "on_hand", {"allocated": figures.allocated}))
        return plan

    def apply(self, session: Session, plan: Plan, context: Context) -> Sequence[Step]:
        """The differences to the figures of the moment, as one stock-in and one stock-out list per warehouse; then
        orders that waited for what came in (ORD-7)."""
        rows = plan.rows
        wanted = {(rows.id("warehouse", number), rows.id("sku", number)): number for number in plan.changing}
        now = lock_figures(session, wanted)
        lines: dict[str, dict[int, list[ListLine]]] = {"in": defaultdict(list), "out": defaultdict(list)}
        for key, number in wanted.items():
            difference = rows.value("on_hand", number) - now[key].on_hand
            if difference:
                line = ListLine(key[1], abs(difference), note=rows.value("note", number) or "")
                lines["in" if difference > 0 else "out"][key[0]].append(line)
        steps: list[Step] = []
        for direction, by_warehouse in lines.items():
            steps += stock_lists.complete_lists(session, direction, by_warehouse, context, "quantity update")
        came = {line.sku_id for some in lines["in"].values() for line in some}
        if came:
            stock_arrived(session, came, by=context.by, at=context.at)
        return steps

    def undo(self, session: Session, steps: Sequence[Step], context: Context) -> None:
        """The opposite movements: opposite changes, never an absolute figure."""
        stock_lists.reverse_lists(session, steps, context)

    def current(self, session: Session, *, warehouse_id: int | None = None) -> Iterable[CurrentRow]:
        """On hand of every SKU that has a balance, in one warehouse or all."""
        query = (
            select(MerchantSku.code, Warehouse.code, Balance)
            .join(MerchantSku, MerchantSku.id == Balance.sku_id)
            .join(Warehouse, Warehouse.id == Balance.warehouse_id)
            .where(MerchantSku.deleted_at.is_(None), Warehouse.deleted_at.is_(None))
            .order_by(MerchantSku.key, Warehouse.key)
        )
        if warehouse_id is not None:
            query = query.where(Balance.warehouse_id == warehouse_id)
        for sku, warehouse, balance in session.execute(query):
            yield _current(sku, warehouse, balance)


def _current(sku: str, warehouse: str, balance: Balance) -> CurrentRow:
    values: dict[str, Any] = {
        "sku": sku,
        "warehouse": warehouse,
        "on_hand": balance.on_hand,
        "allocated": balance.allocated,
        "available": balance.on_hand - balance.allocated,
    }
    return CurrentRow(values, version_of([balance.sku_id, balance.warehouse_id], {"on_hand": balance.on_hand}))
