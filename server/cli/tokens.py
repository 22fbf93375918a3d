"""token create|list|revoke."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.access import tokens, users
from server.access.models import Token
from server.access.roles import role_named
from server.cli.opening import actor, database
from server.cli.output import AsJson, record, say, table

group = typer.Typer(help="API tokens.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="token")


@group.command()
def create(
    user: Annotated[str, typer.Argument(help="Whose token.")],
    name: Annotated[str, typer.Argument(help="What it is for, to tell it from others.")] = "command line",
    scope: Annotated[str | None, typer.Option(help="The widest role it may act as; its user's unless given.")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days until it expires; never unless given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it, this once."""
    at = clock.now()

    def make(session: Session) -> tokens.NewToken:
        return tokens.create_token(
            session,
            users.user_named(session, user),
            name,
            scope=None if scope is None else role_named(scope),
            expires_at=None if days is None else at + timedelta(days=days),
            by=actor(),
            at=at,
        )

    with database() as found:
        made = found.db.write(make)
        if as_json:
            record({**_shown(made.record), "token": made.text}, as_json=True)
        else:
            say(made.text)


@group.command("list")
def list_tokens(as_json: AsJson = False) -> None:
    """Every token, also revoked and expired ones; never its text."""
    with database() as found, found.db.read() as session:
        rows = [_shown(token) for token in session.scalars(select(Token).order_by(Token.id))]
    table(rows, as_json=as_json)


@group.command()
def revoke(id: Annotated[int, typer.Argument(help="The token's number, from `token list`.")]) -> None:
    """End a token at once."""
    with database() as found:
        found.db.write(lambda session: tokens.revoke_token(session, id, by=actor()))
        say(f"token {id} is revoked")


def _shown(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "user": token.user.name,
        "name": token.name,
        "prefix": token.prefix,
        "scope": token.scope,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
    }
