"""The sandbox marketplace over HTTP: put together, served, and run beside something else.

Three kinds of calls, told apart so that a fault hits what a real fault would hit:

* buyers' and the tester's calls (listings, placing and moving orders) need no secret and never meet a fault;
* the seller's calls (stock, the list of orders, webhooks, and any call with an `Authorization: Bearer SECRET`
  header) are checked against the shop's secret, if one is registered, and meet rate limit and faults;
* the switches (`/faults`, `/stats`) always answer.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import waitress
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from server.errors import Refused
from server.sandbox import errors
from server.sandbox.gate import Gate
from server.sandbox.routes import EXTENSION, api, problem
from server.sandbox.shop import Marketplace

THREADS = 16
MAX_BODY_BYTES = 10 * 1024 * 1024

STATUSES: dict[type[errors.ShopError], int] = {
    errors.WrongInput: 422,
    errors.Unknown: 404,
    errors.Conflict: 409,
    errors.WrongSecret: 401,
}


def create_app(
    path: Path,
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    chance: Callable[[], float] = random.random,
    transport: httpx.BaseTransport | None = None,
    deliver: bool = True,
) -> Flask:
    """The marketplace kept in the SQLite file `path`. `deliver`: send webhooks from a background thread.

    What is passed in besides is for tests. `market_of(app).close()` lets go of file and thread.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    market = Marketplace(path, clock=clock, chance=chance, transport=transport)
    app.extensions[EXTENSION] = market
    app.register_blueprint(api)
    Gate(market, sleep).install(app)
    app.register_error_handler(errors.ShopError, _refusal)
    app.register_error_handler(HTTPException, _http_error)
    if deliver:
        market.courier.start()
    return app


def market_of(app: Flask) -> Marketplace:
    """The marketplace behind an app."""
    market: Marketplace = app.extensions[EXTENSION]
    return market


def serve(path: Path, host: str = "127.0.0.1", port: int = 8100, *, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until interrupted; the state stays in the file. Calls `ready` once it listens.

    Raises `Refused` where it can't listen.
    """
    app = create_app(path, deliver=False)
    market = market_of(app)
    try:
        try:
            server = waitress.create_server(app, host=host, port=port, threads=THREADS, **_limits())
        except OSError as error:
            raise Refused(f"the sandbox store can't listen on {host}:{port}: {error.strerror or error}") from error
        market.courier.start()
        ready()
        server.run()
    finally:
        market.close()


@contextmanager
def running(path: Path, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve on a thread for the length of the block; gives the address, such as `http://127.0.0.1:40123`."""
    app = create_app(path, deliver=False)
    market = market_of(app)
    sockets: dict[int, Any] = {}
    try:
        server = waitress.create_server(app, host=host, port=port, threads=THREADS, map=sockets, **_limits())
        market.courier.start()
        thread = threading.Thread(target=server.run, name="sandbox", daemon=True)
        thread.start()
        try:
            yield f"http://{host}:{server.effective_port}"
        finally:
            # The loop ends once its own thread has closed all its sockets.
            with suppress(OSError):  # it has ended by itself
                server.trigger.pull_trigger(partial(server.asyncore.close_all, sockets))
            thread.join(timeout=5)
            server.task_dispatcher.shutdown()
    finally:
        market.close()


def _limits() -> dict[str, Any]:
    return {"max_request_body_size": MAX_BODY_BYTES, "ident": "stockbook-sandbox", "channel_timeout": 60}


def _refusal(error: errors.ShopError) -> Response:
    return problem(STATUSES.get(type(error), 400), error.code, error.text, **error.facts)


def _http_error(error: HTTPException) -> Response:
    return problem(error.code or 500, error.name.lower().replace(" ", "-"), error.description or error.name)
