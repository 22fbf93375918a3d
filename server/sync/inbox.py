"""News that stores send by themselves: checked, kept word for word, answered at once, handled later (CH-5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, TypeVarTuple

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from server.channels.errors import NeedsSignIn
from server.channels.protocol import Hint, WebhookRequest
from server.clock import now
from server.db.bulk import NUMBER, relation
from server.db.session import Database
from server.db.upsert import upsert
from server.operations.take_orders import take_orders
from server.orders.taking import Taken
from server.settings import Settings
from server.stores.connecting import connect
from server.stores.credentials import mark_sign_in
from server.stores.models import Store
from server.stores.queries import find_store
from server.sync import catching_up
from server.sync.catching_up import CaughtUp
from server.sync.flow import Connect, Synced, reason_of, remember
from server.sync.models import Inbox

_AT_ONCE = 200
Columns = TypeVarTuple("Columns")


class Waits(NamedTuple):
    """A hint that is not handled yet; its body stays in the database."""

    id: int
    order_number: str | None


def receive(
    db: Database, settings: Settings, store_id: int, request: WebhookRequest, *, connect: Connect = connect
) -> int:
    """Check a webhook's signature and keep what it hints at; a delivery that was seen before changes nothing.

    Gives how many hints were new. Raises `Forged`, `NotFound`.
    """
    hints = connect(db, settings, store_id).open_webhook(request, now())
    return db.write(lambda session: keep(session, store_id, hints, request.body))


def challenge(
    db: Database, settings: Settings, store_id: int, request: WebhookRequest, query: Mapping[str, str]
) -> Mapping[str, str] | None:
    """The answer to a market's test of our address, None where it has no such test."""
    with db.read() as session:
        find_store(session, store_id)
    return connect(db, settings, store_id).answer_challenge(request, query)


def keep(session: Session, store_id: int, hints: Sequence[Hint], body: bytes) -> int:
    """Store hints that are new; the delivery's number tells."""
    rows = [
        {
            "store_id": store_id,
            "delivery": f"{hint.delivery}/{hint.order_number or hint.store_sku or ''}"[:120],
            "order_number": hint.order_number,
            "store_sku": hint.store_sku,
            "body": body,
            "received_at": now(),
        }
        for hint in hints
    ]
    if not rows:
        return 0
    known = select(Inbox.delivery).where(
        Inbox.store_id == store_id, Inbox.delivery.in_([row["delivery"] for row in rows])
    )
    before = len(session.scalars(known).all())
    session.execute(upsert(session, Inbox).on_conflict_do_nothing(), rows)
    return len({row["delivery"] for row in rows}) - before


def handle(db: Database, settings: Settings, *, by: str, connect: Connect = connect) -> Synced:
    """Read the orders that waiting hints name, and take them in. What can't be read now waits for the next time."""
    synced = Synced()
    for store_id, hints in _waiting(db).items():
        numbers = list(dict.fromkeys(hint.order_number for hint in hints if hint.order_number))
        try:
            connector = connect(db, settings, store_id)
            told = catching_up.read_orders(db, connector, store_id, numbers)
            taken = db.write(lambda session, s=store_id, t=told, h=hints: _take(session, s, t, h, by))  # type: ignore[misc]
        except Exception as error:
            # The edge of one store, as in `flow`: its news waits, that of the others does not.
            synced.failed[str(store_id)] = reason_of(error, str(store_id))
            if isinstance(error, NeedsSignIn):
                db.write(lambda session, s=store_id: mark_sign_in(session, s, True))  # type: ignore[misc]
            continue
        synced.add(taken)
        synced.stores += 1
    return synced


def anything_waiting(db: Database) -> bool:
    """Whether a hint waits; one cheap look."""
    with db.read() as session:
        return session.scalar(_waiting_hints(select(Inbox.id)).limit(1)) is not None


def forget_old(session: Session, before_days: int) -> int:
    """Delete handled news older than that many days; how many there were."""
    old = delete(Inbox).where(Inbox.handled_at < now() - timedelta(days=before_days))
    return session.execute(old).rowcount  # type: ignore[attr-defined, no-any-return]


def _waiting(db: Database) -> dict[int, list[Waits]]:
    """The oldest hints of each store, a share for each, so that one that can't be read never stands before others."""
    with db.read() as session:
        stores = session.scalars(_waiting_hints(select(Inbox.store_id)).distinct().order_by(Inbox.store_id)).all()
        oldest = _waiting_hints(select(Inbox.id, Inbox.order_number)).order_by(Inbox.id).limit(_AT_ONCE)
        return {
            store_id: [Waits(*row) for row in session.execute(oldest.where(Inbox.store_id == store_id))]
            for store_id in stores
        }


def _waiting_hints(rows: Select[*Columns]) -> Select[*Columns]:
    """Those not handled yet. News of a store that is switched off waits until it is on again."""
    return rows.join(Store, Store.id == Inbox.store_id).where(Inbox.handled_at.is_(None), Store.active)


def _take(session: Session, store_id: int, told: CaughtUp, hints: Sequence[Waits], by: str) -> Taken:
    taken = take_orders(session, session.get_one(Store, store_id), told.orders, by=by, at=now())
    if told.until is not None:
        remember(session, store_id, catching_up.WHAT, until=told.until, at=now())
    with relation(session, {"id": NUMBER}, [(hint.id,) for hint in hints]) as r:
        session.execute(
            update(Inbox)
            .where(Inbox.id.in_(select(r.c.id)))
            .values(handled_at=now(), outcome=f"{taken.new} new, {taken.changed} changed, {taken.same} same")
            .execution_options(synchronize_session=False)
        )
    return taken
