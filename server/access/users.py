"""Users and their role (SEC-1)."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from server import clock
from server.access import sign_ins
from server.access.audit import audit
from server.access.models import User
from server.access.roles import Role
from server.db.base import fold
from server.errors import Conflict, NotFound, Refused, WrongUse

# No colon: `cli:anna` and `job:push` are actors of the system, and nobody may look like one.
_NAME = re.compile(r"[^\W_][\w .@+'-]{0,98}[\w.]|[^\W_]")
_RESERVED = frozenset({"schedule", "system", "cli", "news"})


def create_user(session: Session, name: str, *, role: Role, by: str, at: datetime | None = None) -> User:
    """A new, active user. Raises `WrongUse` for a name that can't be, `Conflict` for one that is taken."""
    name = name.strip()
    if not _NAME.fullmatch(name) or fold(name) in _RESERVED:
        raise WrongUse(
            f"'{name[:100]}' can't be a user's name: use 1 to 100 letters, digits, blanks and . @ + ' -",
            field="name",
        )
    if session.scalar(select(User.id).where(User.key == fold(name))) is not None:
        raise Conflict(f"there is already a user '{name}'", field="name")
    user = User(name=name, key=fold(name), role=role, active=True, created_at=at or clock.now())
    session.add(user)
    session.flush()
    audit(session, by, "user.create", name, role=role)
    return user


def change_user(
    session: Session, user_id: int, *, role: Role | None = None, active: bool | None = None, by: str
) -> User:
    """Give a user another role, or shut one out (`active=False`): no token is taken any more, and every browser is
    signed out for good, so that nobody is in again unasked when the user may come back.

    Raises `NotFound`; `Refused` where no active admin would be left.
    """
    # Two admins who shut each other out at the same moment wait here for one another.
    session.scalars(_admins().order_by(User.id).with_for_update()).all()
    user = find_user(session, user_id)
    before = {"role": user.role, "active": user.active}
    user.role = role or user.role
    user.active = user.active if active is None else active
    session.flush()
    if session.scalar(_admins().limit(1)) is None:
        raise Refused("someone must remain who is an admin; make another user an admin first")
    if not user.active:
        sign_ins.end_all(session, user_id)
    after = {"role": user.role, "active": user.active}
    if after != before:
        audit(session, by, "user.change", user.name, before=before, after=after)
    return user


def find_user(session: Session, user_id: int) -> User:
    """The user with that number. Raises `NotFound`."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(f"there is no user {user_id}", id=user_id)
    return user


def user_named(session: Session, name: str) -> User:
    """The user of that name, whatever its case. Raises `NotFound`."""
    user = session.scalar(select(User).where(User.key == fold(name)))
    if user is None:
        raise NotFound(f"there is no user '{name[:100]}'", name=name[:100])
    return user


def _admins() -> Select[int]:
    return select(User.id).where(User.role == "admin", User.active.is_(True))
