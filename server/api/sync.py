"""Sync now, and the address that stores send their news to (CH-5, JOB-4)."""

from __future__ import annotations

from flask import Response, jsonify, request
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from server.api.auth import caller
from server.api.frame import Answer, Body, ById, needs, open_to_all, resource, services, show
from server.api.jobs import RunShown, accepted
from server.api.once import once
from server.channels.protocol import WebhookRequest
from server.jobs import service
from server.stores.queries import store_named
from server.sync import inbox
from server.sync.subscribing import webhook_url

api = resource("sync", "Sync")

WEBHOOK_BODY = 1024 * 1024


class WhichStores(Body):
    """The stores to read; all unless named."""

    stores: list[str] | None = Field(None, max_length=500)


class Received(BaseModel):
    """How much of a delivery was new."""

    received: int


@api.post("/sync/orders", responses={202: RunShown})
@needs("sync.now")
def sync_orders(body: WhichStores) -> Response:
    """Read orders now; answers at once with the run to follow."""
    return _ask("sync_orders", body)


@api.post("/sync/products", responses={202: RunShown})
@needs("sync.now")
def sync_products(body: WhichStores) -> Response:
    """Read listings now; answers at once with the run to follow."""
    return _ask("sync_products", body)


@api.post("/webhooks/<int:id>", responses={200: Received})
@open_to_all("the store's own signature is checked instead", max_body=WEBHOOK_BODY, raw_body=True)
def take_news(path: ById) -> Response:
    """What a store sends by itself. Checked over the raw body, kept, answered at once, read later."""
    shared = services()
    return show(Received(received=inbox.receive(shared.db, shared.settings, path.id, _webhook(path.id))))


@api.get("/webhooks/<int:id>")
@open_to_all("markets test the address without a token")
def answer_challenge(path: ById) -> Response:
    """A market's test of this address."""
    shared = services()
    known = inbox.challenge(shared.db, shared.settings, path.id, _webhook(path.id), request.args.to_dict())
    return jsonify(known or {})


def _ask(name: str, body: WhichStores) -> Response:
    by = caller().name
    arguments = {"stores": body.stores} if body.stores else {}

    def work(session: Session) -> Answer:
        for store in body.stores or ():
            store_named(session, store)  # said at once rather than by a run that fails
        return accepted(service.ask(session, name, arguments, by=by), name)

    return once(work)


def _webhook(store_id: int) -> WebhookRequest:
    """The request as it came, under the address that was registered rather than the one a proxy shows us."""
    settings = services().settings
    url = webhook_url(settings, store_id) if settings.public_url else request.base_url
    return WebhookRequest(url, dict(request.headers), request.get_data(cache=False))
