"""Which stores have pushes due, and taking a batch of them for one sender (PSH-10).

A lease is longer than the client's total time-out; a leased row is not claimed again before it ends.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from server.channels.protocol import StockLine
from server.db.bulk import NUMBER, TEXT, relation
from server.outbox.models import Push, StorePause, Told
from server.stores.models import Store, StoreSku
from server.switches import service as switches

LEASE_SECONDS = 90
#: Letters of a lease, as wide as its column; the last of them are the batch's own
_LEASE, _BATCH = 80, 12
#: Pending writes asked after at once
TICKETS = 200


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed push row, as it is sent."""

    store_sku_id: int
    code: str
    references: Mapping[str, str]
    quantity: int
    version: int
    created_at: datetime
    ticket: str | None

    @property
    def line(self) -> StockLine:
        """The line for the market. The key is the same for each try of one version, and never used for another."""
        key = f"{self.store_sku_id}-{self.created_at:%y%m%d%H%M%S%f}-{self.version}"
        return StockLine(self.code, self.quantity, key, self.references)


@dataclass(frozen=True, slots=True)
class DueStore:
    """A store with pushes due; `failures` in a row so far."""

    store_id: int
    failures: int


def due_stores(session: Session, *, at: datetime) -> list[DueStore]:
    """Stores that are on, not paused, and have something due. One index look-up per store."""
    if not switches.is_on(session, switches.INVENTORY_FEATURES):
        return []
    waits = exists().where(Push.store_id == Store.id, _is_due(at))
    rows = session.execute(
        select(Store.id, StorePause.failures)
        .outerjoin(StorePause, StorePause.store_id == Store.id)
        .where(Store.active, or_(StorePause.until.is_(None), StorePause.until <= at), waits)
        .order_by(Store.id)
    )
    return [DueStore(store_id, failures or 0) for store_id, failures in rows]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one store under one lease: to be sent, or, with `tickets`, to be asked after."""

    lease: str
    rows: list[Due]
    tickets: bool = False


def claim(session: Session, store_id: int, *, owner: str, limit: int, at: datetime) -> Batch | None:
    """Take up to `limit` due rows of one store, those due longest first; where none is to be sent, those that the
    market has yet to settle. None if nothing is due, or if the store or all pushing was switched off meanwhile."""
    if not _may_send(session, store_id):
        return None
    lease = f"{_cut(owner)}/{secrets.token_hex(_BATCH // 2)}"
    for tickets, most in ((False, limit), (True, TICKETS)):
        rows = _lease(session, store_id, lease, limit=most, at=at, tickets=tickets)
        if rows:
            return Batch(lease, rows, tickets)
    return None


def _may_send(session: Session, store_id: int) -> bool:
    """Whether it is still wanted: a sender that is already at it learns here that it was switched off."""
    if not switches.is_on(session, switches.INVENTORY_FEATURES):
        return False
    return bool(session.scalar(select(Store.active).where(Store.id == store_id)))


def _lease(session: Session, store_id: int, lease: str, *, limit: int, at: datetime, tickets: bool) -> list[Due]:
    wanted = (
        select(Push.store_sku_id)
        .join(StoreSku, StoreSku.id == Push.store_sku_id)
        .where(Push.store_id == store_id, _is_due(at), StoreSku.sku_id.is_not(None))
        .where(Push.ticket.is_not(None) if tickets else Push.ticket.is_(None))
        .order_by(Push.due_at, Push.store_sku_id)
        .limit(limit)
        .with_for_update(of=Push, skip_locked=True)
        # Looked at once: in a subquery PostgreSQL may do so for every row, and each time take others than before.
        .cte("wanted")
        .prefix_with("MATERIALIZED")
    )
    leased = session.scalars(
        update(Push)
        .where(Push.store_sku_id.in_(select(wanted.c.store_sku_id)))
        .values(lease_owner=lease, lease_until=at + timedelta(seconds=LEASE_SECONDS))
        .returning(Push.store_sku_id)
        .execution_options(synchronize_session=False)
    ).all()
    if not leased:
        return []
    with relation(session, {"id": NUMBER}, [(number,) for number in leased]) as mine:
        rows = session.execute(
            select(
                Push.store_sku_id,
                StoreSku.code,
                StoreSku.references,
                Push.quantity,
                Push.version,
                Push.created_at,
                Push.ticket,
            )
            .join(mine, mine.c.id == Push.store_sku_id)
            .join(StoreSku, StoreSku.id == Push.store_sku_id)
            .order_by(Push.store_sku_id)
        ).all()
    return [Due(number, code, _texts(references), *rest) for number, code, references, *rest in rows]


def free_leases(session: Session, owner: str, *, is_dead: Callable[[str], bool] = lambda _owner: False) -> int:
    """At start: what this owner held when it died is due again, and what those stores show is not known. The same for
    what other owners held of whom `is_dead` knows that they are gone; anybody else may still be sending (PSH-8).

    Gives how many. The owner's name must be its own: no other process may be sending under it.
    """
    leases = session.scalars(select(Push.lease_owner).where(Push.lease_owner.is_not(None)).distinct())
    mine = _cut(owner)
    left = [(lease,) for lease in leases if lease and _is_left(lease.rpartition("/")[0], mine, is_dead)]
    with relation(session, {"lease": TEXT}, left) as r:
        over = Push.lease_owner.in_(select(r.c.lease))
        held = select(Push.store_sku_id).where(over)
        session.execute(
            update(Told)
            .where(Told.store_sku_id.in_(held))
            .values(known=False)
            .execution_options(synchronize_session=False)
        )
        freed = session.scalars(
            update(Push)
            .where(over)
            .values(lease_owner=None, lease_until=None)
            .returning(Push.store_sku_id)
            .execution_options(synchronize_session=False)
        )
        return len(freed.all())


def _is_left(owner: str, mine: str, is_dead: Callable[[str], bool]) -> bool:
    return owner == mine or is_dead(owner)


def _cut(owner: str) -> str:
    """What fits beside the batch's letters: the end, which is what tells one process from another."""
    return owner[-(_LEASE - _BATCH - 1) :]


def _is_due(at: datetime) -> ColumnElement[bool]:
    return and_(
        Push.due_at <= at,
        Push.failed_at.is_(None),
        or_(Push.lease_until.is_(None), Push.lease_until <= at),
    )


def _texts(references: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in references.items()}
