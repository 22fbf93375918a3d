"""News that stores send by themselves: checked, kept word for word, answered at once, handled later (CH-5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, TypeVarTuple

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from server.channels.protocol import Connector, Hint, WebhookRequest
from server.clock import now
from server.db.bulk import NUMBER, relation
from server.db.session import Database
from server.db.upsert import upsert
from server.orders.taking import Taken
from server.settings import Settings
from server.stores.connecting import connect
from server.stores.listings import printable
from server.stores.models import Store
from server.stores.queries import find_store
from server.sync import catching_up
from server.sync.models import Inbox
from server.sync.reading import Connect, Synced, each_store, one_store, remember
from server.sync.storing import store_orders

_AT_ONCE = 200
_MOST_NUMBER, _MOST_STORE_SKU = 80, 120
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
            "delivery": printable(f"{hint.delivery}/{hint.order_number or hint.store_sku or ''}")[:120],
            "order_number": _kept(hint.order_number, _MOST_NUMBER),
            "store_sku": _kept(hint.store_sku, _MOST_STORE_SKU),
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

    return each_store(db, settings, waiting_stores(db), connect, lambda _: None, _reader(db, by))


def handle_store(db: Database, settings: Settings, store_id: int, *, by: str, connect: Connect = connect) -> Synced:
    """The same for one store. Raises nothing the store can help."""
    with db.read() as session:
        store = session.get_one(Store, store_id)
    return one_store(db, settings, store, connect, _reader(db, by))


def waiting_stores(db: Database) -> Sequence[int]:
    """Stores with a hint that waits; one cheap look."""
    with db.read() as session:
        return session.scalars(_waiting_hints(select(Inbox.store_id)).distinct().order_by(Inbox.store_id)).all()


def _reader(db: Database, by: str) -> Callable[[Store, Connector, Synced], None]:
    """Reads what one store's hints name. What it said before it failed is taken in; its other hints wait."""

    def read(store: Store, connector: Connector, synced: Synced) -> None:
        hints = _hints(db, store.id)
        numbers = list(dict.fromkeys(hint.order_number for hint in hints if hint.order_number))
        told = catching_up.read_orders(db, connector, store.id, numbers)
        done = [hint.id for hint in hints if not hint.order_number or hint.order_number in told.answered]

        def also(session: Session, taken: Taken) -> None:
            if told.until is not None:
                remember(session, store.id, catching_up.WHAT, until=told.until, at=now())
            _finish(session, done, taken)

        if done or told.orders:
            taken = store_orders(db, store.id, told.orders, unreadable=told.unreadable, also=also, by=by)
            synced.take(taken, store.name)
        if told.failure is not None:
            raise told.failure

    return read


def anything_waiting(db: Database) -> bool:
    """Whether a hint waits; one cheap look."""
    with db.read() as session:
        return session.scalar(_waiting_hints(select(Inbox.id)).limit(1)) is not None


def forget_old(session: Session, before_days: int, *, limit: int = 20_000) -> int:
    """Delete handled news older than that many days; how many there were. Call again until there are none."""
    before = now() - timedelta(days=before_days)
    old = select(Inbox.id).where(Inbox.handled_at < before).order_by(Inbox.handled_at, Inbox.id).limit(limit)
    gone = delete(Inbox).where(Inbox.id.in_(old)).execution_options(synchronize_session=False)
    return session.execute(gone).rowcount  # type: ignore[attr-defined, no-any-return]


def _hints(db: Database, store_id: int) -> list[Waits]:
    """The store's oldest hints that wait, as many as are handled at once."""
    with db.read() as session:
        oldest = _waiting_hints(select(Inbox.id, Inbox.order_number)).where(Inbox.store_id == store_id)
        return [Waits(*row) for row in session.execute(oldest.order_by(Inbox.id).limit(_AT_ONCE))]


def _kept(name: str | None, most: int) -> str | None:
    """A name that the table can keep. A hint without one is no reason to read that one order: the schedule does."""
    return name if name is not None and len(name) <= most and name.isprintable() else None


def _waiting_hints(rows: Select[*Columns]) -> Select[*Columns]:
    """Those not handled yet. News of a store that is switched off waits until it is on again."""
    return rows.join(Store, Store.id == Inbox.store_id).where(Inbox.handled_at.is_(None), Store.active)


def _finish(session: Session, hints: Sequence[int], taken: Taken) -> None:
    left = f", {len(taken.left)} not taken in" if taken.left else ""
    outcome = f"{taken.new} new, {taken.changed} changed, {taken.same} same{left}"
    with relation(session, {"id": NUMBER}, [(hint,) for hint in hints]) as r:
        session.execute(
            update(Inbox)
            .where(Inbox.id.in_(select(r.c.id)))
            .values(handled_at=now(), outcome=outcome)
            .execution_options(synchronize_session=False)
        )
