"""The one door to stock. Nothing else writes balances, entries or movements; a test looks for it.

`post` is how stock changes; `overwrite` only puts a figure back to what the movements say it always was (STK-11).

Seven statements whatever the number of lines: entries; movements; SKUs that are gone; zero balances where there is none
yet; the lock, in key order; what would not fit; the sums. Lines sorted and summed first, so that nobody deadlocks and
nobody oversells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from itertools import chain
from typing import Any

from sqlalchemy import and_, case, column, func, literal, or_, select, table, true, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import FromClause

from server.db.base import moment_for
from server.db.bulk import NUMBER, TEXT, dialect_of, insert_rows, relation
from server.db.upsert import upsert
from server.ledger.errors import KeyTaken, NotEnough, Shortage, SkuGone
from server.ledger.models import Balance, Movement
from server.ledger.models import Entry as EntryRow
from server.ledger.movements import Entry, Line, summed
from server.ledger.queries import FIGURES
from server.outbox import queue

_ENTRY = ("key", "content", "kind", "document", "document_id", "at", "actor", "note", "reverses_id")
_MOVEMENT = ("entry_id", "line", "warehouse_id", "sku_id", *FIGURES)
_SUMS = dict.fromkeys(("warehouse_id", "sku_id", *FIGURES), NUMBER)
#: The catalogue stands above this room; its table is known by name, as a foreign key knows it.
_SKU = table("merchant_sku", column("id"), column("code"), column("deleted_at"))
_ON_CONFLICT_NEEDS_WHERE = true()  # SQLite can't tell ON CONFLICT from a join's ON without one


@dataclass(frozen=True)
class Posted:
    """What became of an entry: its number, and whether it had been posted before."""

    entry_id: int
    again: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one warehouse × SKU (STK-1)."""

    on_hand: int = 0
    allocated: int = 0
    on_the_way: int = 0
    defective: int = 0

    @property
    def available(self) -> int:
        """On hand less allocated; negative after a count below what is allocated (STK-5)."""
        return self.on_hand - self.allocated


def post(session: Session, entries: Sequence[Entry]) -> list[Posted]:
    """Post entries, all of them or none; an entry whose key was posted before with the same content posts nothing.

    Marks the SKUs as changed in the same transaction. Raises `NotEnough` where a figure, or available, would fall
    below 0, `SkuGone` for a SKU that was deleted, and `KeyTaken` where a key stands for other content.
    """
    if not entries:
        return []
    posted = _insert_entries(session, entries)
    fresh = [(entry, done.entry_id) for entry, done in zip(entries, posted, strict=True) if not done.again]
    if not fresh:
        return posted
    insert_rows(
        session,
        Movement,
        _MOVEMENT,
        ((entry_id, number, *line) for entry, entry_id in fresh for number, line in enumerate(entry.lines, 1)),
    )
    _move(session, [entry for entry, _ in fresh])
    causes: dict[int, int] = {}
    for entry, _ in fresh:
        for line in entry.lines:
            causes[line.sku_id] = causes.get(line.sku_id, 0) | entry.cause.bit
    queue.mark_each(session, causes, at=fresh[0][0].at)
    return posted


def lock_figures(session: Session, keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Figures]:
    """The figures of these (warehouse, SKU) pairs, locked until the transaction ends: who decides by them and then
    posts, decides by what is true. Pairs without a balance have zeros."""
    pairs = sorted(set(keys))
    if not pairs:
        return {}
    with relation(session, {"warehouse_id": NUMBER, "sku_id": NUMBER}, pairs) as wanted:
        _ensure_balances(session, wanted)
        rows = session.execute(_locked(wanted)).all()
    return {(row.warehouse_id, row.sku_id): Figures(*row[2:]) for row in rows}


def overwrite(session: Session, figures: Mapping[tuple[int, int], Figures]) -> None:
    """Set locked figures to the sums of their movements. For `mending` alone: nothing moved, so nothing is posted."""
    rows = [(*key, *astuple(figures[key])) for key in sorted(figures)]
    with relation(session, _SUMS, rows) as right:
        session.execute(
            update(Balance)
            .where(Balance.warehouse_id == right.c.warehouse_id, Balance.sku_id == right.c.sku_id)
            .values({name: right.c[name] for name in FIGURES})
            .execution_options(synchronize_session=False)
        )


def _insert_entries(session: Session, entries: Sequence[Entry]) -> list[Posted]:
    moment = {entry.at: moment_for(dialect_of(session), entry.at) for entry in entries}
    digests = {entry.key: entry.digest() for entry in entries}
    assert len(digests) == len(entries), "one call posts a key once"
    known = _existing(session, digests)
    rows = (
        (
            entry.key, digests[entry.key], entry.kind.value, entry.document, entry.document_id, moment[entry.at],
            entry.by, entry.note[:500], entry.reverses_id,
        )
        for entry in entries
        if entry.key not in known
    )  # fmt: skip
    insert_rows(session, EntryRow, _ENTRY, rows)
    numbers = _existing(session, {key: digest for key, digest in digests.items() if key not in known})
    return [Posted(known[key], again=True) if key in known else Posted(numbers[key]) for key in digests]


def _existing(session: Session, digests: Mapping[str, bytes]) -> dict[str, int]:
    """Entries already posted under these keys. On PostgreSQL a rival that is posting the same key right now makes the
    insert fail on the unique key; the transaction is then tried again and finds it here."""
    if not digests:
        return {}
    known: dict[str, int] = {}
    with relation(session, {"key": TEXT}, [(key,) for key in digests]) as r:
        stored = select(EntryRow.key, EntryRow.id, EntryRow.content).join(r, r.c.key == EntryRow.key)
        for key, entry_id, content in session.execute(stored):
            if content != digests[key]:
                raise KeyTaken(f"{key} was posted before with other content", key=key)
            known[key] = entry_id
    return known


def _move(session: Session, entries: Sequence[Entry]) -> None:
    lines = summed(chain.from_iterable(entry.lines for entry in entries))
    needs_available = all(entry.needs_available for entry in entries)
    assert needs_available or not any(entry.needs_available for entry in entries), "one guard per call"
    with relation(session, _SUMS, lines) as sums:
        _hold_living(session, sums)
        _ensure_balances(session, sums)
        if dialect_of(session) == "postgresql":
            session.execute(select(func.count()).select_from(_locked(sums).subquery()))
        _refuse_shortages(session, sums, needs_available)
        session.execute(
            update(Balance)
            .where(Balance.warehouse_id == sums.c.warehouse_id, Balance.sku_id == sums.c.sku_id)
            .values(
                on_hand=Balance.on_hand + sums.c.on_hand,
                allocated=Balance.allocated + sums.c.allocated,
                on_the_way=Balance.on_the_way + sums.c.on_the_way,
                defective=Balance.defective + sums.c.defective,
            )
            .execution_options(synchronize_session=False)
        )


def _hold_living(session: Session, sums: FromClause) -> None:
    """Refuse SKUs that were deleted, long ago or between being looked up and now, and keep the others from it till the
    commit.

    A deletion looks at the balances under a lock on the SKU; without one here it would not see what is posted beside
    it, and the units would lie on a SKU that nobody is shown. SQLite has one writer at a time, and no such lock.
    """
    wanted = select(sums.c.sku_id).distinct().subquery()
    rows = session.execute(
        select(_SKU.c.code, _SKU.c.deleted_at)
        .join(wanted, wanted.c.sku_id == _SKU.c.id)
        .order_by(_SKU.c.id)
        .with_for_update(read=True, of=_SKU)
    )
    gone = [code for code, deleted_at in rows if deleted_at is not None]
    if gone:
        raise SkuGone(gone)


def _ensure_balances(session: Session, wanted: FromClause) -> None:
    """Zero rows for pairs that have none yet, in key order: what is not there yet can't be locked."""
    zeros = (
        select(wanted.c.warehouse_id, wanted.c.sku_id, *(literal(0) for _ in range(4)))
        .where(_ON_CONFLICT_NEEDS_WHERE)
        .order_by(wanted.c.warehouse_id, wanted.c.sku_id)
    )
    session.execute(upsert(session, Balance).from_select(list(_SUMS), zeros).on_conflict_do_nothing())


def _locked(wanted: FromClause) -> Any:
    figures = (Balance.on_hand, Balance.allocated, Balance.on_the_way, Balance.defective)
    return (
        select(Balance.warehouse_id, Balance.sku_id, *figures)
        .join(wanted, and_(Balance.warehouse_id == wanted.c.warehouse_id, Balance.sku_id == wanted.c.sku_id))
        .order_by(Balance.warehouse_id, Balance.sku_id)
        .with_for_update(of=Balance)
    )


def _refuse_shortages(session: Session, sums: FromClause, needs_available: bool) -> None:
    change = sums.c.on_hand - sums.c.allocated
    available = Balance.on_hand - Balance.allocated
    lacks: list[tuple[str, Any, Any]] = [
        (name, getattr(Balance, name), sums.c[name]) for name in ("on_hand", "allocated", "on_the_way", "defective")
    ]
    short = [and_(delta < 0, there + delta < 0) for _, there, delta in lacks]
    if needs_available:
        lacks.insert(0, ("available", available, change))
        short.insert(0, and_(change < 0, available + change < 0))
    which = case(*((condition, name) for condition, (name, _, _) in zip(short, lacks, strict=True)))
    there = case(*((condition, figure) for condition, (_, figure, _) in zip(short, lacks, strict=True)))
    wanted = case(*((condition, -delta) for condition, (_, _, delta) in zip(short, lacks, strict=True)))
    rows = session.execute(
        select(Balance.warehouse_id, Balance.sku_id, which, there, wanted)
        .join(sums, and_(Balance.warehouse_id == sums.c.warehouse_id, Balance.sku_id == sums.c.sku_id))
        .where(or_(*short))
        .order_by(Balance.warehouse_id, Balance.sku_id)
    ).all()
    if rows:
        raise NotEnough([Shortage(*row) for row in rows])


__all__ = ["Figures", "Line", "Posted", "lock_figures", "overwrite", "post"]
