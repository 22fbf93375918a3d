"""Passwords: kept as argon2id makes them, two made at once at most, a stranger's name answered like a known one's."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.access.audit import audit
from server.access.models import Password, User
from server.db.base import fold
from server.db.upsert import upsert
from server.errors import Busy, WrongUse

SHORTEST, LONGEST = 10, 200
#: What OWASP names for argon2id: two passes over 19 MiB in one lane.
PASSES, MEMORY_KIB, LANES = 2, 19 * 1024, 1
#: Each takes memory and a processor: more at once would let a crowd at the door starve everybody inside.
AT_ONCE = 2
_PATIENCE_SECONDS = 10.0
#: A name shorter than this stands in many a good password by chance.
_TELLING = 4
_places = threading.BoundedSemaphore(AT_ONCE)


def sealed(password: str, *, name: str) -> str:
    """What is kept of a password of the user `name`; takes a while, so do it outside of a transaction.

    Raises `WrongUse` for one that is too short, too long or the name itself; `Busy` when too many wait.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise WrongUse(f"a password has {SHORTEST} to {LONGEST} characters; a few words are easiest", field="password")
    if len(name) >= _TELLING and fold(name) in fold(password) and len(password) < len(name) + SHORTEST:
        raise WrongUse("a password that is little more than the name is the first to be tried", field="password")
    with _place():
        return _seal(password)


def keep(session: Session, user: User, what: str, *, by: str, at: datetime | None = None) -> None:
    """Give `user` the password that `sealed` made `what` of."""
    values = {"sealed": what, "changed_at": at or clock.now()}
    session.execute(
        upsert(session, Password)
        .values(user_id=user.id, **values)
        .on_conflict_do_update(index_elements=["user_id"], set_=values)
    )
    audit(session, by, "user.password", user.name)


def kept_of(session: Session, name: str) -> tuple[int, str] | None:
    """The number of the active user of that name and what is kept of the password; None for whom there is none."""
    query = (
        select(User.id, Password.sealed)
        .join(Password, Password.user_id == User.id)
        .where(User.key == fold(name), User.active.is_(True))
    )
    found = session.execute(query).one_or_none()
    return None if found is None else (found[0], found[1])


def has_one(session: Session, user_id: int) -> bool:
    """Whether the user can sign in by password."""
    return session.get(Password, user_id) is not None


def fits(password: str, what: str | None) -> bool:
    """Whether `password` is the one that is kept. With None it takes as long, and never fits. Raises `Busy`."""
    with _place():
        try:
            Argon2id.verify_phc_encoded(_bytes(password[:LONGEST]), what or _nobodys())
        except InvalidKey:
            return False
    return what is not None


@cache
def _nobodys() -> str:
    """What is compared with where there is nothing to compare with."""
    return _seal(os.urandom(16).hex())


def _seal(password: str) -> str:
    maker = Argon2id(salt=os.urandom(16), length=32, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB)
    return maker.derive_phc_encoded(_bytes(password))


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=_PATIENCE_SECONDS):
        raise Busy("too many people are signing in at this moment; try again in a few seconds")
    try:
        yield
    finally:
        _places.release()
