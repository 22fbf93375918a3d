"""Stock count: one per warehouse, completed; on hand becomes what was counted (STK-5, STK-8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.errors import Refused
from server.ledger.errors import NotEnough
from server.ledger.models import Balance
from server.ledger.posting import Figures
from server.places.models import Shelf, Warehouse
from server.places.shortages import in_words
from server.uploads.handlers import stock_lists
from server.uploads.handlers.protocol import CannotUndo, Context, CurrentRow, Step
from server.uploads.plan import Existing, Plan, plan_records
from server.uploads.rows import Rows, version_of
from server.warehousing import counts
from server.warehousing.counts import Counted, NewCount
from validators.messages import Finding
from validators.registry import WORKBOOKS
from validators.workbooks import Workbook

_NOTHING = Figures()
_NOTE = "stock count workbook"


class StockCountRows:
    """Rows say what was found of one SKU in one warehouse; it may be less than what is allocated."""

    workbook: ClassVar[Workbook] = WORKBOOKS["stock_count"]

    def plan(self, session: Session, rows: Rows) -> Plan:
        """Before and after of on hand; unchanged where the count agrees, and where nothing was counted."""
        keys = stock_lists.keys_of(rows)
        known = stock_lists.figures_of(session, keys)
        on_hand = [known.get(key, _NOTHING).on_hand for key in keys]
        plan = plan_records(rows, [Existing({"counted": there}) for there in on_hand])
        plan.findings += stock_lists.refuse_combinations(session, rows)
        counted = dict(zip(rows.numbers, rows.values["counted"], strict=True))
        blank = {number for number, units in counted.items() if units is None}
        # What nobody counted is nobody's conflict, however much of it was sold since the download.
        plan.findings = [finding for finding in plan.findings if finding.row not in blank]
        plan.findings += _not_counted(rows, blank)
        for number, key, there in zip(rows.numbers, keys, on_hand, strict=True):
            if number not in plan.unchanged:
                plan.figures[key] = counted[number] - there
        return plan

    def apply(self, session: Session, plan: Plan, context: Context) -> Sequence[Step]:
        """One count per warehouse, completed: it posts what differs from the figures of that moment."""
        rows = plan.rows
        lines: dict[int, list[Counted]] = defaultdict(list)
        for warehouse, sku, counted, note in zip(
            rows.ids["warehouse"], rows.ids["sku"], rows.values["counted"], rows.values["note"], strict=True
        ):
            if counted is not None:
                lines[warehouse].append(Counted(sku, counted, note=note or ""))
        steps: list[Step] = []
        for warehouse in sorted(lines):
            new = NewCount(warehouse, lines[warehouse], _NOTE, context.upload_id)
            row = counts.create_count(session, new, by=context.by, at=context.at)
            counts.complete(session, row, by=context.by, at=context.at)
            steps.append({"count": row.id})
        return steps

    def undo(self, session: Session, steps: Sequence[Step], context: Context) -> None:
        """The opposite movements: opposite changes, never an absolute figure."""
        rows = [counts.find_count(session, step["count"], lock=True) for step in steps]
        try:
            counts.take_back(session, rows, by=context.by, at=context.at)
        except NotEnough as short:
            raise CannotUndo(in_words(session, short.shortages)) from short
        except Refused as refused:
            raise CannotUndo([refused.text]) from refused

    def current(self, session: Session, *, warehouse_id: int | None = None) -> Iterable[CurrentRow]:
        """Every SKU that has a balance, shelf by shelf as people walk; what was counted is theirs to fill in."""
        on_shelf = and_(Shelf.warehouse_id == Balance.warehouse_id, Shelf.sku_id == Balance.sku_id)
        query = (
            select(MerchantSku.code, Warehouse.code, Shelf.code, Balance)
            .join(MerchantSku, MerchantSku.id == Balance.sku_id)
            .join(Warehouse, Warehouse.id == Balance.warehouse_id)
            .outerjoin(Shelf, on_shelf)
            .where(MerchantSku.deleted_at.is_(None), Warehouse.deleted_at.is_(None))
            .order_by(Warehouse.key, Shelf.key.is_(None), Shelf.key, MerchantSku.key)
        )
        if warehouse_id is not None:
            query = query.where(Balance.warehouse_id == warehouse_id)
        for sku, warehouse, shelf, balance in session.execute(query):
            yield _current(sku, warehouse, shelf, balance)


def _not_counted(rows: Rows, blank: set[int]) -> list[Finding]:
    """A blank count is meant where the row was downloaded with data; a row that was typed in lacks its number."""
    versions = rows.versions or [None] * len(rows)
    typed = (number for number, version in zip(rows.numbers, versions, strict=True) if not version)
    return [Finding("missing", number, "counted") for number in typed if number in blank]


def _current(sku: str, warehouse: str, shelf: str | None, balance: Balance) -> CurrentRow:
    values: dict[str, Any] = {
        "sku": sku,
        "warehouse": warehouse,
        "shelf": shelf,
        "on_hand": balance.on_hand,
        "allocated": balance.allocated,
    }
    return CurrentRow(values, version_of([balance.sku_id, balance.warehouse_id], {"counted": balance.on_hand}))
