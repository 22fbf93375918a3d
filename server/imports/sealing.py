"""A place's secrets: encrypted at rest with the keys of the stores' credentials, never told (CH-6's rule)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cryptography.fernet import InvalidToken, MultiFernet

from server.imports.addresses import PlaceTrouble


def seal(keys: MultiFernet, secrets: Mapping[str, str]) -> bytes | None:
    """Encrypted; None where there are none."""
    return keys.encrypt(json.dumps(dict(secrets)).encode()) if secrets else None


def unseal(keys: MultiFernet, sealed: bytes | None) -> dict[str, str]:
    """The secrets. Raises `PlaceTrouble` where this server's key does not open them."""
    if sealed is None:
        return {}
    try:
        return dict(json.loads(keys.decrypt(sealed)))
    except InvalidToken:
        raise PlaceTrouble("this server's secret key does not open the import's credentials; give them again") from None
