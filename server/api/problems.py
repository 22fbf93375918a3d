"""Kind of error -> RFC 9457 problem, in one place. Tracebacks go to the log only, under the problem's id."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, NoReturn

from flask import Flask, Response, request
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, UnsupportedMediaType

from server.access.limits import TooOften
from server.api import wording
from server.api.takes import fields_of
from server.channels.errors import ChannelError, Forged, Unsupported
from server.errors import (
    Busy,
    Conflict,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Refused,
    StockbookError,
    WrongUse,
)
from server.uploads.pipeline import FileTooLarge
from server.uploads.quota import QuotaFull

log = logging.getLogger(__name__)

MAX_ERRORS = 200
MEDIA_TYPE = "application/problem+json"

#: The first kind that fits decides.
STATUSES: tuple[tuple[type[StockbookError], int], ...] = (
    (FileTooLarge, 413),
    (NotSignedIn, 401),
    (NotAllowed, 403),
    (NotFound, 404),
    (QuotaFull, 507),
    (Refused, 409),
    (Conflict, 409),
    (WrongUse, 422),
    (Busy, 503),
    (TooOften, 429),
    (StockbookError, 400),
)


class WrongRequest(WrongUse):
    """What was sent does not have the shape that the route describes."""

    code = "wrong-request"


def register(app: Flask) -> None:
    """Answer every kind of error as a problem."""
    app.register_error_handler(StockbookError, _of_ours)
    app.register_error_handler(ChannelError, _of_channel)
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(DBAPIError, _of_database)
    app.register_error_handler(PoolTimeout, lambda _error: _busy())
    app.register_error_handler(Exception, _unexpected)


def raise_wrong_request(error: ValidationError) -> NoReturn:
    """For flask-openapi3: each place of a request that does not fit, in plain words."""
    wrong = wording.problems_of(error, fields_of(request.endpoint))
    raise WrongRequest(wording.together(wrong), errors=wrong) from error


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    title: str = "",
    errors: Iterable[dict[str, Any]] = (),
    facts: dict[str, Any] | None = None,
    problem_id: str | None = None,
    retry_after: int | None = None,
) -> Response:
    """A problem document. `errors` beyond 200 are cut off."""
    content: dict[str, Any] = {
        "type": f"urn:stockbook:problem:{code}",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    listed = list(errors)[:MAX_ERRORS]
    content |= {"errors": listed} if listed else {}
    content |= {"facts": facts} if facts else {}
    content |= {"id": problem_id} if problem_id else {}
    answer = Response(json.dumps(content, default=str), status, content_type=MEDIA_TYPE)
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="stockbook"'
    return answer


def status_of(error: StockbookError) -> int:
    """The HTTP status of a kind of error."""
    return next(status for kind, status in STATUSES if isinstance(error, kind))


def _of_ours(error: StockbookError) -> Response:
    return problem(
        status_of(error),
        error.code,
        error.text,
        title=error.code.replace("-", " ").capitalize(),
        errors=error.errors,
        facts=error.facts,
        retry_after=getattr(error, "retry_after", None),
    )


def _of_channel(error: ChannelError) -> Response:
    status = {Forged: 401, Unsupported: 422}.get(type(error), 502)
    code = type(error).__name__.lower()
    wait = None if error.retry_after is None else max(1, round(error.retry_after))
    return problem(status, f"channel-{code}", error.reason, retry_after=wait)


def of_http(error: HTTPException) -> Response:
    """What Flask and Werkzeug say: no such route, too large, no JSON."""
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    status = error.code or 500
    detail = error.description or HTTPStatus(status).phrase
    if isinstance(error, UnsupportedMediaType):
        detail = "the body is not said to be JSON: send it with the header Content-Type: application/json"
    if isinstance(error, RequestEntityTooLarge):
        detail = f"the request is larger than the {request.max_content_length or 0:,} bytes allowed here"
    answer = problem(status, HTTPStatus(status).phrase.lower().replace(" ", "-"), detail)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "location", "retry-after"):
            answer.headers[name] = value
    return answer


def _of_database(error: DBAPIError) -> Response:
    if isinstance(error, IntegrityError):
        log.warning("refused by the database: %s", error.orig)
        return problem(409, "conflict", "it collides with a change made at the same moment; look again and retry")
    if isinstance(error, OperationalError):
        log.error("the database does not answer: %s", error.orig)
        return _busy()
    return _unexpected(error)


def _busy() -> Response:
    return problem(503, "busy", "the database is busy; nothing was done", retry_after=5)


def _unexpected(error: BaseException) -> Response:
    number = secrets.token_hex(6)
    log.error("unexpected problem %s at %s %r", number, request.method, request.path[:200], exc_info=error)
    return problem(
        500,
        "unexpected",
        f"something went wrong here; the server's log has it under {number}",
        problem_id=number,
    )


class LastResort:
    """Around the whole application: what is not even an `Exception` (a panic in native code) is answered too."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            return self._application(environ, start_response)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            number = secrets.token_hex(6)
            log.error("unexpected problem %s", number, exc_info=error)
            answer = problem(500, "unexpected", f"the server's log has it under {number}", problem_id=number)
            return answer(environ, start_response)
