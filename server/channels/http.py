"""One way to call out: time-outs, pace, bounded retry, size limit, redaction. Tests pass in the transport.

What comes back is an `Answer` in the 200s (or of a status the caller asked for), else a `ChannelError` is raised.
A call that could change something is never sent twice: whoever made it decides what a lost answer means.
"""

from __future__ import annotations

import json
import logging
import math
import random
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeVar

import httpx

from server.channels.bounded import BoundedTransport, ending_in
from server.channels.errors import NOT_UNDERSTOOD, ChannelError, NeedsSignIn, Refused, Throttled, Unreachable
from server.channels.pacing import Bucket

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
#: all of a call, retries too; must stay below the lease of a push (90 s)
TOTAL_SECONDS = 60.0
_TOO_LONG = f"the answer took longer than {TOTAL_SECONDS:g} s"
ANSWER_BYTES = 10 * 1024 * 1024
SAFE_ATTEMPTS = 3
RETRY_PAUSE_SECONDS = 0.2
#: the longest `Retry-After` that is believed
RETRY_AFTER_SECONDS = 3600.0
CONNECTIONS = 20
KEEP_ALIVE_SECONDS = 15.0
REASON_LENGTH = 200
SHORTEST_SECRET = 4
HIDDEN = "•••"

# Both log addresses with their query, and headers: the places where markets want tokens and signatures.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What a market answered, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON, money kept exact; `Unreachable` when it is none or was cut off."""
        try:
            return json.loads(self.body, parse_float=Decimal)
        except ValueError:
            raise Unreachable("the answer was cut off or is not JSON") from None


def understood(reader: Callable[..., T], *values: Any) -> T:
    """`reader(*values)`; an answer of another shape than expected is as good as none: `Unreachable`."""
    try:
        return reader(*values)
    except NOT_UNDERSTOOD as problem:
        reason = f"the answer was not understood ({type(problem).__name__} in {reader.__name__})"
        raise Unreachable(reason) from problem


def redact(text: str, secrets: Collection[str]) -> str:
    """The text without any of the secrets, on one line and cut to a length that can be shown."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, HIDDEN)
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return text if len(text) <= REASON_LENGTH else text[: REASON_LENGTH - 1] + "…"


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, from `Retry-After` as seconds or as a date; None where none makes sense."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    return min(max(0.0, seconds), RETRY_AFTER_SECONDS) if math.isfinite(seconds) else None


@cache
def _network() -> httpx.Client:
    """The process's connections: kept open between calls, shared by threads, without cookies or proxies."""
    return _client(BoundedTransport(_limits()))


def _limits() -> httpx.Limits:
    return httpx.Limits(
        max_connections=CONNECTIONS,
        max_keepalive_connections=CONNECTIONS,
        keepalive_expiry=KEEP_ALIVE_SECONDS,
    )


def _client(transport: httpx.BaseTransport) -> httpx.Client:
    # A cookie of one store must not travel with the calls of another.
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.Client(transport=transport, cookies=no_cookies, follow_redirects=False, trust_env=False)


class HttpClient:
    """Calls to one store's market. `secrets` never appear in an error or the log."""

    def __init__(
        self,
        base_url: str,
        *,
        secrets: Collection[str] = (),
        pace: Bucket | None = None,
        transport: httpx.BaseTransport | None = None,
        timer: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._secrets = tuple(secrets)
        self._pace = pace
        self._client = _network() if transport is None else _client(transport)
        self._timer = timer
        self._sleep = sleep

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Collection[int] = (),
        safe: bool | None = None,
    ) -> Answer:
        """One call. `expect`: statuses beyond the 200s that the caller reads itself.

        `safe` calls (GET unless said otherwise) are repeated when no answer came; `content` is sent as given,
        so that what was signed is what is sent. Raises `Unreachable`, `Throttled`, `NeedsSignIn` or `Refused`.
        """
        deadline = self._timer() + TOTAL_SECONDS
        attempts = SAFE_ATTEMPTS if (method == "GET" if safe is None else safe) else 1
        request = (method, self._base_url + path, dict(params or {}), content, dict(headers or {}))
        for attempt in range(1, attempts + 1):
            try:
                return self._once(*request, expect=expect, deadline=deadline)
            except Unreachable as problem:
                pause = RETRY_PAUSE_SECONDS * 2**attempt * (0.5 + random.random())
                if attempt == attempts or problem.retry_after or self._timer() + pause >= deadline:
                    raise
                self._sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _once(
        self,
        method: str,
        url: str,
        params: dict[str, str],
        content: bytes | None,
        headers: dict[str, str],
        *,
        expect: Collection[int],
        deadline: float,
    ) -> Answer:
        if self._pace is not None:
            self._pace.take()
        begun = self._timer()
        try:
            # Unpacked answers can't be counted before they are in memory, so none are asked for.
            request = self._client.build_request(
                method,
                url,
                params=params or None,
                content=content,
                headers={"Accept-Encoding": "identity", "Accept": "application/json", **headers},
                timeout=self._timeouts(deadline),
            )
            with ending_in(deadline - self._timer()):
                answer = self._read(request, deadline)
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError) as problem:
            # The same call would fail again: the address or a credential has characters that can't be sent.
            raise Refused(redact(f"the call can't be made: {type(problem).__name__}", self._secrets)) from None
        except (httpx.HTTPError, httpx.StreamError) as problem:
            late = isinstance(problem, httpx.TimeoutException) and self._timer() >= deadline
            said = _TOO_LONG if late else f"no answer: {type(problem).__name__} {problem}"
            reason = redact(said, self._secrets)
            log.info("%s %s: %s", method, self._place(url), reason)
            raise Unreachable(reason) from None
        log.debug("%s %s: %s in %.3f s", method, self._place(url), answer.status, self._timer() - begun)
        if 200 <= answer.status < 300 or answer.status in expect:
            return answer
        raise self._problem(answer)

    def _read(self, request: httpx.Request, deadline: float) -> Answer:
        response = self._client.send(request, stream=True)
        try:
            parts, size = [], 0
            for part in response.iter_bytes():
                size += len(part)
                if size > ANSWER_BYTES:
                    raise Unreachable(f"the answer is larger than {ANSWER_BYTES // 1024**2} MB")
                if self._timer() > deadline:
                    raise Unreachable(_TOO_LONG)
                parts.append(part)
        finally:
            response.close()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, b"".join(parts))

    def _timeouts(self, deadline: float) -> httpx.Timeout:
        left = max(0.1, deadline - self._timer())
        connect, read = min(CONNECT_SECONDS, left), min(READ_SECONDS, left)
        return httpx.Timeout(connect=connect, read=read, write=read, pool=connect)

    def _problem(self, answer: Answer) -> ChannelError:
        wait = retry_after(answer.headers, datetime.now(UTC))
        reason = redact(f"{answer.status}: {_words(answer)}", self._secrets)
        if answer.status == 429:
            if self._pace is not None:
                self._pace.rest(wait or 1.0)
            return Throttled(reason, retry_after=wait)
        if answer.status in (401, 403):
            return NeedsSignIn(reason)
        # A redirect is never followed: it would carry the secret to another place.
        if answer.status >= 500 or answer.status in (408, 425) or answer.status < 400:
            return Unreachable(reason, retry_after=wait)
        return Refused(reason)

    def _place(self, url: str) -> str:
        return redact(url, self._secrets)


def _words(answer: Answer) -> str:
    """What the market says about its refusal: the usual fields of a JSON error, else the start of the body."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        return answer.body[:REASON_LENGTH].decode("utf-8", "replace")
    if isinstance(body, dict):
        for field in ("detail", "message", "error_description", "title", "error"):
            if isinstance(body.get(field), str) and body[field]:
                return str(body[field])
    return answer.body[:REASON_LENGTH].decode("utf-8", "replace")
