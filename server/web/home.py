"""The first page after signing in: what waits, what is in stock, what buyers see."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template

from server import clock
from server.access import passwords
from server.access.declaring import shown_to
from server.web import words
from server.web.frame import console, pages, show, visitor
from server.web.overview import MOST_SKUS, overview

page = pages("home")
EVERY_SECONDS = 10


@page.get("/home")
@shown_to("read")
def home() -> Response:
    """What waits, what is in stock, what buyers see."""
    who = visitor()
    with console().db.read() as session:
        bare = who.by_token and not passwords.has_one(session, who.user_id)
    return show("home.html", every=EVERY_SECONDS, without_password=bare, **_figures())


@page.get("/home/figures")
@shown_to("read")
def home_figures() -> str:
    """The parts of the first page that change."""
    return render_template("figures.html", **_figures())


def _figures() -> dict[str, Any]:
    with console().db.read() as session:
        found = overview(session, clock.now())
    return {
        "figures": found,
        "ago": lambda moment: words.ago(moment, found.at),
        "most_skus": MOST_SKUS,
        "uploads_at": "/uploads",
    }
