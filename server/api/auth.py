"""Token -> caller, and whether the caller may: asked before a route sees anything of the request (SEC-1)."""

from __future__ import annotations

from typing import cast

from flask import current_app, g, request

from server import clock
from server.access.roles import Permission, demand
from server.access.tokens import Caller, sign_in
from server.api.frame import Needs, needs_of, services
from server.errors import NotAllowed, NotSignedIn


def guard() -> None:
    """Before every request. A route that declared nothing answers nobody."""
    if request.endpoint is None:
        return  # no such page; said so by the router
    declared = declared_by(request.endpoint)
    if declared is None:
        raise NotAllowed("this page declares no permission, so nobody may use it")
    if declared.permission is None or declared.page:
        return  # pages have a guard of their own
    who = _identify()
    demand(who.role, declared.permission)
    g.caller = who
    services().token_uses.note(who, clock.now())


def declared_by(endpoint: str) -> Needs | None:
    """What the route of `endpoint` declared."""
    view = current_app.view_functions.get(endpoint)
    return None if view is None else needs_of(view)


def caller() -> Caller:
    """Who is asking; within a route that needs a permission."""
    return cast(Caller, g.caller)


def require(permission: Permission) -> None:
    """A permission that depends on the request (apply rather than validate); beside the declared one."""
    demand(caller().role, permission)


def _identify() -> Caller:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise NotSignedIn("send your token: Authorization: Bearer sb_…")
    try:
        with services().db.read() as session:
            return sign_in(session, token.strip())
    except NotSignedIn:
        services().token_failures.count(request.remote_addr or "unknown")
        raise
