"""Sign in, by password or by token; sign out."""

from __future__ import annotations

from contextlib import suppress

from flask import Response, g, request

from server.access import sign_ins
from server.access.declaring import Needs, declare, shown_to
from server.db.base import fold
from server.errors import NotSignedIn, StockbookError
from server.web import guarding
from server.web.frame import console, go, pages, show, visitor

page = pages("sign_in")
_DOOR = declare(Needs(None, raw_body=True, reason="the page where people sign in", page=True))


@page.get("/sign-in")
@_DOOR
def sign_in_page() -> Response:
    """The page where people sign in."""
    with suppress(NotSignedIn):
        guarding.identify()
        return go(guarding.local_path(request.args.get("next", "/home")))
    return _door()


@page.post("/sign-in")
@_DOOR
def sign_in() -> Response:
    """Sign in by name and password, or by a token."""
    try:
        guarding.check_door_key()
        text = _enter(request.form.get("token", "").strip())
    except StockbookError as why:
        return _door(why)
    _leave_before()
    target = guarding.local_path(request.form.get("next", "/home"))
    return guarding.let_in(go(f"{target}{'&' if '?' in target else '?'}{guarding.WELCOME}=1"), text)


@page.post("/sign-out")
@shown_to("read")
def sign_out() -> Response:
    """Sign this browser out."""
    who = visitor()
    console().db.write(lambda session: sign_ins.end(session, who.sign_in_id, user_id=who.user_id, by=who.name))
    return guarding.let_out(go("/sign-in", "You are signed out."))


def _enter(token: str) -> str:
    shared, where = console(), guarding.where_from()
    shared.by_address.count(where.address)
    if token:
        return sign_ins.by_token(shared.db, token, where)
    name = request.form.get("name", "").strip()[:200]
    shared.by_name.count(fold(name))
    return sign_ins.by_password(shared.db, name, request.form.get("password", ""), where)


def _leave_before() -> None:
    """Whoever was signed in in this browser is not any more: each sign-in has a cookie of its own."""
    with suppress(NotSignedIn):
        who = guarding.identify()
        console().db.write(lambda session: sign_ins.end(session, who.sign_in_id, user_id=who.user_id, by=who.name))


def _door(problem: StockbookError | None = None) -> Response:
    g.visitor = None
    key = guarding.door_key()
    given = request.form if problem is not None else request.args
    shown = show(
        "sign_in.html",
        problem=problem,
        door_key=key,
        next=guarding.local_path(given.get("next", "/home")),
        name=given.get("name", ""),
        by_token="token" in given and not given.get("name"),
    )
    return guarding.keep_door_key(shown, key)
