"""Returns: packages scanned before the buyer signed, return lists completed after (ORD-11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from sqlalchemy.orm import Session

from server.errors import StockbookError
from server.ledger.errors import NotEnough, SkuGone
from server.orders import refusing, returns, service
from server.orders.giving_back import Back, Item, Outstanding, TooMuch, outstanding
from server.orders.models import Order
from server.orders.packages import package_key, packages
from server.orders.returns import NewReturn
from server.places.shortages import in_words
from server.uploads.handlers import stock_lists
from server.uploads.handlers.order_rows import orders_named
from server.uploads.handlers.protocol import CannotUndo, Context, CurrentRow, Step
from server.uploads.plan import Change, Plan
from server.uploads.rows import Rows
from validators.messages import Finding
from validators.registry import WORKBOOKS
from validators.workbooks import Workbook


@dataclass
class _Row:
    """One row: the orders it is about, by package or by number, and what it brings back."""

    number: int
    orders: list[Order]
    package: str | None
    note: str
    back: list[Back] = field(default_factory=list)


class ReturnRows:
    """Each row brings back a SKU of an order, or all that is out of it; rows of one order add up (WB-14)."""

    workbook: ClassVar[Workbook] = WORKBOOKS["returns"]

    def plan(self, session: Session, rows: Rows) -> Plan:
        """On hand, or defective, before and after; no more comes back than is out."""
        found, findings = _read(session, rows)
        plan = Plan(rows, findings=findings, work=found)
        orders = _orders(found)
        there = outstanding(session, orders)
        for row in found:
            _bring_back(plan, row, there)
        _tell(session, plan)
        return plan

    def apply(self, session: Session, plan: Plan, context: Context) -> Sequence[Step]:
        """Scan the packages; mark the orders as processed, list their returns and complete the lists."""
        by, at = context.by, context.at
        changing = set(plan.changing)
        rows = [row for row in plan.work if row.number in changing]
        service.lock(session, [order.id for order in _orders(rows)])
        listed = [order for row in rows if row.package is None for order in row.orders]
        marked = {order.id: order.listed for order in listed if order.processed_at is None or order.listed}
        if listed:
            returns.mark_processed(session, {order.id for order in listed}, by=by, at=at)
        made = returns.write(session, _documents(rows), upload_id=context.upload_id, by=by, at=at)
        returns.complete(session, made, by=by, at=at)
        return [*({"return": row.id} for row in made), *({"marked": [*each]} for each in marked.items())]

    def undo(self, session: Session, steps: Sequence[Step], context: Context) -> None:
        """The opposite movements; orders that it marked as processed are so no longer. Raises `CannotUndo` where what
        came back is gone since."""
        try:
            back = [step["return"] for step in steps if "return" in step]
            returns.take_back(session, back, by=context.by, at=context.at)
            marked = dict(step["marked"] for step in steps if "marked" in step)
            returns.unmark_processed(session, marked, by=context.by, at=context.at)
        except NotEnough as short:
            raise CannotUndo(in_words(session, short.shortages)) from short
        except StockbookError as problem:
            raise CannotUndo([problem.text]) from problem

    def current(self, session: Session, *, warehouse_id: int | None = None) -> Iterable[CurrentRow]:
        """Returns have no current data."""
        return ()


def _orders(rows: Iterable[_Row]) -> list[Order]:
    return list({order.id: order for row in rows for order in row.orders}.values())


def _read(session: Session, rows: Rows) -> tuple[list[_Row], list[Finding]]:
    """The rows with their orders, those that name one that can be returned; and what is wrong with the others."""
    named = orders_named(session, rows)
    packed = packages(session, [number for number in rows.values["tracking"] if number is not None])
    known = {order.id: order for order in service.read(session, [one for some in packed.values() for one in some])}
    found: list[_Row] = []
    findings: list[Finding] = []
    for number in rows.numbers:
        package, order = rows.value("tracking", number), rows.value("order", number)
        if (package is None) == (order is None):
            findings.append(Finding("order-or-package", number, "tracking" if package else "order"))
        elif order is not None and rows.id("store", number) is None:
            findings.append(Finding("missing", number, "store"))
        elif order is not None and number not in named:
            facts = {"store": rows.value("store", number), "value": order}
            findings.append(Finding("unknown-order", number, "order", facts))
        elif rows.value("quantity", number) is not None and rows.id("sku", number) is None:
            findings.append(Finding("missing", number, "sku"))
        else:
            note = rows.value("note", number) or ""
            some = [named[number]] if package is None else [known[one] for one in packed.get(package_key(package), [])]
            row = _Row(number, _of_store(some, rows.id("store", number)), package, note)
            findings += _ambiguous(row)
            found.append(row)
    findings += _refused(session, found)
    bad = {finding.row for finding in findings}
    return [row for row in found if row.number not in bad], findings


def _of_store(orders: Sequence[Order], store_id: int | None) -> list[Order]:
    return [order for order in orders if store_id is None or order.store_id == store_id]


def _ambiguous(row: _Row) -> Iterable[Finding]:
    if not row.orders:
        yield Finding("unknown-package", row.number, "tracking", {"value": row.package})
    elif len({order.store_id for order in row.orders}) > 1:
        yield Finding("missing", row.number, "store")


def _refused(session: Session, rows: Sequence[_Row]) -> Iterable[Finding]:
    """What a scan or a list of these orders would be refused for."""
    scanned = _orders(row for row in rows if row.package is not None)
    listed = _orders(row for row in rows if row.package is None)
    why_scan = refusing.why_not_scanned(session, scanned)
    why_list = refusing.nothing_out(session, listed) | refusing.why_not_processed(session, listed)
    for row in rows:
        why = why_list if row.package is None else why_scan
        row_reasons = [why[order.id] for order in row.orders if order.id in why]
        if row_reasons and len(row_reasons) == len(row.orders):
            column = "order" if row.package is None else "tracking"
            yield Finding("refused", row.number, column, {"reason": row_reasons[0]})
        row.orders = [order for order in row.orders if order.id not in why]


def _bring_back(plan: Plan, row: _Row, there: Outstanding) -> None:
    rows, number = plan.rows, row.number
    item = Item(
        rows.id("sku", number),
        rows.value("quantity", number),
        rows.value("condition", number) == "defective",
        rows.id("warehouse", number),
    )
    try:
        row.back = there.take([order.id for order in row.orders], item)
    except TooMuch as much:
        facts = {"wanted": much.wanted, "out": much.there}
        plan.findings.append(Finding("not-out", number, "quantity", facts))
    except SkuGone as gone:
        plan.findings.append(Finding("refused", number, "order", {"reason": gone.text}))
    else:
        if not row.back:  # other rows of the sheet have brought all of it back
            plan.findings.append(Finding("not-out", number, "order", {"wanted": 1, "out": 0}))


def _tell(session: Session, plan: Plan) -> None:
    """On hand and defective before and after, row by row; what the stores would show changes with on hand."""
    backs = [(row.number, one) for row in plan.work for one in row.back]
    known = stock_lists.figures_of(session, {(one.warehouse_id, one.sku_id) for _, one in backs})
    now: dict[tuple[str, int, int], int] = {}
    for (warehouse_id, sku_id), figures in known.items():
        now["on_hand", warehouse_id, sku_id] = figures.on_hand
        now["defective", warehouse_id, sku_id] = figures.defective
    for number, one in backs:
        name = "defective" if one.defective else "on_hand"
        key = (name, one.warehouse_id, one.sku_id)
        before = now.get(key, 0)
        now[key] = before + one.quantity
        plan.changes.setdefault(number, []).append(Change(name, before, before + one.quantity))
        if not one.defective:
            place = key[1:]
            plan.figures[place] = plan.figures.get(place, 0) + one.quantity


def _documents(rows: Sequence[_Row]) -> list[NewReturn]:
    """One return for each order: its rows together. An order is scanned or listed in one sheet, never both: what the
    buyer has signed for is not scanned."""
    orders = {order.id: order for order in _orders(rows)}
    mine: dict[int, list[_Row]] = {}
    for row in rows:
        for number in dict.fromkeys(one.order_id for one in row.back):
            mine.setdefault(number, []).append(row)
    made: list[NewReturn] = []
    for number, some in mine.items():
        back = [one for row in some for one in row.back if one.order_id == number]
        note = "; ".join(dict.fromkeys(row.note for row in some if row.note)) or "returns workbook"
        package = some[0].package
        made.append(NewReturn(orders[number], "list" if package is None else "scan", back, package or "", note))
    return made
