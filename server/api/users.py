"""Users and their roles: for admins."""

from __future__ import annotations

from datetime import datetime

from flask import Response
from pydantic import BaseModel
from sqlalchemy import select

from server.access import users
from server.access.models import User
from server.access.roles import Role, role_named
from server.api.auth import caller
from server.api.frame import Body, ById, needs, resource, services, show
from server.api.once import once
from server.api.paging import Page, Paging, page
from server.db.base import fold

api = resource("users", "Users")


class UserShown(BaseModel):
    """A user."""

    id: int
    name: str
    role: Role
    active: bool
    created_at: datetime


class NewUser(Body):
    """A user to be."""

    name: str
    role: Role = "viewer"


class UserChange(Body):
    """What to change of a user."""

    role: Role | None = None
    active: bool | None = None


class UserFilter(Paging):
    """Which users."""

    name: str | None = None


def shown(user: User) -> UserShown:
    """A user as the API shows it."""
    return UserShown(
        id=user.id,
        name=user.name,
        role=role_named(user.role),
        active=user.active,
        created_at=user.created_at,
    )


@api.get("/users", responses={200: Page[UserShown]})
@needs("users.write")
def list_users(query: UserFilter) -> Response:
    """Users, the longest known first."""
    rows = select(User)
    if query.name is not None:
        rows = rows.where(User.key == fold(query.name))
    with services().db.read() as session:
        return show(page(session, rows, User.id, query, shown))


@api.post("/users", responses={201: UserShown})
@needs("users.write")
def create_user(body: NewUser) -> Response:
    """Make a user. It can do nothing before it has a token."""
    by = caller().name
    return once(lambda session: shown(users.create_user(session, body.name, role=body.role, by=by)), status=201)


@api.get("/users/<int:id>", responses={200: UserShown})
@needs("users.write")
def get_user(path: ById) -> Response:
    """One user."""
    with services().db.read() as session:
        return show(shown(users.find_user(session, path.id)))


@api.patch("/users/<int:id>", responses={200: UserShown})
@needs("users.write")
def change_user(path: ById, body: UserChange) -> Response:
    """Give a user another role, or shut one out."""
    by = caller().name
    return once(lambda session: shown(users.change_user(session, path.id, role=body.role, active=body.active, by=by)))


@api.delete("/users/<int:id>", responses={200: UserShown})
@needs("users.write")
def remove_user(path: ById) -> Response:
    """Shut a user out at once. The record stays, because history names it."""
    by = caller().name
    return once(lambda session: shown(users.change_user(session, path.id, active=False, by=by)))
