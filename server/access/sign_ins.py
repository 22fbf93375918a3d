"""Browsers that are signed in: by password or token, until they sign out, are shut out, or rest for twelve hours."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from server import clock
from server.access import passwords
from server.access.audit import audit
from server.access.models import SignIn
from server.access.roles import Role, narrower, role_named
from server.access.tokens import sign_in as caller_of
from server.db.session import Database
from server.errors import NotFound, NotSignedIn

log = logging.getLogger(__name__)

#: A browser that asks for nothing this long is signed out.
IDLE = timedelta(hours=12)
#: `used_at` is at most this old when it is wrong.
USE_RESOLUTION = timedelta(minutes=1)
#: Ended ones are kept for the list of who was in, then forgotten.
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class From:
    """Where a browser asks from, as far as it tells; only ever shown."""

    address: str = ""
    browser: str = ""


@dataclass(frozen=True)
class Visitor:
    """Who is signed in in this browser."""

    user_id: int
    sign_in_id: int
    name: str
    role: Role
    used_at: datetime
    by_token: bool


def by_password(db: Database, name: str, password: str, where: From) -> str:
    """Sign a browser in; what its cookie says. Raises `NotSignedIn`: the same words, after the same time, for a name
    that nobody has and for a wrong password; `Busy` when too many are at the door."""
    with db.read() as session:
        kept = passwords.kept_of(session, name)
    if not passwords.fits(password, kept[1] if kept else None) or kept is None:
        log.info("a wrong name or password from %s", where.address)
        raise NotSignedIn("this name and password do not fit; try again, or ask an admin for a new password")
    user_id = kept[0]
    return db.write(lambda session: _enter(session, user_id, None, where))


def by_token(db: Database, text: str, where: From) -> str:
    """Sign a browser in by an API token, as what the token may do; what its cookie says. Raises `NotSignedIn`."""

    def work(session: Session) -> str:
        found = caller_of(session, text.strip())
        return _enter(session, found.user_id, found.token_id, where)

    return db.write(work)


def _enter(session: Session, user_id: int, token_id: int | None, where: From) -> str:
    text, at = secrets.token_urlsafe(32), clock.now()
    row = SignIn(
        user_id=user_id,
        token_id=token_id,
        digest=_digest(text),
        address=where.address[:60],
        browser=where.browser[:200],
        created_at=at,
        used_at=at,
    )
    session.add(row)
    session.flush()
    audit(session, row.user.name, "user.sign_in", row.user.name, sign_in=row.id, at=at)
    return text


def visitor(session: Session, text: str, *, at: datetime | None = None) -> Visitor:
    """Whose cookie this is. Raises `NotSignedIn` with the reason."""
    at, digest = at or clock.now(), _digest(text)
    row = session.scalar(select(SignIn).where(SignIn.digest == digest))
    if row is None or not hmac.compare_digest(row.digest, digest):
        raise NotSignedIn("sign in to go on")
    if row.ended_at is not None or not row.user.active:
        raise NotSignedIn("you were signed out; sign in again")
    if row.used_at <= at - IDLE:
        raise NotSignedIn("you were signed out after twelve hours without a click; sign in again")
    role = role_named(row.user.role)
    if row.token is not None:
        if row.token.revoked_at is not None or (row.token.expires_at is not None and row.token.expires_at <= at):
            raise NotSignedIn("the token you signed in with is no longer good; sign in again")
        role = narrower(role, role_named(row.token.scope))
    return Visitor(row.user_id, row.id, row.user.name, role, row.used_at, row.token_id is not None)


def note_use(session: Session, sign_in_id: int, *, at: datetime) -> None:
    """Remember that the browser asked for something; not more than once a minute."""
    stale = (SignIn.id == sign_in_id, SignIn.used_at < at - USE_RESOLUTION)
    session.execute(update(SignIn).where(*stale).values(used_at=at))


def open_of(session: Session, user_id: int, *, at: datetime | None = None) -> Sequence[SignIn]:
    """Where the user is signed in, the latest used first."""
    live = (SignIn.user_id == user_id, SignIn.ended_at.is_(None), SignIn.used_at > (at or clock.now()) - IDLE)
    return session.scalars(select(SignIn).where(*live).order_by(SignIn.used_at.desc(), SignIn.id.desc())).all()


def end(session: Session, sign_in_id: int, *, user_id: int, by: str) -> None:
    """Sign that browser of the user out; a second time changes nothing. Raises `NotFound`."""
    row = session.get(SignIn, sign_in_id)
    if row is None or row.user_id != user_id:
        raise NotFound(f"there is no sign-in {sign_in_id} of yours", id=sign_in_id)
    if row.ended_at is None:
        row.ended_at = clock.now()
        audit(session, by, "user.sign_out", row.user.name, sign_in=row.id)


def end_all(session: Session, user_id: int, *, but: int | None = None) -> int:
    """Sign the user out everywhere, save in the browser `but`; how many it were."""
    live = [SignIn.user_id == user_id, SignIn.ended_at.is_(None)]
    if but is not None:
        live.append(SignIn.id != but)
    return _changed(session, update(SignIn).where(*live).values(ended_at=clock.now()))


def forget_old(session: Session, *, at: datetime | None = None) -> int:
    """Delete sign-ins that nobody has used for as long as they are kept; how many there were."""
    return _changed(session, delete(SignIn).where(SignIn.used_at < (at or clock.now()) - KEPT))


def form_key(text: str) -> str:
    """What a form of this browser carries, so that no other site's page can send one: made of the cookie, and the
    cookie can't be made of it."""
    return hmac.new(text.encode(), b"stockbook form", hashlib.sha256).hexdigest()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _changed(session: Session, statement: Any) -> int:
    return cast(CursorResult[Any], session.execute(statement)).rowcount
