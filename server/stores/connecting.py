"""Store -> connector. The only caller of the registry of channels."""

from __future__ import annotations

from typing import Any

from server.channels.protocol import Connector
from server.channels.registry import CONNECTORS
from server.db.session import Database
from server.errors import WrongUse
from server.settings import Settings
from server.stores.credentials import StoreVault, keys_of
from server.stores.queries import find_store


def connector_of(channel: str) -> type[Connector]:
    """The connector of a channel. Raises `WrongUse` naming the channels there are."""
    known = CONNECTORS.get(channel.strip().casefold())
    if known is None:
        raise WrongUse(
            f"there is no channel '{channel[:30]}'; there are {', '.join(sorted(CONNECTORS))}", field="channel"
        )
    return known


def channels() -> list[type[Connector]]:
    """Every channel's connector, by name."""
    return [CONNECTORS[name] for name in sorted(CONNECTORS)]


def connect(db: Database, settings: Settings, store_id: int, *, transport: Any = None) -> Connector:
    """A store's line to its market. Opens no transaction of its own beyond reading the store; raises `NotFound`.

    `transport` is handed to the connector: tests pass one that answers without a network.
    """
    with db.read() as session:
        store = find_store(session, store_id)
        channel, options = store.channel, dict(store.settings)
    return connector_of(channel)(options, StoreVault(db, keys_of(settings), store_id), transport)
