"""Users and their tokens: for admins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.access import passwords, sign_ins, tokens, users
from server.access.declaring import shown_to
from server.access.models import Token, User
from server.access.roles import ROLES, role_named
from server.errors import NotFound, StockbookError
from server.moments import moment
from server.web.frame import console, go, pages, show, visitor

page = pages("people")


@page.get("/people")
@shown_to("users.write")
def people() -> Response:
    """Every user with the role; make one."""
    return _list()


@page.post("/people")
@shown_to("users.write")
def create_person() -> Response:
    """Make a user."""
    given, by = request.form, visitor().name
    try:
        role = role_named(given.get("role", "viewer"))
        made = console().db.write(lambda session: users.create_user(session, given.get("name", ""), role=role, by=by))
    except StockbookError as problem:
        return _list(problem)
    return go(f"/people/{made.id}", f"{made.name} is there now. Give them a password, or a token for programs.")


@page.get("/people/<int:id>")
@shown_to("users.write")
def someone(id: int) -> Response:
    """One user: role, password, tokens, where they are signed in."""
    return _one(id)


@page.post("/people/<int:id>")
@shown_to("users.write")
def change_person(id: int) -> Response:
    """Give a user another role, or shut one out at once."""
    given, by = request.form, visitor().name

    def work(session: Session) -> Any:
        active = given.get("active") == "yes"
        return users.change_user(session, id, role=role_named(given.get("role", "")), active=active, by=by)

    return _try(id, work, "It is saved.")


@page.post("/people/<int:id>/password")
@shown_to("users.write")
def set_persons_password(id: int) -> Response:
    """Set a user's password; signed out everywhere by it."""
    by, shared = visitor().name, console()
    with shared.db.read() as session:
        name = users.find_user(session, id).name
    try:
        kept = passwords.sealed(request.form.get("password", ""), name=name)
    except StockbookError as problem:
        return _one(id, problem)

    def work(session: Session) -> None:
        passwords.keep(session, users.find_user(session, id), kept, by=by)
        sign_ins.end_all(session, id, but=visitor().sign_in_id)

    return _try(id, work, f"{name} has a new password. Tell it to them; they can set one of their own.")


@page.post("/people/<int:id>/tokens")
@shown_to("tokens.write")
def create_persons_token(id: int) -> Response:
    """Make a token; the answer shows its text, this once."""
    given, by = request.form, visitor().name

    def work(session: Session) -> str:
        user = users.find_user(session, id)
        scope = role_named(given["scope"]) if given.get("scope") else None
        name, until = given.get("token_name", ""), _until(given.get("until", ""))
        return tokens.create_token(session, user, name, scope=scope, expires_at=until, by=by).text

    try:
        text = console().db.write(work)
    except NotFound:
        raise
    except StockbookError as problem:
        return _one(id, problem)
    return _one(id, new_token=text)


@page.post("/people/tokens/<int:id>/revoke")
@shown_to("tokens.write")
def revoke_persons_token(id: int) -> Response:
    """End a token at once."""
    by = visitor().name
    gone = console().db.write(lambda session: tokens.revoke_token(session, id, by=by))
    return go(f"/people/{gone.user_id}", f"The token {gone.name} is ended.")


def _until(text: str) -> datetime | None:
    return moment(text, end_of_day=True) if text.strip() else None


def _try(user_id: int, work: Callable[[Session], Any], said: str) -> Response:
    try:
        console().db.write(work)
    except NotFound:
        raise
    except StockbookError as problem:
        return _one(user_id, problem)
    return go(f"/people/{user_id}", said)


def _list(problem: StockbookError | None = None) -> Response:
    with console().db.read() as session:
        known = session.scalars(select(User).order_by(User.key)).all()
    return show("people.html", problem=problem, users=known, roles=ROLES, given=request.form)


def _one(user_id: int, problem: StockbookError | None = None, *, new_token: str = "") -> Response:
    with console().db.read() as session:
        user = users.find_user(session, user_id)
        theirs = session.scalars(select(Token).where(Token.user_id == user_id).order_by(Token.id.desc())).all()
        has_password = passwords.has_one(session, user_id)
        there = len(sign_ins.open_of(session, user_id))
    facts = {"user": user, "tokens": theirs, "has_password": has_password, "there": there, "new_token": new_token}
    given = {} if new_token else request.form
    return show("person.html", problem=problem, roles=ROLES, given=given, shortest=passwords.SHORTEST, **facts)
