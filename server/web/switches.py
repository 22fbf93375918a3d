"""Settings: the switches that people turn while it runs."""

from __future__ import annotations

from flask import Response, request

from server import clock
from server.access.declaring import shown_to
from server.errors import NotFound, StockbookError
from server.operations.turn_switch import turn
from server.switches import service
from server.web import words
from server.web.frame import console, go, pages, show, visitor

page = pages("switches")


@page.get("/settings")
@shown_to("read")
def settings() -> Response:
    """Every switch as it is now."""
    return _list()


@page.post("/settings/<name>")
@shown_to("settings.write")
def turn_switch(name: str) -> Response:
    """Turn a switch; refused with the reason where orders stand in the way (PSH-13)."""
    by, on = visitor().name, request.form.get("on") == "yes"
    try:
        console().db.write(lambda session: turn(session, name, on, by=by, at=clock.now()))
    except NotFound:
        raise
    except StockbookError as problem:
        return _list(problem)
    return go("/settings", f"{words.titled(name)} is {'on' if on else 'off'} now.")


def _list(problem: StockbookError | None = None) -> Response:
    with console().db.read() as session:
        known = service.switches(session)
    return show("settings.html", problem=problem, switches=known, definitions=service.DEFINITIONS)
