"""Safety stock per warehouse and SKU (WH-4). A push rule's own safety stock is another thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete, func, select, true, tuple_
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.db.bulk import NUMBER, dialect_of, relation
from server.db.upsert import upsert
from server.errors import WrongUse
from server.outbox import queue
from server.outbox.causes import Cause
from server.places.models import SafetyStock
from server.places.queries import safety_stocks

MAX_QUANTITY = 10_000_000
#: The class of advisory locks of those who set safety stocks.
_SETTERS = 0x5717C6


def set_safety_stocks(session: Session, wanted: Mapping[tuple[int, int], int | None], *, by: str, at: datetime) -> int:
    """Set safety stock by (warehouse, SKU), None takes it away; how many changed.

    A rule may hold it back, so the SKUs that changed are evaluated again (PSH-7, `safety_stock`).
    """
    for quantity in wanted.values():
        if quantity is not None and not 0 <= quantity <= MAX_QUANTITY:
            raise WrongUse(f"safety stock is 0 to {MAX_QUANTITY} units", field="safety_stock")
    hold_safety_stocks(session, (warehouse_id for warehouse_id, _ in wanted))
    before = safety_stocks(session, wanted)
    changed = {pair: quantity for pair, quantity in wanted.items() if before.get(pair) != quantity}
    if not changed:
        return 0
    _save(session, {pair: quantity for pair, quantity in changed.items() if quantity is not None})
    _take_away(session, [pair for pair, quantity in changed.items() if quantity is None])
    queue.mark(session, (sku_id for _, sku_id in changed), cause=Cause.SAFETY_STOCK, at=at)
    audit(session, by, "safety_stock.set", f"{len(changed)} SKUs", at=at, count=len(changed))
    return len(changed)


def hold_safety_stocks(session: Session, warehouse_ids: Iterable[int]) -> None:
    """Have nobody else set any in these warehouses before this transaction ends. One that is not there yet can't be
    locked itself; SQLite has one writer anyway."""
    if dialect_of(session) == "postgresql":
        for warehouse_id in sorted(set(warehouse_ids)):
            session.execute(select(func.pg_advisory_xact_lock(_SETTERS, warehouse_id)))


def _save(session: Session, quantities: Mapping[tuple[int, int], int]) -> None:
    rows = sorted((*pair, quantity) for pair, quantity in quantities.items())
    types = {"warehouse_id": NUMBER, "sku_id": NUMBER, "quantity": NUMBER}
    with relation(session, types, rows) as r:
        given = select(r.c.warehouse_id, r.c.sku_id, r.c.quantity).where(true())
        save = upsert(session, SafetyStock).from_select(list(types), given.order_by(*r.c))
        session.execute(
            save.on_conflict_do_update(
                index_elements=["warehouse_id", "sku_id"], set_={"quantity": save.excluded.quantity}
            )
        )


def _take_away(session: Session, pairs: list[tuple[int, int]]) -> None:
    if not pairs:
        return
    with relation(session, {"warehouse_id": NUMBER, "sku_id": NUMBER}, sorted(pairs)) as r:
        those = tuple_(SafetyStock.warehouse_id, SafetyStock.sku_id).in_(select(r.c.warehouse_id, r.c.sku_id))
        session.execute(delete(SafetyStock).where(those).execution_options(synchronize_session=False))
