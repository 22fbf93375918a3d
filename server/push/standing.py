"""How each store stands: is it told what is available, what waits, what it refused (PSH-10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Subquery, and_, func, select
from sqlalchemy.orm import Session

from server.outbox.models import Push, StorePause
from server.stores.models import Store, StoreSku


@dataclass(frozen=True)
class StoreStanding:
    """One store: how many listings it has, how many nobody mapped, and whether it is being told. `waiting` counts
    refused ones too."""

    id: int
    name: str
    channel: str
    listings: int
    unmapped: int
    waiting: int
    refused: int
    paused_until: datetime | None
    paused_for: str
    needs_sign_in: bool
    active: bool

    @property
    def state(self) -> str:
        """In one word: is it told what is available?"""
        if not self.active:
            return "off"
        if self.needs_sign_in:
            return "needs sign-in"
        if self.paused_for:
            return "paused"
        return "telling" if self.waiting else "up to date"


def standings(session: Session, at: datetime) -> list[StoreStanding]:
    """Every store with what is listed, unmapped, waiting, and whether it is left alone."""
    listed, waiting = _listed(), _waiting()
    rows = session.execute(
        select(
            Store,
            func.coalesce(listed.c.listings, 0),
            func.coalesce(listed.c.unmapped, 0),
            func.coalesce(waiting.c.waiting, 0),
            func.coalesce(waiting.c.refused, 0),
            StorePause.until,
            StorePause.reason,
        )
        .outerjoin(listed, listed.c.store_id == Store.id)
        .outerjoin(waiting, waiting.c.store_id == Store.id)
        .outerjoin(StorePause, and_(StorePause.store_id == Store.id, StorePause.until > at))
        .order_by(Store.id)
    )
    return [
        StoreStanding(
            store.id, store.name, store.channel, listings, unmapped, waits, refused, paused_until, reason or "",
            store.needs_sign_in, store.active,
        )
        for store, listings, unmapped, waits, refused, paused_until, reason in rows
    ]  # fmt: skip


def _listed() -> Subquery:
    """By store: listings, and those of them that nobody mapped."""
    unmapped = func.count().filter(StoreSku.sku_id.is_(None))
    query = select(StoreSku.store_id, func.count().label("listings"), unmapped.label("unmapped"))
    return query.group_by(StoreSku.store_id).subquery()


def _waiting() -> Subquery:
    """By store: what it has not been told, and what of it it refused for good."""
    refused = func.count().filter(Push.failed_at.is_not(None))
    query = select(Push.store_id, func.count().label("waiting"), refused.label("refused"))
    return query.group_by(Push.store_id).subquery()
