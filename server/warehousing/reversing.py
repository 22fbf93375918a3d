"""Taking documents back: for each entry the opposite one, never an absolute figure (STK-2, WB-8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db.bulk import NUMBER, relation
from server.ledger.models import Entry as Posted
from server.ledger.models import Movement
from server.ledger.movements import Entry, Kind, Line
from server.outbox.causes import Cause


def opposites(session: Session, document: str, document_ids: Sequence[int], *, by: str, at: datetime) -> list[Entry]:
    """For everything these documents have posted, in order, an entry of the opposite changes that points back at it."""
    lines: dict[int, list[Line]] = defaultdict(list)
    owners: dict[int, tuple[int, str]] = {}
    figures = (Movement.on_hand, Movement.allocated, Movement.on_the_way, Movement.defective)
    with relation(session, {"id": NUMBER}, [(number,) for number in document_ids]) as r:
        query = (
            select(Posted.id, Posted.document_id, Posted.key, Movement.warehouse_id, Movement.sku_id, *figures)
            .join(Movement, Movement.entry_id == Posted.id)
            .join(r, r.c.id == Posted.document_id)
            .where(Posted.document == document, Posted.reverses_id.is_(None))
            .order_by(Posted.id, Movement.line)
        )
        for entry_id, document_id, key, *moved in session.execute(query):
            owners[entry_id] = (document_id, key.split("/", 2)[2])
            lines[entry_id].append(Line(*moved).reversed())
    return [
        Entry(
            Kind.UNDO,
            document,
            document_id,
            f"undo/{step}",
            lines[entry_id],
            Cause.UNDO,
            by,
            at,
            note="undo",
            reverses_id=entry_id,
        )
        for entry_id, (document_id, step) in owners.items()
    ]
