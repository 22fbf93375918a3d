"""User, password, token, sign-in of a browser, audit line, idempotency key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.db.base import Base, Id, folded


class User(Base):
    """A person (or the system itself) with one role (SEC-1)."""

    __tablename__ = "user"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(folded(100), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class Password(Base):
    """A user's password, as argon2id keeps it. Without a row there is no signing in by password."""

    __tablename__ = "password"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True, autoincrement=False)
    sealed: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime]


class Token(Base):
    """An API token. Only its SHA-256 is kept; `prefix` lets people recognise it."""

    __tablename__ = "token"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(16))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    scope: Mapped[str] = mapped_column(String(20))  # the widest role this token may act as
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    user: Mapped[User] = relationship(lazy="joined")


class SignIn(Base):
    """A browser that is signed in. Only the SHA-256 of its cookie is kept.

    `token_id`: it came in by that token, and is worth what the token is worth.
    """

    __tablename__ = "sign_in"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    token_id: Mapped[int | None] = mapped_column(ForeignKey("token.id"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    address: Mapped[str] = mapped_column(String(60))
    browser: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    user: Mapped[User] = relationship(lazy="joined")
    token: Mapped[Token | None] = relationship(lazy="joined")


class AuditLine(Base):
    """One change and who made it (SEC-2). The database refuses to change or delete one."""

    __tablename__ = "audit_line"

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class RequestKey(Base):
    """An Idempotency-Key, its request's hash, and the answer once there is one."""

    __tablename__ = "request_key"
    __table_args__ = (
        UniqueConstraint("scope", "key"),
        Index("ix_request_key_unfinished", "created_at", postgresql_where=text("status IS NULL")),
    )

    id: Mapped[Id]
    scope: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(200))
    request: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]  # work in several steps: until then only its claimant works on it
    attempts: Mapped[int] = mapped_column(default=1)
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[bytes | None]
