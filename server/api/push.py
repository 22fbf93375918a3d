"""Push Now, what waits, trying again, and why a store SKU shows what it shows (PSH-8, PSH-10, PSH-11)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from server import clock
from server.api.auth import caller
from server.api.frame import Body, RecordId, needs, resource, services, show
from server.api.once import once
from server.api.paging import Page, Paging, cut
from server.catalog.queries import require_ids
from server.push import explaining, queries, service
from server.push.queries import PushState, WaitingPush
from server.stores.queries import store_named

api = resource("push", "Push")


class PushWanted(Body):
    """To which stores, of which SKUs; all unless given."""

    stores: list[str] = []
    skus: list[str] = []


class RetryWanted(Body):
    """Of which stores, or which pushes by `id`; all that were refused unless given."""

    stores: list[str] = []
    ids: list[RecordId] = Field([], max_length=10_000)


class Asked(BaseModel):
    """How many store SKUs will be told; `GET /push` shows those that were not yet."""

    listings: int
    warnings: list[str] = Field([], description="Why they will not be told yet.")


class PushShown(BaseModel):
    """A push that the store has not accepted yet."""

    id: int
    store: str
    store_sku: str
    sku: str | None
    state: PushState
    quantity: int
    told: int | None = Field(description="What the store was last told.")
    causes: list[str]
    forced: bool
    since: datetime
    due_at: datetime
    attempts: int
    reason: str
    paused_until: datetime | None = Field(description="Until when its store is left alone.")
    paused_for: str


class ListingShown(BaseModel):
    """A mapped store SKU: what it was last told, how its last evaluation came out, and what is not done yet."""

    id: int
    store: str
    store_sku: str
    sku: str
    told: int | None
    told_at: datetime | None
    evaluated_at: datetime | None
    result: str | None
    state: PushState | None = Field(description="Of the push that is not done; null: nothing waits.")
    quantity: int | None
    reason: str
    paused_until: datetime | None
    paused_for: str


class ListingFilter(Paging):
    """Which store SKUs."""

    store: list[str] = Field([], max_length=100)
    sku: list[str] = Field([], max_length=200)


class PushFilter(Paging):
    """Which pushes."""

    store: str | None = None
    state: PushState | None = None


class StoreSkuWanted(BaseModel):
    """One store SKU."""

    store: str = Field(max_length=100)
    store_sku: str = Field(max_length=120)


class Part(BaseModel):
    """What one source warehouse gives."""

    warehouse: str
    available: int
    held_back: int
    counted: int
    components: list[dict[str, Any]]


class ToldShown(BaseModel):
    """What the store was last told, when, and its answer; `known`: whether it still shows that."""

    quantity: int | None
    at: datetime | None
    answer: str
    known: bool


class EvaluationShown(BaseModel):
    """One evaluation, with its causes and what came of it."""

    at: datetime
    causes: list[str]
    forced: bool
    target: int | None
    result: str


class ExplanationShown(BaseModel):
    """Why a store SKU shows what it shows. `target` null: nothing is pushed, the first of `steps` says why."""

    store: str
    store_sku: str
    sku: str | None
    rule: str | None
    percentage: str | None
    target: int | None
    steps: list[str]
    warehouses: list[Part]
    priority: str
    told: ToldShown
    waits: PushShown | None
    evaluations: list[EvaluationShown]


def shown(push: WaitingPush) -> PushShown:
    """A push as the API shows it."""
    return PushShown.model_validate(push, from_attributes=True)


@api.post("/push", responses={202: Asked})
@needs("push.now")
def push_now(body: PushWanted) -> Response:
    """Push now: evaluate and send, whatever was told before (cause 16). Answers at once."""
    by, at = caller().name, clock.now()

    def work(session: Session) -> Asked:
        stores = [store_named(session, name).id for name in body.stores]
        skus = require_ids(session, body.skus)
        asked = service.push_now(session, stores=stores, skus=skus, by=by, at=at)
        return Asked(listings=asked, warnings=service.why_not_now(session))

    return once(work, status=202)


@api.get("/push", responses={200: Page[PushShown]})
@needs("read")
def list_pushes(query: PushFilter) -> Response:
    """Pushes that wait, are on their way, are pending at the market, or were refused for good."""
    with services().db.read() as session:
        stores = [] if query.store is None else [store_named(session, query.store).id]
        found = queries.waiting(session, stores=stores, state=query.state, after=query.after, limit=query.limit + 1)
        return show(cut(found, query, shown))


@api.get("/push/listings", responses={200: Page[ListingShown]})
@needs("read")
def list_listings(query: ListingFilter) -> Response:
    """What each mapped store SKU was last told, and what waits: before and after a Push Now, what changed where."""
    with services().db.read() as session:
        stores = [store_named(session, name).id for name in query.store]
        found = queries.listing_states(
            session, stores=stores, skus=require_ids(session, query.sku), after=query.after, limit=query.limit + 1
        )
        return show(cut(found, query, lambda each: ListingShown.model_validate(each, from_attributes=True)))


@api.post("/push/retry", responses={202: Asked})
@needs("push.now")
def retry_pushes(body: RetryWanted) -> Response:
    """Try again what was refused for good, with the quantity of now."""
    by, at = caller().name, clock.now()

    def work(session: Session) -> Asked:
        stores = [store_named(session, name).id for name in body.stores]
        asked = service.retry(session, stores=stores, store_skus=body.ids, by=by, at=at)
        return Asked(listings=asked, warnings=service.why_not_now(session))

    return once(work, status=202)


@api.get("/push/explain", responses={200: ExplanationShown})
@needs("read")
def explain_push(query: StoreSkuWanted) -> Response:
    """Why this store SKU shows what it shows: figures, rule, arithmetic, what was told, what waits."""
    with services().db.read() as session:
        found = explaining.explain(session, query.store, query.store_sku)
        return show(ExplanationShown.model_validate(found, from_attributes=True))
