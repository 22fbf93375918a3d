"""What a route declares beside itself: the permission it takes, and who asks by what. Pure; the guards read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from server.access.roles import Permission

View = TypeVar("View", bound=Callable[..., Any])

SMALL_BODY = 1024 * 1024


@dataclass(frozen=True)
class Needs:
    """What a route declares: the permission (None: open to all, for `reason`) and how large its body may be.

    `page`: asked for by a browser that is signed in, not by a token; its own guard looks at that.
    """

    permission: Permission | None
    max_body: int | None = SMALL_BODY
    raw_body: bool = False
    reason: str = ""
    page: bool = False


def needs(
    permission: Permission, *, max_body: int | None = SMALL_BODY, raw_body: bool = False
) -> Callable[[View], View]:
    """Declare beside a route what its caller must be allowed (SEC-1). A route without it answers nobody.

    `max_body` in bytes; None leaves it to the server's own limit on uploads. `raw_body`: not JSON, not a form.
    """
    return declare(Needs(permission, max_body, raw_body))


def open_to_all(reason: str, *, max_body: int | None = SMALL_BODY, raw_body: bool = False) -> Callable[[View], View]:
    """Declare that a route takes no token, and why."""
    return declare(Needs(None, max_body, raw_body, reason))


def shown_to(permission: Permission, *, max_body: int | None = SMALL_BODY) -> Callable[[View], View]:
    """Declare beside a page what whoever is signed in must be allowed: the same words as the API's (SEC-1)."""
    return declare(Needs(permission, max_body, raw_body=True, page=True))


def declare(what: Needs) -> Callable[[View], View]:
    """Mark a view with what it needs."""

    def mark(view: View) -> View:
        view.stockbook_needs = what  # type: ignore[attr-defined]
        return view

    return mark


def needs_of(view: Callable[..., Any]) -> Needs | None:
    """What a route declared, None if it forgot."""
    return cast("Needs | None", getattr(view, "stockbook_needs", None))
