"""Stores' secrets: encrypted at rest, decrypted in memory only, renewed under one claim per store (CH-6)."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from server import clock
from server.access import request_keys
from server.access.request_keys import Claim, StillRunning
from server.channels.errors import NeedsSignIn, Throttled
from server.db.bulk import NUMBER, relation
from server.db.session import Database
from server.db.upsert import upsert
from server.errors import Busy, WrongUse
from server.outbox.models import StorePause
from server.settings import SHORTEST_KEY, Settings
from server.stores.models import Credential, Store

KEY_FILE = "secret.key"
#: How long a renewal may take before another caller may try; longer than the client's total time-out.
LEASE = timedelta(seconds=90)
WAIT_SECONDS = 30.0
_LOOK_EVERY_SECONDS = 0.1
_KEEP_EVERY_SECONDS = 0.5

Secrets = Mapping[str, str]
log = logging.getLogger(__name__)


def keys_of(settings: Settings) -> MultiFernet:
    """The keys that open credentials; the first one seals them.

    `STOCKBOOK_SECRET_KEY` may hold several, separated by commas, for rotation. Where it is empty a key is made once in
    the data folder, readable by its owner only. Raises `WrongUse` for a key that is too short to be one.
    """
    return MultiFernet([_fernet(key) for key in settings.secret_keys or [_key_file(settings.data_dir / KEY_FILE)]])


def save_secrets(session: Session, keys: MultiFernet, store_id: int, secrets: Secrets, *, at: datetime) -> None:
    """Replace a store's secrets. Whoever gives new ones has signed in: the store's mark and its pause end."""
    _save(session, keys, store_id, secrets, at)
    session.execute(delete(StorePause).where(StorePause.store_id == store_id))


def read_secrets(session: Session, keys: MultiFernet, store_id: int) -> dict[str, str]:
    """A store's secrets, none where it has none. Raises `NeedsSignIn` where this server's key does not open them."""
    return _read(session, keys, store_id)[0]


def readable_secrets(session: Session, keys: MultiFernet, store_ids: Iterable[int]) -> dict[int, Secrets]:
    """The secrets of many stores, in one statement; without those that this server's key does not open."""
    with relation(session, {"id": NUMBER}, [(number,) for number in sorted(set(store_ids))]) as r:
        rows = session.execute(select(Credential.store_id, Credential.sealed).join(r, r.c.id == Credential.store_id))
        sealed = dict(rows.all())
    found: dict[int, Secrets] = {}
    for store_id, content in sealed.items():
        with contextlib.suppress(InvalidToken):
            found[store_id] = json.loads(keys.decrypt(content))
    return found


def mark_sign_in(session: Session, store_id: int, needed: bool) -> None:
    """Note that the store refuses our credentials (its pushes wait), or takes them again."""
    changed = Store.needs_sign_in.is_(not needed)
    session.execute(update(Store).where(Store.id == store_id, changed).values(needs_sign_in=needed))


def reseal(session: Session, keys: MultiFernet) -> int:
    """Seal every credential with the first of the keys, so that the others can be dropped; how many there were."""
    rows = session.execute(select(Credential.store_id, Credential.sealed).with_for_update()).all()
    for store_id, sealed in rows:
        try:
            again = keys.rotate(sealed)
        except InvalidToken:
            raise WrongUse(f"none of the keys opens the credentials of store {store_id}; nothing was done") from None
        session.execute(update(Credential).where(Credential.store_id == store_id).values(sealed=again))
    return len(rows)


class StoreVault:
    """One store's credentials, for its connector.

    Renewing takes a claim on this version of them, not a lock: the market is asked with no transaction open, of many
    callers at once exactly one asks, and what it got is stored before anyone uses it. A caller that dies gives up its
    claim when the lease has run out.
    """

    def __init__(self, db: Database, keys: MultiFernet, store_id: int) -> None:
        self._db = db
        self._keys = keys
        self._store_id = store_id
        self._seen: int | None = None
        self._claimed_until = 0.0

    def read(self) -> Secrets:
        """The credentials as last stored. Raises `NeedsSignIn` where this server's key does not open them."""
        with self._db.read() as session:
            secrets, self._seen = _read(session, self._keys, self._store_id)
        return secrets

    def renew(self, ask: Callable[[Secrets], Secrets]) -> Secrets:
        """Have `ask` renew the credentials, store what it gives, return that.

        If another caller has renewed them since they were read here, its result is returned and `ask` is not called.
        Raises what `ask` raises (the store is marked where that is `NeedsSignIn`), `Throttled` while another caller's
        renewal takes too long, and `Busy` or what the database says if they can't be stored within the lease.
        """
        secrets, claim = self._claim_or_theirs()
        if claim is None:
            return secrets
        renewed: dict[str, str] | None = None
        try:
            renewed = dict(ask(secrets))
        except NeedsSignIn:
            self._db.write(lambda session: mark_sign_in(session, self._store_id, True))
            raise
        finally:
            if renewed is None:  # whatever went wrong, the next caller need not wait for the lease
                self._db.write(lambda session: request_keys.give_up(session, claim))
        return self._kept(claim, renewed)

    def _kept(self, claim: Claim, renewed: Secrets) -> Secrets:
        """Store what the market gave. It may have made the old ones void, so a database that is busy, full or away is
        tried again for as long as nobody else may try (CH-6). Raises what it said last."""
        while True:
            try:
                return self._db.write(lambda session: self._keep(session, claim, renewed))
            except (Busy, SQLAlchemyError) as error:
                if time.monotonic() + _KEEP_EVERY_SECONDS > self._claimed_until:
                    log.error("store %d: its renewed credentials are lost, it must be signed in to", self._store_id)
                    raise
                log.warning(
                    "store %d: keeping its renewed credentials failed: %s", self._store_id, type(error).__name__
                )
            time.sleep(_KEEP_EVERY_SECONDS)

    def _claim_or_theirs(self) -> tuple[Secrets, Claim | None]:
        until = time.monotonic() + WAIT_SECONDS
        while True:
            self._claimed_until = time.monotonic() + LEASE.total_seconds()
            with contextlib.suppress(StillRunning):
                return self._db.write(self._claim)
            if time.monotonic() > until:
                raise Throttled("another process is renewing this store's credentials", retry_after=WAIT_SECONDS)
            time.sleep(_LOOK_EVERY_SECONDS)

    def _claim(self, session: Session) -> tuple[Secrets, Claim | None]:
        secrets, version = _read(session, self._keys, self._store_id)
        if self._seen is not None and version != self._seen:
            self._seen = version
            return secrets, None
        self._seen = version
        claim = request_keys.claim(session, f"store:{self._store_id}", f"renew/{version}", b"", lease=LEASE)
        # Read again under the claim: a rival may have had it, stored its own and given it up since the first look.
        secrets, version = _read(session, self._keys, self._store_id)
        if version != self._seen:
            self._seen = version
            request_keys.give_up(session, claim)
            return secrets, None
        return secrets, claim

    def _keep(self, session: Session, claim: Claim, renewed: Secrets) -> Secrets:
        request_keys.give_up(session, claim)
        theirs, version = _read(session, self._keys, self._store_id)
        if version != self._seen:  # a person gave new ones meanwhile
            self._seen = version
            return theirs
        _save(session, self._keys, self._store_id, renewed, clock.now())
        self._seen = version + 1
        return renewed


def _save(session: Session, keys: MultiFernet, store_id: int, secrets: Secrets, at: datetime) -> None:
    row = {"sealed": keys.encrypt(json.dumps(dict(secrets)).encode()), "renewed_at": at}
    session.execute(
        upsert(session, Credential)
        .values(store_id=store_id, version=1, **row)
        .on_conflict_do_update(index_elements=["store_id"], set_={**row, "version": Credential.version + 1})
    )
    mark_sign_in(session, store_id, False)


def _read(session: Session, keys: MultiFernet, store_id: int) -> tuple[dict[str, str], int]:
    row = session.execute(
        select(Credential.sealed, Credential.version).where(Credential.store_id == store_id)
    ).one_or_none()
    if row is None:
        return {}, 0
    try:
        return dict(json.loads(keys.decrypt(row.sealed))), row.version
    except InvalidToken:
        raise NeedsSignIn("this server's secret key does not open the store's credentials") from None


def _fernet(key: str) -> Fernet:
    with contextlib.suppress(ValueError, binascii.Error):
        return Fernet(key.encode())
    if len(key) < SHORTEST_KEY:
        raise WrongUse(f"STOCKBOOK_SECRET_KEY must be {SHORTEST_KEY} random characters or more")
    derived = HKDF(SHA256(), 32, salt=None, info=b"stockbook credentials").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def _key_file(path: Path) -> str:
    """The key in that file, made where there is none. Of several processes that start at once, one makes it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(Fernet.generate_key())
        try:
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)  # whole or not at all, and never over another's
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
