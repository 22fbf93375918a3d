"""A place's secrets: encrypted at rest with the keys of the stores' credentials, never told (CH-6's rule)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cryptography.fernet import InvalidToken, MultiFernet
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.errors import WrongUse
from server.imports.addresses import PlaceTrouble
from server.imports.models import ScheduledImport


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


def reseal(session: Session, keys: MultiFernet) -> int:
    """Seal the secrets of every import with the first of the keys; how many there were. Raises `WrongUse` where none of
    them opens one: then nothing is done."""
    rows = session.scalars(select(ScheduledImport).where(ScheduledImport.sealed.is_not(None)).with_for_update()).all()
    for row in rows:
        assert row.sealed is not None
        try:
            row.sealed = keys.rotate(row.sealed)
        except InvalidToken:
            raise WrongUse(f"none of the keys opens the credentials of import '{row.name}'; nothing was done") from None
    return len(rows)
