"""Mapping: which merchant SKU a store's listing sells (CAT-8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from sqlalchemy.orm import Session

from server.db.base import fold
from server.errors import StockbookError
from server.operations.change_mapping import Scope, scope_named
from server.stores import listings, queries
from server.stores.queries import StoreSkuRow
from server.uploads.handlers import remapping
from server.uploads.handlers.actions import ADD, REMOVE, UPDATE, plan_removals
from server.uploads.handlers.mapping_previews import foresee
from server.uploads.handlers.protocol import CannotUndo, Context, CurrentRow, Step
from server.uploads.plan import Change, Existing, Plan, plan_records
from server.uploads.rows import Rows, version_of
from validators.messages import Finding
from validators.registry import WORKBOOKS
from validators.workbooks import Workbook

_PAGE = 5_000


class MappingRows:
    """Each row ties one store SKU to a merchant SKU, or takes its mapping away."""

    workbook: ClassVar[Workbook] = WORKBOOKS["mapping"]

    def plan(self, session: Session, rows: Rows) -> Plan:
        """The merchant SKU before and after. A store SKU that is not known yet would be made, with a warning."""
        known = _known(session, rows)
        plan = plan_records(rows, [_existing(row, rows, place) for place, row in enumerate(known)])
        old = {number: row.sku if row else None for number, row in zip(rows.numbers, known, strict=True)}
        plan_removals(plan, "sku", lambda number: old[number])
        for number, row in zip(rows.numbers, known, strict=True):
            plan.findings += _findings(rows, number, row)
        _plan_orders(session, plan, known)
        plan.work = known
        return plan

    def apply(self, session: Session, plan: Plan, context: Context) -> Sequence[Step]:
        """Map them all, each to its SKU; orders that waited for a mapping are tried."""
        rows = plan.rows
        pairs = {number: (rows.id("store", number), rows.value("store_sku", number)) for number in plan.changing}
        ids = listings.ensure_store_skus(session, pairs.values(), at=context.at)
        before = dict(zip(rows.numbers, plan.work, strict=True))
        known = {row.id for row in plan.work if row is not None}
        steps: list[Step] = []
        for scope in (Scope.FUTURE, Scope.ALL_NEW):
            chosen = {number: pair for number, pair in pairs.items() if _scope(rows, number) is scope}
            wanted = {ids[pair]: _wanted(rows, number, before[number]) for number, pair in chosen.items()}
            steps += remapping.change(session, wanted, scope, context)
        return [*steps, *({"made": number} for number in ids.values() if number not in known)]

    def undo(self, session: Session, steps: Sequence[Step], context: Context) -> None:
        """Every mapping as it was. Raises `CannotUndo` where one is no longer what the upload set."""
        if reasons := remapping.reasons_to_keep(session, steps):
            raise CannotUndo(reasons)
        try:
            remapping.take_back(session, steps, context)
        except StockbookError as problem:
            raise CannotUndo([problem.text]) from problem
        listings.forget_store_skus(session, [step["made"] for step in steps if "made" in step])

    def current(self, session: Session, *, warehouse_id: int | None = None) -> Iterable[CurrentRow]:
        """Every store SKU, mapped or not."""
        after: int | None = 0
        while after is not None:
            rows = queries.store_skus(session, after=after, limit=_PAGE)
            after = rows[-1].id if len(rows) == _PAGE else None
            yield from map(_current, rows)


def _known(session: Session, rows: Rows) -> list[StoreSkuRow | None]:
    pairs = list(zip(rows.ids["store"], rows.values["store_sku"], strict=True))
    ids = queries.store_sku_ids(session, pairs)
    found = queries.find_store_skus(session, ids.values())
    return [found[ids[pair]] if pair in ids else None for pair in pairs]


def _existing(row: StoreSkuRow | None, rows: Rows, place: int) -> Existing | None:
    """What is there. A merchant SKU that is named in another case is the same one, so it is shown as typed."""
    if row is None:
        return None
    same = row.sku_id is not None and row.sku_id == rows.ids["sku"][place]
    return Existing({"sku": rows.values["sku"][place] if same else row.sku}, versioned={"sku": row.sku}, id=row.id)


def _findings(rows: Rows, number: int, row: StoreSkuRow | None) -> Iterable[Finding]:
    action, code = rows.value("action", number), rows.value("store_sku", number)
    given = rows.value("sku", number) is not None
    mapped = row is not None and row.sku_id is not None
    if action in (UPDATE, REMOVE) and row is not None and not mapped:
        yield Finding("not-mapped", number, "store_sku", {"value": code})
    elif action in (UPDATE, REMOVE) and row is None:
        yield Finding("missing-record", number, "store_sku", {"value": code, "action": action.lower()})
    elif action == ADD and mapped:
        yield Finding("add-exists", number, "store_sku", {"value": code})
    elif action in (ADD, UPDATE) and not given:
        yield Finding("missing", number, "sku")
    elif row is None and not given:
        facts = {"value": code, "store": rows.value("store", number)}
        yield Finding("unknown-store_sku", number, "store_sku", facts)
    elif row is None:
        facts = {"value": code, "store": rows.value("store", number)}
        yield Finding("store_sku-unlisted", number, "store_sku", facts)


def _plan_orders(session: Session, plan: Plan, known: Sequence[StoreSkuRow | None]) -> None:
    """What becomes of orders: lines that get another SKU, and how many orders are in which state before and after.

    A row for all new orders changes something also where only orders have another SKU.
    """
    rows, bad = plan.rows, plan.bad_rows
    mine = {row.id: number for number, row in zip(rows.numbers, known, strict=True) if row and number not in bad}
    wanted = {row.id: _wanted(rows, mine[row.id], row) for row in known if row and row.id in mine}
    all_new = {number for number in mine.values() if _scope(rows, number) is Scope.ALL_NEW}
    moving = remapping.moving(session, {number: sku for number, sku in wanted.items() if mine[number] in all_new})
    before = {row.id: row.sku_id for row in known if row}
    future = {
        number: sku
        for number, sku in wanted.items()
        if mine[number] not in all_new and sku is not None and sku != before[number]
    }
    found = foresee(session, future, [each for some in moving.values() for each in some])
    for store_sku_id in found.orders:
        changes = plan.changes.setdefault(mine[store_sku_id], [])
        if store_sku_id in moving:
            changes.append(Change("order_lines", 0, len(moving[store_sku_id])))
            plan.unchanged.discard(mine[store_sku_id])
        changes += [Change(f"orders_{state}", *numbers) for state, *numbers in found.counts(store_sku_id)]


def _scope(rows: Rows, number: int) -> Scope:
    return scope_named(rows.value("scope", number))


def _wanted(rows: Rows, number: int, row: StoreSkuRow | None) -> int | None:
    """The merchant SKU that a row asks for; a blank one leaves the mapping alone."""
    if rows.value("action", number) == REMOVE:
        return None
    sku_id: int | None = rows.id("sku", number)
    return sku_id if sku_id is not None or row is None else row.sku_id


def _current(row: StoreSkuRow) -> CurrentRow:
    values = {"store": row.store, "store_sku": row.code, "listing": row.name, "sku": row.sku}
    return CurrentRow(values, version_of([row.store_id, fold(row.code)], {"sku": row.sku}))
