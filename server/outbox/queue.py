"""Mark merchant SKUs as changed, in the transaction that changes them; claim and finish the marks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, literal, select, true, tuple_, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import FromClause

from server.db.base import Moment
from server.db.bulk import NUMBER, relation
from server.db.upsert import upsert
from server.outbox.causes import Cause
from server.outbox.models import Changed, Push, Told

#: Where a session keeps the marks that are gathered.
_GATHERED = "gathered marks"


@contextmanager
def gathered(session: Session, *, at: datetime) -> Iterator[None]:
    """For what marks in several steps: the marks of the block are written at its end, all at once.

    `changed` is then locked once and in one order. Locked step by step, each in order, two transactions that mark the
    same SKUs would meet in a deadlock. A block within another ends with it; one that fails marks nothing.
    """
    if _GATHERED in session.info:
        yield
        return
    causes: dict[int, int] = defaultdict(int)
    session.info[_GATHERED] = causes
    try:
        yield
    finally:
        del session.info[_GATHERED]
    mark_each(session, causes, at=at)


def mark(session: Session, sku_ids: Iterable[int], *, cause: Cause, at: datetime, forced: bool = False) -> None:
    """Have the push targets of these SKUs evaluated: ten marks are one row with a higher version (PSH-10).

    `forced` (Push Now) stays until an evaluation has taken it up.
    """
    ids = sorted(set(sku_ids))
    if not ids:
        return
    mark_each(session, dict.fromkeys(ids, cause.bit), at=at, forced=forced)


def mark_each(session: Session, causes: Mapping[int, int], *, at: datetime, forced: bool = False) -> None:
    """The same for SKUs with causes of their own, as sets. All are locked in one order, whatever their causes."""
    if not causes:
        return
    waiting = session.info.get(_GATHERED)
    if waiting is not None and not forced:
        for sku_id, some in causes.items():
            waiting[sku_id] |= some
        return
    with relation(session, {"sku_id": NUMBER, "causes": NUMBER}, sorted(causes.items())) as wanted:
        _mark(session, select(wanted.c.sku_id, wanted.c.causes).subquery(), at=at, forced=forced)


def mark_selected(session: Session, skus: Select[Any], *, cause: Cause, at: datetime, forced: bool = False) -> None:
    """The same for the SKUs that a query gives, without fetching them: for a whole store, or the whole shop."""
    chosen = skus.distinct().subquery()
    _mark(session, select(next(iter(chosen.columns)), literal(cause.bit)).subquery(), at=at, forced=forced)


def _mark(session: Session, chosen: FromClause, *, at: datetime, forced: bool) -> None:
    """Mark each SKU of the first column with the causes of the second."""
    sku_id, causes = chosen.columns
    rows = (
        select(sku_id, literal(1), causes, literal(forced), literal(at, Moment()))
        .where(true())  # SQLite can't tell ON CONFLICT from a join's ON without it
        .order_by(sku_id)
    )
    insert = upsert(session, Changed).from_select(["sku_id", "version", "causes", "forced", "marked_at"], rows)
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


class Mark(NamedTuple):
    """A claimed mark: what was known of the SKU when it was claimed."""

    sku_id: int
    version: int
    causes: int
    forced: bool


def claim_changed(session: Session, limit: int) -> list[Mark]:
    """Up to `limit` marked SKUs, those marked first, for this transaction alone: another machine skips them."""
    rows = session.execute(
        select(Changed.sku_id, Changed.version, Changed.causes, Changed.forced)
        .order_by(Changed.marked_at, Changed.sku_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [Mark._make(row) for row in rows]


def finish_changed(session: Session, marks: Sequence[Mark]) -> None:
    """Take the marks away; one that was marked again meanwhile stays, so that it is evaluated again."""
    numbers = [(mark.sku_id, mark.version) for mark in marks]
    with relation(session, {"sku_id": NUMBER, "version": NUMBER}, numbers) as done:
        unchanged = tuple_(Changed.sku_id, Changed.version).in_(select(done.c.sku_id, done.c.version))
        session.execute(delete(Changed).where(unchanged).execution_options(synchronize_session=False))


def anything_changed(session: Session) -> bool:
    """Whether a mark waits; one cheap look."""
    return session.scalar(select(Changed.sku_id).limit(1)) is not None


def forget_told(session: Session, store_sku_ids: Iterable[int]) -> None:
    """A store has changed its own figure (any order, edit or cancel news): what these listings show is unknown, and
    the next evaluation sends in any case (PSH-8). The caller marks their SKUs.

    A push that is on its way right now may have reached the store before its own change: it gets a new version, so
    that its answer does not make the figure known again.
    """
    ids = sorted(set(store_sku_ids))
    if not ids:
        return
    with relation(session, {"store_sku_id": NUMBER}, [(store_sku_id,) for store_sku_id in ids]) as wanted:
        rows = select(wanted.c.store_sku_id, literal(False), literal("")).where(true()).order_by(wanted.c.store_sku_id)
        insert = upsert(session, Told).from_select(["store_sku_id", "known", "answer"], rows)
        session.execute(insert.on_conflict_do_update(index_elements=["store_sku_id"], set_={"known": False}))
        session.execute(
            update(Push)
            .where(Push.store_sku_id == wanted.c.store_sku_id)
            .values(version=Push.version + 1)
            .execution_options(synchronize_session=False)
        )
