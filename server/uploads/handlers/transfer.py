"""Transfer: one per pair of warehouses, dispatched; what has arrived already is received at once (STK-7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import ClassVar

from sqlalchemy.orm import Session

from server.errors import Refused
from server.ledger.errors import NotEnough
from server.operations.transfer_arrives import transfer_arrives
from server.places.shortages import in_words
from server.uploads.handlers import stock_lists
from server.uploads.handlers.protocol import CannotUndo, Context, CurrentRow, Step
from server.uploads.plan import Change, Plan
from server.uploads.rows import Rows
from server.warehousing import transfers
from server.warehousing.arriving import Arrival
from server.warehousing.models import Transfer
from server.warehousing.transfers import NewTransfer, Sent
from validators.messages import Finding
from validators.registry import WORKBOOKS
from validators.workbooks import Workbook

_NOTE = "transfer workbook"
_Pair = tuple[int, int]


class TransferRows:
    """Rows lower on hand in one warehouse and are on the way to another; rows of one SKU add up (WB-14)."""

    workbook: ClassVar[Workbook] = WORKBOOKS["transfer"]

    def plan(self, session: Session, rows: Rows) -> Plan:
        """Before and after on both sides; every row of a SKU is refused where their sum passes what is available."""
        plan = Plan(rows, findings=stock_lists.refuse_combinations(session, rows))
        leaves = list(zip(rows.ids["source"], rows.ids["sku"], strict=True))
        arrives = list(zip(rows.ids["destination"], rows.ids["sku"], strict=True))
        known = stock_lists.figures_of(session, [*leaves, *arrives])
        on_hand = {key: figures.on_hand for key, figures in known.items()}
        on_the_way = {key: figures.on_the_way for key, figures in known.items()}
        wanted: dict[stock_lists.Key, int] = defaultdict(int)
        columns = (rows.values["quantity"], rows.values["received"])
        for number, out, into, quantity, there in zip(rows.numbers, leaves, arrives, *columns, strict=True):
            wanted[out] += quantity
            plan.changes[number] = [
                _moved("source_on_hand", on_hand, out, -quantity),
                _moved("destination_on_hand", on_hand, into, quantity)
                if there
                else _moved("destination_on_the_way", on_the_way, into, quantity),
            ]
        plan.figures = {key: after - known[key].on_hand if key in known else after for key, after in on_hand.items()}
        for number, out, into in zip(rows.numbers, leaves, arrives, strict=True):
            available = known[out].available if out in known else 0
            if out == into:
                plan.findings.append(Finding("same-warehouse", number, "destination"))
            elif wanted[out] > available:
                facts = {"available": available, "wanted": wanted[out]}
                plan.findings.append(Finding("not-enough", number, "quantity", facts))
        return plan

    def apply(self, session: Session, plan: Plan, context: Context) -> Sequence[Step]:
        """One transfer per pair of warehouses, all dispatched together; then what has arrived."""
        rows = plan.rows
        sent: dict[_Pair, list[Sent]] = defaultdict(list)
        arrived: dict[_Pair, list[Arrival]] = defaultdict(list)
        for source, destination, sku, quantity, received, note in zip(
            rows.ids["source"],
            rows.ids["destination"],
            rows.ids["sku"],
            rows.values["quantity"],
            rows.values["received"],
            rows.values["note"],
            strict=True,
        ):
            sent[source, destination].append(Sent(sku, quantity, note or ""))
            if received:
                arrived[source, destination].append(Arrival(sku, quantity))
        pairs = sorted(sent)
        new = [NewTransfer(*pair, sent[pair], _NOTE, context.upload_id) for pair in pairs]
        made = transfers.create_transfers(session, new, by=context.by, at=context.at)
        transfers.dispatch(session, made, by=context.by, at=context.at)
        for pair, row in zip(pairs, made, strict=True):
            if arrived[pair]:
                transfer_arrives(session, row, arrived[pair], by=context.by, at=context.at)
        return [{"transfer": row.id, "steps": row.steps} for row in made]

    def undo(self, session: Session, steps: Sequence[Step], context: Context) -> None:
        """The opposite movements; not once anything was received or written off by hand since."""
        rows = {step["transfer"]: transfers.find_transfer(session, step["transfer"], lock=True) for step in steps}
        since = [rows[step["transfer"]] for step in steps if rows[step["transfer"]].steps != step["steps"]]
        if since:
            raise CannotUndo([f"units of transfer {row.id} were received or written off since" for row in since])
        try:
            transfers.take_back(session, [row for row in rows.values() if _stands(row)], by=context.by, at=context.at)
        except NotEnough as short:
            raise CannotUndo(in_words(session, short.shortages)) from short
        except Refused as refused:
            raise CannotUndo([refused.text]) from refused

    def current(self, session: Session, *, warehouse_id: int | None = None) -> Iterable[CurrentRow]:
        """A transfer has no current data."""
        return ()


def _moved(field: str, figures: dict[stock_lists.Key, int], key: stock_lists.Key, by: int) -> Change:
    before = figures.get(key, 0)
    figures[key] = before + by
    return Change(field, before, before + by)


def _stands(row: Transfer) -> bool:
    """Whether there is anything to take back: one that was cancelled by hand is undone already."""
    return row.state != "cancelled"
