"""API tokens (SEC-1): 256 random bits, shown once; only their SHA-256 is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from server import clock
from server.access.audit import audit
from server.access.models import Token, User
from server.access.roles import Role, narrower, role_named
from server.db.upsert import upsert
from server.errors import NotFound, NotSignedIn, WrongUse

PREFIX = "sb_"
_SHAPE = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")
_SHOWN = 10
#: `last_used_at` is at most this old when it is wrong.
USE_RESOLUTION = timedelta(minutes=1)
ADMIN = "admin"


@dataclass(frozen=True)
class NewToken:
    """A token's record, and its text, which is not kept anywhere."""

    record: Token
    text: str


@dataclass(frozen=True)
class Caller:
    """Who is asking: a user through one of its tokens, with the narrower role of the two."""

    user_id: int
    token_id: int
    name: str
    role: Role
    last_used_at: datetime | None = None


def create_token(
    session: Session,
    user: User,
    name: str,
    *,
    scope: Role | None = None,
    expires_at: datetime | None = None,
    by: str,
    at: datetime | None = None,
) -> NewToken:
    """A new token of `user`, acting at most as `scope` (its user's role unless given), until `expires_at`.

    Raises `WrongUse` for an empty name or an expiry that has passed.
    """
    at = at or clock.now()
    name = name.strip()
    if not 1 <= len(name) <= 100:
        raise WrongUse("a token needs a name of 1 to 100 letters, to tell it from others", field="name")
    if expires_at is not None and expires_at <= at:
        raise WrongUse("the token would have expired already; give a later moment", field="expires_at")
    text = PREFIX + secrets.token_urlsafe(32)
    record = Token(
        user=user,
        name=name,
        prefix=text[:_SHOWN],
        digest=_digest(text),
        scope=scope or role_named(user.role),
        created_at=at,
        expires_at=expires_at,
    )
    session.add(record)
    session.flush()
    audit(session, by, "token.create", f"{user.name}/{name}", id=record.id, scope=record.scope)
    return NewToken(record, text)


def first_admin(session: Session, *, by: str = "system", at: datetime | None = None) -> str | None:
    """On the first start the user `admin` and the text of its token; None where there are users (SEC-1).

    Of several servers that start at once, one makes it.
    """
    if session.scalar(select(func.count()).select_from(User)):
        return None
    made = session.scalar(
        upsert(session, User)
        .values(name=ADMIN, key=ADMIN, role="admin", active=True, created_at=at or clock.now())
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(User)
    )
    if made is None:
        return None
    audit(session, by, "user.create", ADMIN, role="admin")
    return create_token(session, made, "first start", by=by, at=at).text


def sign_in(session: Session, text: str, *, at: datetime | None = None) -> Caller:
    """Whose token this is. Raises `NotSignedIn`, in the same words for a token that never was."""
    at = at or clock.now()
    digest = _digest(text)
    token = session.scalar(select(Token).where(Token.digest == digest)) if _SHAPE.fullmatch(text) else None
    # found by its hash, so its text can't be learned from timing; compared once more all the same
    if token is None or not hmac.compare_digest(token.digest, digest):
        raise NotSignedIn("this token is not known here; make a new one or ask an admin for one")
    if token.revoked_at is not None or not token.user.active:
        raise NotSignedIn("this token was revoked; ask an admin for a new one")
    if token.expires_at is not None and token.expires_at <= at:
        raise NotSignedIn("this token has expired; ask an admin for a new one")
    role = narrower(role_named(token.user.role), role_named(token.scope))
    return Caller(token.user_id, token.id, token.user.name, role, token.last_used_at)


def find_token(session: Session, token_id: int) -> Token:
    """The token with that number. Raises `NotFound`."""
    token = session.get(Token, token_id)
    if token is None:
        raise NotFound(f"there is no token {token_id}", id=token_id)
    return token


def note_use(session: Session, token_id: int, *, at: datetime) -> None:
    """Remember that the token was used; not more than once a minute."""
    stale = or_(Token.last_used_at.is_(None), Token.last_used_at < at - USE_RESOLUTION)
    session.execute(update(Token).where(Token.id == token_id, stale).values(last_used_at=at))


def revoke_token(session: Session, token_id: int, *, by: str, at: datetime | None = None) -> Token:
    """End a token at once; a second time changes nothing. Raises `NotFound`."""
    token = find_token(session, token_id)
    if token.revoked_at is None:
        token.revoked_at = at or clock.now()
        audit(session, by, "token.revoke", f"{token.user.name}/{token.name}", id=token.id)
    return token


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
