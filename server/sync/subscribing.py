"""Having stores send their news to us (CH-5): asked for when a store is first read, and again whenever its address, its
settings or its credentials are others than when it was last asked."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from server.channels.errors import Refused
from server.channels.protocol import Connector, News
from server.clock import now
from server.db.session import Database
from server.settings import Settings
from server.stores.models import Credential, Store
from server.sync.models import Reading
from server.sync.reading import Synced, remember

#: The mark of what a store's webhooks were last asked for with.
WHAT = "webhooks"


def webhook_url(settings: Settings, store_id: int) -> str:
    """Where a store sends its news."""
    return f"{settings.public_url.rstrip('/')}/api/v1/webhooks/{store_id}"


def subscribe(
    db: Database, settings: Settings, store: Store, connector: Connector, synced: Synced, *, again: bool = False
) -> None:
    """Ask the store to send its news here, unless it was asked for just this before; `again`: in any case.

    A store that says no is read by schedule all the same, and that it said no is told. Raises `ChannelError`.
    """
    if not settings.public_url or connector.features.news is not News.WEBHOOK:
        return
    url = webhook_url(settings, store.id)
    asked_with = _mark(db, store, url)
    with db.read() as session:
        known = session.get(Reading, (store.id, WHAT))
    if known is not None and known.ack == asked_with and not again:
        return
    try:
        connector.subscribe(url)
    except Refused as no:
        synced.odd.append(f"{store.name}: sends no news by itself: {no.reason}")
    db.write(lambda session: remember(session, store.id, WHAT, until=None, at=now(), ack=asked_with))


def _mark(db: Database, store: Store, url: str) -> str:
    """Stands for address, settings and credentials, and tells nothing of them."""
    with db.read() as session:
        version = session.scalar(select(Credential.version).where(Credential.store_id == store.id))
    said = repr((url, sorted(store.settings.items()), version))
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
