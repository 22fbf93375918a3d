"""What stock-in, stock-out and quantity update share: lists made and completed per warehouse, and taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from server.db.bulk import NUMBER, relation
from server.errors import Refused
from server.ledger.errors import NotEnough
from server.ledger.models import Balance
from server.ledger.posting import Figures
from server.places.shortages import in_words
from server.uploads.handlers.protocol import CannotUndo, Context, Step
from server.uploads.rows import Rows
from server.warehousing import service
from server.warehousing.service import ListLine, NewList
from validators.messages import Finding

Key = tuple[int, int]


def keys_of(rows: Rows) -> list[Key]:
    """(warehouse, SKU) of every row, in order."""
    return list(zip(rows.ids["warehouse"], rows.ids["sku"], strict=True))


def figures_of(session: Session, keys: Iterable[Key]) -> dict[Key, Figures]:
    """Figures as they are, without a lock; a pair without a balance is left out."""
    query = select(
        Balance.warehouse_id,
        Balance.sku_id,
        Balance.on_hand,
        Balance.allocated,
        Balance.on_the_way,
        Balance.defective,
    )
    with relation(session, {"warehouse_id": NUMBER, "sku_id": NUMBER}, set(keys)) as r:
        on = and_(Balance.warehouse_id == r.c.warehouse_id, Balance.sku_id == r.c.sku_id)
        return {(row[0], row[1]): Figures(*row[2:]) for row in session.execute(query.join(r, on))}


def refuse_combinations(session: Session, rows: Rows) -> list[Finding]:
    """A finding on every row whose SKU is a combination without own stock (CAT-6)."""
    without = service.without_own_stock(session, rows.ids["sku"])
    if not without:
        return []
    pairs = zip(rows.numbers, rows.ids["sku"], strict=True)
    return [Finding("combination-no-stock", number, "sku") for number, sku_id in pairs if sku_id in without]


def complete_lists(
    session: Session, direction: str, lines: Mapping[int, Sequence[ListLine]], context: Context, note: str
) -> list[Step]:
    """One list per warehouse, made and completed (STK-12)."""
    steps: list[Step] = []
    for warehouse_id in sorted(lines):
        new = NewList(direction, warehouse_id, lines[warehouse_id], note, context.upload_id)
        row = service.create_list(session, new, by=context.by, at=context.at)
        posted = service.complete(session, row, by=context.by, at=context.at, lines=new.lines)
        steps.append({"list": row.id, "entry": posted.entry_id})
    return steps


def reverse_lists(session: Session, steps: Sequence[Step], context: Context) -> None:
    """Reverse every list of an upload. Raises `CannotUndo` naming what is no longer there: units, warehouses, SKUs."""
    reasons: list[str] = []
    for step in steps:
        if "list" not in step:
            continue
        try:
            service.reverse(session, step["list"], step["entry"], by=context.by, at=context.at)
        except NotEnough as short:
            reasons += in_words(session, short.shortages)
        except Refused as refused:
            reasons.append(refused.text)
    if reasons:
        raise CannotUndo(reasons)
