"""Idempotency-Key: the same request under the same key has one effect and one answer, byte for byte."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from flask import Response, request
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from server.access import request_keys
from server.access.request_keys import Claim, StillRunning, StoredAnswer
from server.api.auth import caller
from server.api.frame import Answer, answer, services
from server.errors import StockbookError

HEADER = "Idempotency-Key"
WAIT_SECONDS = 5.0
_LOOK_EVERY_SECONDS = 0.05

Work = Callable[[Session], BaseModel | Answer]


def once(work: Work, *, status: int = 200) -> Response:
    """Run `work` in one writing transaction and show what it gives; under the request's key, only once.

    Key, effect and answer are one commit. `work` may run again when the database asks for it, so it must do
    nothing but talk to its session. A refusal stores nothing: the same key may be tried again.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return answer(services().db.write(work), status).response()
    scope, fingerprint = key_scope(), fingerprint_of(request_content())

    def under_key(session: Session) -> Answer:
        claim = request_keys.claim(session, scope, key, fingerprint, lease=None)
        if claim.stored is not None:
            return _again(claim.stored)
        done = answer(work(session), status)
        request_keys.finish(session, claim, done.status, done.headers, done.body)
        return done

    return services().db.write(under_key).response()


def once_in_steps(work: Callable[[Claim | None], Answer], *, fingerprint: bytes) -> Response:
    """For work of several transactions: claim the key, work, store the answer.

    `work` gets the claim (None without a key); one that was `taken_over` may have had its effect, which `work` has
    to look for. A request that comes while another works waits a little for that one's answer.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return work(None).response()
    claim = _claim_or_wait(key_scope(), key, fingerprint)
    if claim.stored is not None:
        return _again(claim.stored).response()
    db = services().db
    try:
        done = work(claim)
    except (StockbookError, HTTPException):
        db.write(lambda session: request_keys.give_up(session, claim))
        raise
    except Exception:
        with suppress(SQLAlchemyError, StockbookError):  # what went wrong may be the database itself
            db.write(lambda session: request_keys.let_go(session, claim))
        raise
    db.write(lambda session: request_keys.finish(session, claim, done.status, done.headers, done.body))
    return done.response()


def key_scope() -> str:
    """Whose key: two users may use the same."""
    return f"user:{caller().user_id}"


def fingerprint_of(parts: Iterable[bytes]) -> bytes:
    """The hash of what makes a request the same request."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def request_target() -> list[bytes]:
    """Method, path and query, without regard to the query's order."""
    query = sorted(request.args.items(multi=True))
    return [request.method.encode(), request.path.encode(), json.dumps(query).encode()]


def request_content() -> list[bytes]:
    """Target and body; JSON without regard to blanks and the order of its fields. Not for files."""
    content = request.get_json(silent=True)
    body = request.get_data() if content is None else json.dumps(content, sort_keys=True).encode()
    return [*request_target(), body]


def _claim_or_wait(scope: str, key: str, fingerprint: bytes) -> Claim:
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return services().db.write(lambda session: request_keys.claim(session, scope, key, fingerprint))
        except StillRunning:
            if time.monotonic() > until:
                raise
        time.sleep(_LOOK_EVERY_SECONDS)


def _again(stored: StoredAnswer) -> Answer:
    return Answer(stored.status, stored.headers, stored.body)
