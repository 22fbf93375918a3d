"""What the seller's calls go through before and after their work: secret, rate limit, faults."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from flask import Flask, Response, g, request

from server.sandbox.faults import Faults
from server.sandbox.routes import SELLER_ONLY, problem
from server.sandbox.shop import Marketplace


def _bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _is_sellers_call() -> bool:
    return request.endpoint in SELLER_ONLY or "Authorization" in request.headers


class Gate:
    """Put before and behind every route; buyers' calls and the switches pass untouched."""

    def __init__(self, market: Marketplace, sleep: Callable[[float], None] = time.sleep) -> None:
        self._market = market
        self._sleep = sleep

    def install(self, app: Flask) -> None:
        """Hang it into the app."""
        app.before_request(self.before)
        app.after_request(self.after)

    def before(self) -> Response | None:
        """Stop the call with what the faults, the secret or the rate limit demand."""
        shop = (request.view_args or {}).get("shop")
        if shop is None or not _is_sellers_call():
            return None
        faults = self._market.faults.of(shop)
        g.faults = faults
        if faults.slow_ms:
            self._sleep(faults.slow_ms / 1000)
        if faults.down:
            return problem(503, "down", "the marketplace is down")
        if faults.refuse_sign_in:
            return problem(401, "wrong-secret", "the marketplace has withdrawn this sign-in")
        self._market.check_secret(shop, _bearer())
        wait = self._market.limiter.take(shop, faults.rate_limit_per_s)
        if wait > 0:
            response = problem(429, "rate-limit", "too many calls", retry_after=round(wait, 3))
            response.headers["Retry-After"] = str(math.ceil(wait))
            return response
        if faults.error_rate and self._market.chance() < faults.error_rate:
            return problem(500, "error", "the marketplace failed; nothing was done")
        return None

    def after(self, response: Response) -> Response:
        """Lose or cut the answer of a call that was done."""
        faults: Faults | None = g.get("faults")
        if faults is None or response.status_code >= 400:
            return response
        if faults.lose_answers and self._market.chance() < faults.lose_answers:
            return problem(500, "error", "the marketplace failed; nobody knows what was done")
        if faults.half_answers:
            response.set_data(response.get_data()[: max(1, (response.content_length or 2) // 2)])
        return response
