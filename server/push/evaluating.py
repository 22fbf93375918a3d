"""Changed SKUs -> what each of their stores must be told. A chunk of SKUs is one transaction.

The figures are read after the rows of `told` are locked, so whoever evaluates a store SKU last has read what is true
last, also when two machines evaluate two components of one combination at once.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, literal, null, select, true, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import FromClause

from server import clock
from server.db.base import Moment, moment_for
from server.db.bulk import NUMBER, dialect_of, insert_rows, relation
from server.db.session import Database
from server.db.upsert import upsert
from server.outbox.causes import Cause, pack
from server.outbox.models import Push
from server.outbox.models import Told as ToldRow
from server.outbox.queue import Mark, claim_changed, finish_changed
from server.push.deciding import WITHDRAWN, Decision, Told, Waiting, decide, withhold
from server.push.models import Evaluation
from server.push.rules import Result
from server.push.targets import Listing, Target, affected, survey
from server.stores.models import StoreSku

#: SKUs in one transaction: large enough to be set-based, small enough that nobody waits for it for long
CHUNK = 2_000

_WORDS = {result: result.value for result in Result}
_EVALUATION = ("store_sku_id", "sku_id", "at", "causes", "forced", "rule_id", "target", "result")
_PUT = dict.fromkeys(
    ("store_sku_id", "store_id", "quantity", "version", "causes", "forced", "withdrawn", "fresh"), NUMBER
)
#: Causes after which a waiting push's store SKU may have lost its mapping
_REMAPPING = pack((Cause.MAPPING, Cause.UNDO, Cause.SKU))


def evaluate(db: Database, *, chunk: int = CHUNK, stop: threading.Event | None = None) -> Counter[str]:
    """Evaluate every marked SKU; gives how many SKUs, and how many store SKUs by result."""
    counts: Counter[str] = Counter()
    while stop is None or not stop.is_set():
        done = db.write(lambda session: evaluate_chunk(session, limit=chunk, at=clock.now()))
        if not done["skus"]:
            break
        counts.update(done)
    return counts


def evaluate_chunk(session: Session, *, limit: int, at: datetime) -> Counter[str]:
    """Claim up to `limit` marked SKUs, evaluate all their store SKUs, record it, and take the marks away."""
    marks = claim_changed(session, limit)
    counts: Counter[str] = Counter(skus=len(marks))
    if not marks:
        return counts
    by_sku = {mark.sku_id: mark for mark in marks}
    judged = _judge(session, affected(session, by_sku), by_sku)
    _record(session, judged, at)
    if any(mark.causes & _REMAPPING for mark in marks):
        _drop_unmapped(session, at)
    finish_changed(session, marks)
    results = Counter(each.decision.result for each in judged)
    counts.update({result.value: number for result, number in results.items()})
    return counts


@dataclass(frozen=True, slots=True)
class _Judged:
    """One evaluated store SKU."""

    target: Target
    causes: int
    demanded: bool
    before: Waiting | None
    decision: Decision


def _judge(session: Session, listings: Sequence[Listing], marks: Mapping[int, Mark]) -> list[_Judged]:
    if not listings:
        return []
    told, waiting = _lock(session, listings)
    ground = survey(session, listings)
    judged = []
    for target in ground.targets(listings):
        listing = target.listing
        causes, forced = _reasons(listing.sku_id, ground.stock.recipes.get(listing.sku_id, ()), marks)
        known, row = told[listing.id], waiting.get(listing.id)
        # Something was there and no target is: Push Now took it away.
        demanded = forced or (known.target is None and (known.quantity is not None or row is not None))
        if target.quantity is None:
            assert target.why_not is not None
            decision = withhold(target.why_not, row)
        else:
            decision = decide(target.quantity, known, row, causes=causes, demanded=demanded, choice=listing.is_choice)
        judged.append(_Judged(target, causes, demanded, row, decision))
    return judged


def _reasons(sku_id: int, recipe: Iterable[int], marks: Mapping[int, Mark]) -> tuple[int, bool]:
    """The causes of a SKU's evaluation, its own and its components'; Push Now only where asked for the SKU itself."""
    own = marks.get(sku_id)
    causes = own.causes if own else 0
    for part in recipe:
        mark = marks.get(part)
        causes |= mark.causes if mark else 0
    return causes, own.forced if own else False


def _lock(session: Session, listings: Sequence[Listing]) -> tuple[dict[int, Told], dict[int, Waiting]]:
    """What each was last told and what waits for it, locked in key order, always `told` before `push`."""
    with relation(session, {"id": NUMBER}, [(listing.id,) for listing in listings]) as wanted:
        ensure_told(session, wanted)
        told = {
            row[0]: Told._make(row[1:])
            for row in session.execute(
                select(ToldRow.store_sku_id, ToldRow.quantity, ToldRow.known, ToldRow.target)
                .join(wanted, ToldRow.store_sku_id == wanted.c.id)
                .order_by(ToldRow.store_sku_id)
                .with_for_update(of=ToldRow)
            )
        }
        rows = session.execute(
            select(
                Push.store_sku_id,
                Push.quantity,
                Push.version,
                Push.causes,
                Push.forced,
                Push.lease_owner.is_not(None),
                Push.ticket.is_not(None),
                Push.failed_at.is_not(None),
            )
            .join(wanted, Push.store_sku_id == wanted.c.id)
            .order_by(Push.store_sku_id)
            .with_for_update(of=Push)
        )
        return told, {row[0]: Waiting(*row[1:]) for row in rows}


def ensure_told(session: Session, wanted: FromClause) -> None:
    """A row of `told` for each store SKU in `wanted.id` that has none yet: what is not there can't be locked."""
    blank = (
        select(wanted.c.id, literal(False)).where(true()).order_by(wanted.c.id)
    )  # SQLite can't tell ON CONFLICT from a join's ON without a WHERE
    session.execute(
        upsert(session, ToldRow)
        .from_select(["store_sku_id", "known", "answer"], blank.add_columns(literal("")))
        .on_conflict_do_nothing()
    )


def _record(session: Session, judged: Sequence[_Judged], at: datetime) -> None:
    """Five statements, whatever the number: evaluations, targets, dropped pushes, replaced pushes."""
    if not judged:
        return
    moment = moment_for(dialect_of(session), at)
    insert_rows(
        session,
        Evaluation,
        _EVALUATION,
        (
            (
                each.target.listing.id,
                each.target.listing.sku_id,
                moment,
                each.causes,
                each.demanded,
                each.target.rule.id if each.target.rule else None,
                each.target.quantity,
                _WORDS[each.decision.result],
            )
            for each in judged
        ),
    )
    _keep_targets(session, judged, at)
    _drop(session, [each for each in judged if each.before and each.decision.row is None])
    _put(session, [each for each in judged if each.decision.row and each.decision.row != each.before], at)


def _keep_targets(session: Session, judged: Sequence[_Judged], at: datetime) -> None:
    """The last evaluation's target (PSH-9); where nothing is pushed the one before it stays."""
    rows = [(each.target.listing.id, each.target.quantity) for each in judged if each.target.quantity is not None]
    with relation(session, {"id": NUMBER, "target": NUMBER}, rows) as found:
        session.execute(
            update(ToldRow)
            .where(ToldRow.store_sku_id == found.c.id)
            .values(target=found.c.target, evaluated_at=at)
            .execution_options(synchronize_session=False)
        )


def _drop(session: Session, judged: Sequence[_Judged]) -> None:
    if not judged:
        return
    with relation(session, {"id": NUMBER}, [(each.target.listing.id,) for each in judged]) as dropped:
        session.execute(
            delete(Push).where(Push.store_sku_id.in_(select(dropped.c.id))).execution_options(synchronize_session=False)
        )


def _put(session: Session, judged: Sequence[_Judged], at: datetime) -> None:
    """Write the rows as decided. One with another quantity is due at once and has had no attempts; one that the market
    has not settled yet keeps the moment at which it is asked."""
    if not judged:
        return
    rows = []
    for each in judged:
        row, listing = each.decision.row, each.target.listing
        assert row is not None
        flags = (int(row.forced), int(each.decision.withdrawn), int(row.fresh))
        rows.append((listing.id, listing.store_id, row.quantity, row.version, row.causes, *flags))
    now = literal(at, Moment())
    with relation(session, _PUT, rows) as put:
        values = {
            "store_sku_id": put.c.store_sku_id,
            "store_id": put.c.store_id,
            "quantity": put.c.quantity,
            "version": put.c.version,
            "causes": put.c.causes,
            "forced": put.c.forced == 1,
            "created_at": now,
            "due_at": now,
            "attempts": literal(0),
            "reason": literal(""),
        }
        insert = upsert(session, Push).from_select(
            list(values), select(*values.values()).where(true()).order_by(put.c.store_sku_id)
        )
        session.execute(
            insert.on_conflict_do_update(
                index_elements=["store_sku_id"],
                set_={name: insert.excluded[name] for name in ("quantity", "version", "causes", "forced")},
            )
        )
        _freshen(session, put, at)


def _freshen(session: Session, put: FromClause, at: datetime) -> None:
    """Rows with another quantity start anew; withdrawn ones are not sent again."""
    session.execute(
        update(Push)
        .where(Push.store_sku_id == put.c.store_sku_id, put.c.fresh == 1)
        .values(attempts=0, failed_at=null(), reason="")
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Push)
        .where(Push.store_sku_id == put.c.store_sku_id, put.c.fresh == 1, Push.ticket.is_(None))
        .values(due_at=at)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Push)
        .where(Push.store_sku_id == put.c.store_sku_id, put.c.withdrawn == 1)
        .values(failed_at=at, reason=WITHDRAWN)
        .execution_options(synchronize_session=False)
    )


def _drop_unmapped(session: Session, at: datetime) -> None:
    """PSH-6: with the mapping gone nothing is pushed; what is on its way is not sent again.

    Found from the unmapped, by their index; not from all that waits, which after a large change is every listing.
    """
    unmapped = Push.store_sku_id.in_(select(StoreSku.id).where(StoreSku.sku_id.is_(None)))
    session.execute(
        delete(Push).where(unmapped, Push.lease_owner.is_(None)).execution_options(synchronize_session=False)
    )
    session.execute(
        update(Push)
        .where(unmapped, Push.failed_at.is_(None))
        .values(failed_at=at, reason=WITHDRAWN)
        .execution_options(synchronize_session=False)
    )
