"""Mark merchant SKUs as changed, in the transaction that changes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import literal, select, true
from sqlalchemy.orm import Session

from server.db.base import Moment
from server.db.bulk import NUMBER, relation
from server.db.upsert import upsert
from server.outbox.causes import Cause
from server.outbox.models import Changed


def mark(
    session: Session, sku_ids: Iterable[int], *, cause: Cause, at: datetime, forced: bool = False
) -> None:
    """Have the push targets of these SKUs evaluated: ten marks are one row with a higher version (PSH-10).

    `forced` (Push Now) stays until an evaluation has taken it up.
    """
    ids = sorted(set(sku_ids))
    if not ids:
        return
    with relation(session, {"sku_id": NUMBER}, [(sku_id,) for sku_id in ids]) as wanted:
        rows = (
            select(
                wanted.c.sku_id,
                literal(1),
                literal(cause.bit),
                literal(forced),
                literal(at, Moment()),
            )
            .where(true())  # SQLite can't tell ON CONFLICT from a join's ON without it
            .order_by(wanted.c.sku_id)
        )
        insert = upsert(session, Changed).from_select(
            ["sku_id", "version", "causes", "forced", "marked_at"], rows
        )
        session.execute(
            insert.on_conflict_do_update(
                index_elements=["sku_id"],
                set_={
                    "version": Changed.version + 1,
                    "causes": Changed.causes.op("|")(insert.excluded.causes),
                    "forced": Changed.forced | insert.excluded.forced,
                },
            )
        )
