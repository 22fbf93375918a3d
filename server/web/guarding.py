"""Before a page sees a request: who is signed in in this browser, may they, and did our own page send the form (SEC-1).

The cookie is HttpOnly and Lax, and Secure but on this machine itself, where there is no wire to listen on.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from contextlib import suppress
from urllib.parse import quote

from flask import Response, current_app, g, request

from server import clock
from server.access import sign_ins
from server.access.declaring import needs_of
from server.access.roles import demand
from server.access.sign_ins import USE_RESOLUTION, From, Visitor
from server.errors import Busy, NotAllowed, NotFound, NotSignedIn, WrongUse
from server.web import words
from server.web.frame import console, go, here_with, page_of_form

FIELD = "form_key"
#: Whoever has just signed in comes with it; without the cookie, the browser did not keep it.
WELCOME = "welcome"
NO_COOKIE = (
    "your browser did not keep the sign-in: other than on the server's own machine it needs HTTPS, and cookies allowed"
)
_COOKIE, _DOOR = "stockbook", "stockbook_door"
_LARGEST = 2**63 - 1


class NotOurForm(NotAllowed):
    """The form does not carry the key of this browser's sign-in."""

    code = "not-our-form"


def guard() -> Response | None:
    """Before every page. One that declared nothing is shown to nobody."""
    declared = needs_of(current_app.view_functions[request.endpoint or ""])
    if declared is None:
        raise NotAllowed("this page declares no permission, so nobody may see it")
    g.visitor = None
    _check_values()
    if declared.permission is None:
        return None
    try:
        who = identify()
    except NotSignedIn as why:
        return _to_the_door(why.text)
    g.visitor = who
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        _check_key(sign_ins.form_key(g.cookie))
    demand(who.role, declared.permission)
    _note(who)
    if WELCOME in request.args and request.method == "GET":  # it has shown that the cookie stayed
        return go(here_with(**{WELCOME: None}))
    return None


def identify() -> Visitor:
    """Who is signed in in this browser. Raises `NotSignedIn`."""
    g.cookie = request.cookies.get(_name(), "")
    if not g.cookie:
        raise NotSignedIn("sign in to go on")
    with console().db.read() as session:
        return sign_ins.visitor(session, g.cookie)


def let_in(response: Response, text: str) -> Response:
    """Give the browser its cookie; it lasts as long as the browser runs, and at most as long as the sign-in."""
    response.set_cookie(_name(), text, secure=_secure(), httponly=True, samesite="Lax", path="/")
    response.delete_cookie(_DOOR)
    return response


def let_out(response: Response) -> Response:
    """Take the cookie away."""
    response.delete_cookie(_name(), secure=_secure(), httponly=True, samesite="Lax", path="/")
    return response


def door_key() -> str:
    """What the form at the door carries, where there is no sign-in yet to make a key of: made for this browser."""
    known = request.cookies.get(_DOOR, "")
    return known if len(known) == 43 else secrets.token_urlsafe(32)


def keep_door_key(response: Response, key: str) -> Response:
    """Let the browser keep it, so that the form can be compared with it."""
    response.set_cookie(_DOOR, key, secure=_secure(), httponly=True, samesite="Strict", path="/")
    return response


def check_door_key() -> None:
    """Raises `NotOurForm` unless the form at the door is one that this browser was given."""
    _check_key(request.cookies.get(_DOOR, ""))


def where_from() -> From:
    """Where the browser asks from."""
    return From(request.remote_addr or "", request.headers.get("User-Agent", ""))


def local_path(text: str) -> str:
    """A path of ours to go on to; the first page for anything that could lead elsewhere."""
    ours = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if ours else "/home"


def _check_values() -> None:
    """Nothing that no database can keep, and no number that no record can have."""
    if any(isinstance(part, int) and part > _LARGEST for part in (request.view_args or {}).values()):
        raise NotFound("nothing here has such a number")
    for text in (*request.args.values(), *request.form.values()):
        if "\x00" in text:
            raise WrongUse("a field holds a character that can't be kept (NUL)")


def _check_key(expected: str) -> None:
    given = request.form.get(FIELD, "")
    other_site = request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")
    if other_site or not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise NotOurForm(
            "this form is old, or was not sent from a page of this server; open the page anew and repeat it"
        )


def _to_the_door(why: str) -> Response:
    came_back, had_none = WELCOME in request.args, not g.get("cookie")
    if request.method != "GET":
        return let_out(go(f"/sign-in?next={quote(page_of_form())}", f"{words.sentence(why)} Nothing was done."))
    if came_back and had_none:
        why = NO_COOKIE
    target = f"/sign-in?next={quote(request.full_path.rstrip('?'))}"
    return go(target, "" if had_none and not came_back else words.sentence(why))


def _note(who: Visitor) -> None:
    """What a page fetches by itself while nobody looks is no use of the sign-in, which would else never end."""
    at, by_somebody = clock.now(), request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    if by_somebody and at - who.used_at >= USE_RESOLUTION:
        with suppress(Busy):  # the next click will do
            console().db.write(lambda session: sign_ins.note_use(session, who.sign_in_id, at=at))


def _name() -> str:
    """With the prefix a browser takes it from this very host alone, and over TLS alone."""
    return f"__Host-{_COOKIE}" if _secure() else _COOKIE


def _secure() -> bool:
    return request.is_secure or not _is_loopback(request.host)


def _is_loopback(host: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
