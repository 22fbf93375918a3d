"""API tokens: for admins. The text of a token is in the answer that made it, and nowhere else."""

from __future__ import annotations

from datetime import datetime

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.access import tokens, users
from server.access.models import Token
from server.access.roles import Role, role_named
from server.api.auth import caller
from server.api.frame import Body, ById, RecordId, When, needs, resource, services, show
from server.api.once import once
from server.api.paging import Page, Paging, page

api = resource("tokens", "Tokens")


class TokenShown(BaseModel):
    """A token, recognisable by how it begins."""

    id: int
    user_id: int
    user: str
    name: str
    prefix: str
    scope: Role = Field(description="The widest role it acts as.")
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None


class TokenMade(TokenShown):
    """A new token."""

    token: str = Field(description="Shown this once.")


class NewToken(Body):
    """A token to be; of the asking user unless `user` is given."""

    name: str
    user_id: RecordId | None = None
    scope: Role | None = Field(None, description="The widest role it may act as; its user's unless given.")
    expires_at: When | None = None


class TokenFilter(Paging):
    """Which tokens."""

    user_id: RecordId | None = None


def shown(token: Token) -> TokenShown:
    """A token as the API shows it."""
    return TokenShown(
        id=token.id,
        user_id=token.user_id,
        user=token.user.name,
        name=token.name,
        prefix=token.prefix,
        scope=role_named(token.scope),
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
        revoked_at=token.revoked_at,
    )


@api.get("/tokens", responses={200: Page[TokenShown]})
@needs("tokens.write")
def list_tokens(query: TokenFilter) -> Response:
    """Tokens, also revoked and expired ones."""
    rows = select(Token)
    if query.user_id is not None:
        rows = rows.where(Token.user_id == query.user_id)
    with services().db.read() as session:
        return show(page(session, rows, Token.id, query, shown))


@api.post("/tokens", responses={201: TokenMade})
@needs("tokens.write")
def create_token(body: NewToken) -> Response:
    """Make a token. Its text is in this answer only.

    No Idempotency-Key here: the stored answer would keep the token's text.
    """
    who = caller()

    def make(session: Session) -> TokenMade:
        user = users.find_user(session, body.user_id or who.user_id)
        made = tokens.create_token(session, user, body.name, scope=body.scope, expires_at=body.expires_at, by=who.name)
        return TokenMade(**shown(made.record).model_dump(), token=made.text)

    return show(services().db.write(make), 201)


@api.get("/tokens/<int:id>", responses={200: TokenShown})
@needs("tokens.write")
def get_token(path: ById) -> Response:
    """One token, without its text."""
    with services().db.read() as session:
        return show(shown(tokens.find_token(session, path.id)))


@api.delete("/tokens/<int:id>", responses={200: TokenShown})
@needs("tokens.write")
def revoke_token(path: ById) -> Response:
    """End a token at once. The record stays."""
    by = caller().name
    return once(lambda session: shown(tokens.revoke_token(session, path.id, by=by)))
