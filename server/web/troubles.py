"""What goes wrong on a page, as a page: in plain words, with the way back. Tracebacks go to the log only."""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus

from flask import Blueprint, Response, g, request
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from server.channels.errors import ChannelError
from server.errors import StockbookError
from server.web import words
from server.web.frame import console, page_of_form, show

log = logging.getLogger(__name__)

_TITLES = {
    400: "That can't be read",
    401: "Please sign in",
    403: "This is not for you",
    404: "There is no such page",
    405: "There is no such page",
    409: "That is not possible now",
    413: "That file is too large",
    422: "That can't be",
    429: "Too often",
    502: "The store does not answer as it should",
    503: "Too busy at this moment",
}
#: Where the code says more than the status.
_BY_CODE = {"not-our-form": "That form is old"}
_COLLIDED = "it collides with a change made at the same moment; look again and retry"
_BUSY = "the database is busy; nothing was done. Try again in a few seconds"


def register(pages: Blueprint) -> None:
    """Answer every kind of error on these pages as a page."""
    pages.register_error_handler(StockbookError, _of_ours)
    pages.register_error_handler(ChannelError, lambda error: _page(502, error.reason))
    pages.register_error_handler(HTTPException, of_http)
    pages.register_error_handler(DBAPIError, _of_database)
    pages.register_error_handler(PoolTimeout, lambda _error: _page(503, _BUSY))
    pages.register_error_handler(Exception, _unexpected)


def of_http(error: HTTPException) -> Response:
    """What the server itself says: no such page, too large."""
    status = error.code or 500
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    text = error.description or HTTPStatus(status).phrase
    if isinstance(error, RequestEntityTooLarge):
        text = f"it is larger than the {console().settings.upload_max_bytes:,} bytes that may be handed in at once"
    if status == 404:
        text = "perhaps the address has a typing error, or what it named is gone"
    if status == 405:
        text = "this address takes a form only, and none was sent; nothing was done"
    return _page(status, text)


def _of_ours(error: StockbookError) -> Response:
    listed = [str(item.get("text") or item.get("detail") or "") for item in error.errors]
    response = _page(
        console().status_of(error), error.text, [text for text in listed if text and text not in error.text],
        title=_BY_CODE.get(error.code, ""),
    )  # fmt: skip
    if (wait := getattr(error, "retry_after", None)) is not None:
        response.headers["Retry-After"] = str(wait)
    return response


def _of_database(error: DBAPIError) -> Response:
    if isinstance(error, IntegrityError):
        log.warning("refused by the database: %s", error.orig)
        return _page(409, _COLLIDED)
    if isinstance(error, OperationalError):
        log.error("the database does not answer: %s", error.orig)
        return _page(503, _BUSY)
    return _unexpected(error)


def _unexpected(error: Exception) -> Response:
    number = secrets.token_hex(6)
    log.error("unexpected problem %s at %s %r", number, request.method, request.path[:200], exc_info=error)
    return _page(500, f"something went wrong here; the server's log has it under {number}")


def _page(status: int, text: str, listed: list[str] | None = None, *, title: str = "") -> Response:
    g.setdefault("visitor", None)
    title = title or _TITLES.get(status, "Something went wrong")
    back = page_of_form() if request.method == "POST" or status == 405 else "/home"
    return show("trouble.html", status, title=title, text=words.sentence(text), listed=(listed or [])[:50], back=back)
