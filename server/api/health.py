"""Whether it lives, whether it is ready, how it does: outside `/api/v1`, for whoever watches servers."""

from __future__ import annotations

from flask import Blueprint, Response
from sqlalchemy import text

from server.api import metrics
from server.api.frame import open_to_all, services
from server.errors import Busy

health = Blueprint("health", __name__)


@health.get("/healthz")
@open_to_all("watchers have no token, and it tells nothing")
def alive() -> Response:
    """The process answers."""
    return Response('{"status": "alive"}', content_type="application/json")


@health.get("/readyz")
@open_to_all("watchers have no token, and it tells nothing")
def ready() -> Response:
    """Recovery is done and the database answers."""
    if not services().ready.is_set():
        raise Busy("still starting", retry_after=1)
    with services().db.read() as session:
        session.execute(text("SELECT 1"))
    return Response('{"status": "ready"}', content_type="application/json")


@health.get("/metrics")
@open_to_all("Prometheus asks without a token; figures only, no names")
def prometheus() -> Response:
    """Figures as Prometheus reads them."""
    return metrics.figures()
