"""What every page is made of: its blueprint, who looks at it, how it is shown, and where it goes on from a form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import quote, unquote

from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request

from server import clock
from server.access import sign_ins
from server.access.limits import Limiter
from server.access.roles import Permission, may
from server.access.sign_ins import Visitor
from server.db.session import Database
from server.errors import StockbookError
from server.orders import lists
from server.push import queries as pushes
from server.settings import Settings
from server.uploads.running import Uploads
from server.web import words

#: Attempts to sign in within a minute, per process: with N processes it is N times as many. Behind a proxy all browsers
#: may have one address, so that limit is the wider one.
TRIES_PER_NAME, TRIES_PER_ADDRESS = 10, 60
_WORDS: Final = {
    "when": words.when, "plain": words.plain, "titled": words.titled, "push_state": words.push_state,
    "sentence": words.sentence, "cause": words.cause,
}  # fmt: skip
_SAID = "stockbook_said"
_SAID_SECONDS, _MOST_SAID = 60, 1500


@dataclass(frozen=True)
class Link:
    """A page of the navigation. `counts`: what is shown beside it, as names of `_counts`."""

    path: str
    title: str
    permission: Permission
    counts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Console:
    """What the pages share between requests. `status_of`: the HTTP status of a kind of error, as the API has it."""

    db: Database
    settings: Settings
    uploads: Uploads
    status_of: Callable[[StockbookError], int]
    links: Sequence[Link] = ()
    by_name: Limiter = field(default_factory=lambda: Limiter(TRIES_PER_NAME))
    by_address: Limiter = field(default_factory=lambda: Limiter(TRIES_PER_ADDRESS))


def pages(name: str) -> Blueprint:
    """The blueprint of one page and what belongs to it."""
    return Blueprint(f"console_{name}", __name__, template_folder="templates")


def console() -> Console:
    """What the pages of this process share; within a request."""
    return cast(Console, current_app.extensions["stockbook_console"])


def visitor() -> Visitor:
    """Who is looking; within a page that needs a permission."""
    return cast(Visitor, g.visitor)


def allowed(permission: Permission) -> bool:
    """Whether whoever is looking may do that: what they may not is not offered."""
    return may(visitor().role, permission)


def show(page: str, status: int = 200, /, *, problem: StockbookError | None = None, **parts: Any) -> Response:
    """A page in the console's frame. `problem`: what stood in the way of the form that is shown again."""
    told = _told()
    signed_in = cast("Visitor | None", g.get("visitor"))
    if problem is not None:
        status = console().status_of(problem)
    frame: dict[str, Any] = {"said": told, "problem": problem, "visitor": signed_in, "allowed": allowed}
    if signed_in is not None:
        frame |= {"form_key": sign_ins.form_key(g.cookie), "links": _links(signed_in), "here": _here()}
    response = make_response(render_template(page, **{**frame, **_WORDS, "ago": _ago, **parts}), status)
    if (wait := getattr(problem, "retry_after", None)) is not None:
        response.headers["Retry-After"] = str(wait)
    if told:
        response.delete_cookie(_SAID)
    return response


def go(path: str, said: str = "") -> Response:
    """On to another page after a form; `said` is shown there once."""
    response = cast(Response, redirect(path, 303))
    if said:
        text = quote(said[:_MOST_SAID])
        response.set_cookie(_SAID, text, max_age=_SAID_SECONDS, httponly=True, samesite="Strict")
    return response


def here_with(**changes: Any) -> str:
    """This page's address with other parameters; None takes one away."""
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    for name, value in changes.items():
        pairs += [(name, str(value))] if value is not None else []
    query = "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs)
    return f"{request.path}?{query}" if query else request.path


def page_of_form() -> str:
    """The page on which the form of this request stands: the nearest address above it that is one."""
    routes, path = current_app.create_url_adapter(request), request.path
    assert routes is not None, "within a request"
    if routes.test(path, "GET"):
        return here_with()
    while (path := path.rpartition("/")[0]) and not routes.test(path, "GET"):
        pass
    return path or "/home"


def number_given(name: str) -> int | None:
    """A number of the address or the form that is one; None for anything else."""
    text = request.values.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _ago(moment: datetime | None) -> str:
    return words.ago(moment, clock.now())


def _told() -> str:
    return unquote(request.cookies.get(_SAID, ""))[:_MOST_SAID]


def _here() -> str:
    return "/" + request.path.strip("/").split("/", 1)[0]


def _links(who: Visitor) -> list[tuple[Link, int]]:
    shown = [link for link in console().links if may(who.role, link.permission)]
    found = _counts() if any(link.counts for link in shown) else {}
    return [(link, sum(found[name] for name in link.counts)) for link in shown]


def _counts() -> Mapping[str, int]:
    """What waits for somebody (ORD-14), and what stores refused. Every page asks, so only what the links show."""
    with console().db.read() as session:
        return {**lists.counts(session, names=("at_risk",)), "refused": pushes.counts(session)["failed"]}
