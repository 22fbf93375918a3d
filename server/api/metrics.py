"""Figures for Prometheus: requests counted as they are answered, the rest read when asked."""

from __future__ import annotations

import time

from flask import Response, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy import func, select

from server import clock
from server.api.frame import services
from server.jobs.models import Run

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REGISTRY = CollectorRegistry()
REQUESTS = Counter("stockbook_requests", "Requests answered.", ["method", "route", "status"], registry=REGISTRY)
SECONDS = Histogram("stockbook_request_seconds", "Time to answer a request, in seconds.", ["route"], registry=REGISTRY)
RUNS_DUE = Gauge("stockbook_runs_due", "Runs that wait although they are due.", registry=REGISTRY)
OLDEST_RUN = Gauge(
    "stockbook_oldest_due_run_seconds", "How long the oldest of them has waited, in seconds.", registry=REGISTRY
)
RETRIES = Gauge("stockbook_transaction_retries", "Transactions tried again since the start.", registry=REGISTRY)


def begin() -> None:
    """Before a request."""
    g.began = time.perf_counter()


def count(response: Response) -> Response:
    """After a request. The label is the route, never the address: addresses are without end, and so are methods that
    strangers make up."""
    route = request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.method in _METHODS else "other"
    REQUESTS.labels(method, route, response.status_code).inc()
    if "began" in g:
        SECONDS.labels(route).observe(time.perf_counter() - g.began)
    return response


def figures() -> Response:
    """All figures as text."""
    db, at = services().db, clock.now()
    with db.read() as session:
        due = (Run.state == "waiting", Run.due_at <= at)
        number, oldest = session.execute(select(func.count(), func.min(Run.due_at)).where(*due)).one()
    RUNS_DUE.set(number)
    OLDEST_RUN.set(0 if oldest is None else (at - oldest).total_seconds())
    RETRIES.set(db.retries)
    return Response(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
