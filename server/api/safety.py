"""Before a route sees a request: its host, its size, its form. After it: the headers browsers are told."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from typing import Any

from flask import Response, request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from server.api.auth import declared_by
from server.api.frame import services
from server.api.problems import WrongRequest
from server.api.takes import taken_by

#: A form around the file costs a little more than the file.
FORM_OVERHEAD = 64 * 1024
_HEALTH = ("/healthz", "/readyz")
_STRICT = "default-src 'none'; frame-ancestors 'none'"
_PAGE = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"


def check_host() -> None:
    """Answer only to our own names, so that a page elsewhere can't reach us under a name of its own."""
    if request.path in _HEALTH:
        return
    host = _without_port(request.host).lower()
    names = {name.strip().lower() for name in services().settings.trusted_hosts.split(",") if name.strip()}
    if "*" in names or host in names or _is_loopback(host):
        return
    raise BadRequest(f"this server does not answer to '{host[:100]}'; add it to STOCKBOOK_TRUSTED_HOSTS")


def check_size() -> None:
    """Refuse a body over its route's limit before reading it."""
    declared = declared_by(request.endpoint) if request.endpoint else None
    limit = None if declared is None else declared.max_body
    request.max_content_length = limit or services().settings.upload_max_bytes + FORM_OVERHEAD
    if (request.content_length or 0) > request.max_content_length:
        raise RequestEntityTooLarge


def check_form() -> None:
    """The body is what it says it is, and holds nothing that no database can keep."""
    if "\x00" in request.path or "%00" in request.query_string.decode("latin-1"):
        raise BadRequest("the address holds a character that can't be kept (NUL)")
    declared = declared_by(request.endpoint) if request.endpoint else None
    if declared is None or declared.raw_body or request.mimetype == "multipart/form-data":
        return
    if not request.content_length and not request.headers.get("Transfer-Encoding"):
        return
    if not request.is_json:
        raise UnsupportedMediaType("send JSON, with Content-Type: application/json")
    content = checked_json()
    if content and declared.permission is not None and not taken_by(request.endpoint).body:
        raise WrongRequest("this takes no body", errors=_unknown(content if isinstance(content, dict) else ["body"]))


def check_query() -> None:
    """Refuse a parameter that the route does not know: whoever misspelt a filter would take the answer for filtered."""
    declared = declared_by(request.endpoint) if request.endpoint else None
    if declared is None or declared.permission is None or declared.page:
        return  # pages for browsers, and webhooks, to which others add what they like
    known = taken_by(request.endpoint).parameters
    unknown = [name for name in request.args if name not in known]
    if unknown:
        there = f"there are {', '.join(known)}" if known else "it takes none"
        raise WrongRequest(f"there is no parameter '{unknown[0][:60]}' here; {there}", errors=_unknown(unknown))


def checked_json() -> Any:
    """The body as JSON. Raises `BadRequest` for what is none, is nested too deeply, or holds what can't be kept."""
    try:
        content = request.get_json()
        if b"\\u" in request.get_data():
            _refuse_unkeepable(content)
    except RecursionError:
        raise BadRequest("the JSON is nested too deeply") from None
    except BadRequest as error:
        if not isinstance(error.__cause__, BadRequest):
            raise  # the connection broke, or ours
        raise BadRequest(_why_no_json(request.get_data())) from None
    return content


def _why_no_json(body: bytes) -> str:
    """In plain words where a body stops being JSON; read once more, since it is only needed when it is wrong."""
    try:
        json.loads(body)
    except UnicodeDecodeError:
        return "the body is not JSON: it is not text in UTF-8"
    except json.JSONDecodeError as error:
        return _where_it_ends(error)
    except ValueError:  # thousands of digits
        return "the JSON holds a number that is too long"
    return "the body is not JSON"


def _where_it_ends(error: json.JSONDecodeError) -> str:
    if not error.doc.strip():
        return "the body is empty; send JSON"
    if error.pos >= len(error.doc.rstrip()):
        return "the body is not JSON: it breaks off at its end; look for a bracket or a quote that is not closed"
    found = error.doc[error.pos]
    return f"the body is not JSON: line {error.lineno}, column {error.colno}, at {found!r}"


def _unknown(names: Iterable[str]) -> list[dict[str, Any]]:
    return [{"place": name[:100], "code": "unknown", "text": "nobody knows this name"} for name in names]


def add_headers(response: Response) -> Response:
    """What browsers are told with every answer. There is no CORS: other sites' pages may not read us."""
    policy = response.headers.setdefault(
        "Content-Security-Policy", _PAGE if response.mimetype == "text/html" else _STRICT
    )
    if "frame-ancestors 'none'" in policy:
        response.headers.setdefault("X-Frame-Options", "DENY")
    for name, value in {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }.items():
        response.headers.setdefault(name, value)
    return response


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_unkeepable(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise BadRequest("a text holds a character that can't be kept (NUL or half a surrogate pair)")
    elif isinstance(value, dict):
        for name, item in value.items():
            _refuse_unkeepable(name)
            _refuse_unkeepable(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_unkeepable(item)
