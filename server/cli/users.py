"""user list|create|change|password."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated, Any

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.access import passwords, sign_ins, users
from server.access.models import User
from server.access.roles import ROLES, role_named
from server.cli.opening import actor, database
from server.cli.output import AsJson, record, say, table
from server.errors import WrongUse

group = typer.Typer(help="Users and their roles.", no_args_is_help=True)

RoleName = Annotated[str | None, typer.Option(help=f"One of {', '.join(ROLES)}.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="user")


@group.command("list")
def list_users(as_json: AsJson = False) -> None:
    """Every user."""
    with database() as found, found.db.read() as session:
        rows = [_shown(user) for user in session.scalars(select(User).order_by(User.id))]
    table(rows, as_json=as_json)


@group.command()
def create(name: str, role: RoleName = "viewer", as_json: AsJson = False) -> None:
    """Make a user. It can do nothing before it has a token (`token create`) or a password (`user password`)."""
    chosen = role_named(role or "viewer")
    with database() as found:
        made = found.db.write(lambda session: users.create_user(session, name, role=chosen, by=actor()))
        record(_shown(made), as_json=as_json)


@group.command()
def change(
    name: str,
    role: RoleName = None,
    active: Annotated[bool | None, typer.Option(help="Shut a user out, or let one in again.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give a user another role, or shut one out at once."""

    def work(session: Session) -> dict[str, Any]:
        user = users.user_named(session, name)
        chosen = None if role is None else role_named(role)
        return _shown(users.change_user(session, user.id, role=chosen, active=active, by=actor()))

    with database() as found:
        record(found.db.write(work), as_json=as_json)


@group.command()
def password(name: str) -> None:
    """Set a user's password for the pages: asked for, or the first line of what is piped in. Ends every sign-in."""
    given = _asked() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    with database() as found:
        with found.db.read() as session:
            user = users.user_named(session, name)
        kept = passwords.sealed(given, name=user.name)

        def work(session: Session) -> int:
            passwords.keep(session, users.find_user(session, user.id), kept, by=actor())
            return sign_ins.end_all(session, user.id)

        ended = found.db.write(work)
    say(f"{user.name} has a new password{f'; signed out of {ended} browsers' if ended else ''}")


def _asked() -> str:
    first = getpass.getpass("New password: ")
    if getpass.getpass("Once more: ") != first:
        raise WrongUse("the two passwords differ; nothing was changed")
    return first


def _shown(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "role": user.role,
        "active": user.active,
        "created_at": user.created_at,
    }
