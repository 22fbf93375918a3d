"""What waits, what is on its way, what was refused for good."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, aliased

from server.catalog.models import MerchantSku
from server.outbox.causes import unpack
from server.outbox.models import Push, StorePause, Told
from server.push.models import Evaluation
from server.stores.models import Store, StoreSku


class PushState(enum.StrEnum):
    """Where a push is."""

    WAITING = "waiting"
    SENDING = "sending"
    PENDING = "pending"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class WaitingPush:
    """One push that was not accepted yet. `id` is its store SKU's number; `paused_until` its store's pause."""

    id: int
    store: str
    store_sku: str
    sku: str | None
    state: PushState
    quantity: int
    told: int | None
    causes: list[str]
    forced: bool
    since: datetime
    due_at: datetime
    attempts: int
    reason: str
    paused_until: datetime | None
    paused_for: str


@dataclass(frozen=True, slots=True)
class ListingState:
    """One mapped store SKU: what it was last told, its last evaluation, and the push that is not done, if any.

    `id` is its number; `state` None: nothing waits."""

    id: int
    store: str
    store_sku: str
    sku: str
    told: int | None
    told_at: datetime | None
    evaluated_at: datetime | None
    result: str | None
    state: PushState | None
    quantity: int | None
    reason: str
    paused_until: datetime | None
    paused_for: str


def state_of() -> ColumnElement[str]:
    """A push row's state, as a column."""
    return case(
        (Push.lease_owner.is_not(None), PushState.SENDING.value),
        (Push.failed_at.is_not(None), PushState.FAILED.value),
        (Push.ticket.is_not(None), PushState.PENDING.value),
        else_=PushState.WAITING.value,
    )


def waiting(
    session: Session,
    *,
    stores: Collection[int] = (),
    store_sku: int | None = None,
    state: PushState | None = None,
    after: int | None = None,
    limit: int | None = None,
) -> list[WaitingPush]:
    """Pushes that are not done, in the order of their store SKUs' numbers."""
    columns: tuple[Any, ...] = (
        Push.store_sku_id,
        Store.name,
        StoreSku.code,
        MerchantSku.code,
        state_of(),
        Push.quantity,
        Told.quantity,
        Push.causes,
        Push.forced,
        Push.created_at,
        Push.due_at,
        Push.attempts,
        Push.reason,
        StorePause.until,
        StorePause.reason,
    )
    query = (
        select(*columns)
        .join(StoreSku, StoreSku.id == Push.store_sku_id)
        .join(Store, Store.id == Push.store_id)
        .outerjoin(MerchantSku, MerchantSku.id == StoreSku.sku_id)
        .outerjoin(Told, Told.store_sku_id == Push.store_sku_id)
        .outerjoin(StorePause, StorePause.store_id == Push.store_id)
        .order_by(Push.store_sku_id)
        .limit(limit)
    )
    if stores:
        query = query.where(Push.store_id.in_(stores))
    if store_sku is not None:
        query = query.where(Push.store_sku_id == store_sku)
    if state is not None:
        query = query.where(state_of() == state.value)
    if after is not None:
        query = query.where(Push.store_sku_id > after)
    return [_shown(tuple(row)) for row in session.execute(query)]


def _shown(row: tuple[Any, ...]) -> WaitingPush:
    values = list(row)
    values[4] = PushState(values[4])
    values[7] = [cause.label for cause in unpack(values[7])]
    values[14] = values[14] or ""
    return WaitingPush(*values)


def listing_states(
    session: Session, *, stores: Collection[int] = (), skus: Collection[int] = (), after: int | None, limit: int
) -> list[ListingState]:
    """What became of every mapped store SKU's pushes, of these stores and merchant SKUs, in the order of their
    numbers."""
    past = aliased(Evaluation)
    last = select(func.max(past.id)).where(past.store_sku_id == StoreSku.id).scalar_subquery()
    columns: tuple[Any, ...] = (
        StoreSku.id,
        Store.name,
        StoreSku.code,
        MerchantSku.code,
        Told.quantity,
        Told.told_at,
        Evaluation.at,
        Evaluation.result,
        case((Push.store_sku_id.is_(None), None), else_=state_of()),
        Push.quantity,
        func.coalesce(Push.reason, ""),
        StorePause.until,
        func.coalesce(StorePause.reason, ""),
    )
    query = (
        select(*columns)
        .join(Store, Store.id == StoreSku.store_id)
        .join(MerchantSku, MerchantSku.id == StoreSku.sku_id)
        .outerjoin(Told, Told.store_sku_id == StoreSku.id)
        .outerjoin(Evaluation, Evaluation.id == last)
        .outerjoin(Push, Push.store_sku_id == StoreSku.id)
        .outerjoin(StorePause, StorePause.store_id == Store.id)
        .where(StoreSku.id > (after or 0))
        .order_by(StoreSku.id)
        .limit(limit)
    )
    if stores:
        query = query.where(StoreSku.store_id.in_(stores))
    if skus:
        query = query.where(StoreSku.sku_id.in_(skus))
    return [_state(tuple(row)) for row in session.execute(query)]


def _state(row: tuple[Any, ...]) -> ListingState:
    values = list(row)
    values[8] = None if values[8] is None else PushState(values[8])
    return ListingState(*values)


def counts(session: Session) -> dict[str, int]:
    """How many pushes in each state; for the console's front page and the metrics."""
    states = select(state_of().label("state")).subquery()
    rows = session.execute(select(states.c.state, func.count()).group_by(states.c.state))
    found = {str(state): number for state, number in rows}
    return {state.value: found.get(state.value, 0) for state in PushState}
