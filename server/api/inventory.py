"""Refresh inventory (STK-11)."""

from __future__ import annotations

from flask import Response

from server.api.auth import caller
from server.api.frame import needs, resource
from server.api.jobs import RunShown, accepted
from server.api.once import once
from server.jobs import service

api = resource("inventory", "Stock")

JOB = "refresh"


@api.post("/inventory/refresh", responses={202: RunShown})
@needs("stock.write")
def refresh_inventory() -> Response:
    """Set every figure to the sum of its movements, try out-of-stock orders, evaluate what stores show.

    Answers at once with the run to follow; its progress names each figure that differed (JOB-4).
    """
    by = caller().name
    return once(lambda session: accepted(service.ask(session, JOB, by=by), JOB))
