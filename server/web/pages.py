"""The console put together: its pages, and the navigation that leads to them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from server.errors import NotSignedIn
from server.web import (
    account,
    guarding,
    home,
    imports,
    jobs,
    orders,
    people,
    pushes,
    reports,
    scanning,
    signing_in,
    stock,
    stores,
    switches,
    troubles,
    uploads,
)
from server.web.frame import Console, Link

#: In the order of the navigation.
LINKS: tuple[Link, ...] = (
    Link("/home", "Home", "read"),
    Link("/stock", "Stock", "read"),
    Link("/orders", "Orders", "read", ("out_of_stock", "unmapped", "at_risk")),
    Link("/pushes", "Pushes", "read", ("refused",)),
    Link("/uploads", "Uploads", "read"),
    Link("/returns", "Scan returns", "read"),
    Link("/reports", "Reports", "read"),
    Link("/stores", "Stores", "read"),
    Link("/imports", "Imports", "read"),
    Link("/jobs", "Jobs", "read"),
    Link("/settings", "Settings", "read"),
    Link("/people", "People", "users.write"),
)
PAGES: tuple[Blueprint, ...] = (
    signing_in.page,
    home.page,
    account.page,
    stock.page,
    orders.page,
    pushes.page,
    uploads.page,
    scanning.page,
    reports.page,
    stores.page,
    imports.page,
    jobs.page,
    switches.page,
    people.page,
)
#: What is asked for by programs is answered to programs.
_NOT_PAGES = ("/api/", "/start/", "/healthz", "/readyz", "/metrics")

for _page in PAGES:
    _page.before_request(guarding.guard)
    troubles.register(_page)


def share(app: Flask, shared: Console) -> None:
    """Have the pages work on `shared`."""
    app.extensions["stockbook_console"] = replace(shared, links=LINKS)


def register(app: Flask) -> None:
    """Serve the console."""
    for page in PAGES:
        app.register_blueprint(page)


def wants_a_page() -> bool:
    """Whether a browser asks for something that is not there, rather than a program."""
    return not request.path.startswith(_NOT_PAGES) and request.accept_mimetypes.accept_html


def no_such_page(error: HTTPException) -> Response:
    """For an address that nothing stands at: the way back, and the navigation for whoever is signed in."""
    g.visitor = None
    with suppress(NotSignedIn):
        g.visitor = guarding.identify()
    return troubles.of_http(error)
