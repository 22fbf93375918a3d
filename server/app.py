"""The web process put together: routes, the guard before them, problems, headers, the server that listens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from werkzeug.exceptions import HTTPException

from server.access import request_keys
from server.api import (
    audit,
    auth,
    description,
    health,
    imports,
    inventory,
    jobs,
    mappings,
    metrics,
    orders,
    problems,
    push,
    push_rules,
    reports,
    returns,
    safety,
    safety_stock,
    settings,
    shelves,
    sku_tools,
    skus,
    stock,
    stock_counts,
    stock_lists,
    store_import,
    stores,
    sync,
    templates,
    tokens,
    transfers,
    uploads,
    users,
    warehouses,
)
from server.api.frame import Problem, Services, open_to_all
from server.api.token_uses import TokenUses
from server.db.session import Database
from server.listening import Tls, listen
from server.settings import Settings
from server.uploads import pipeline
from server.uploads.running import Uploads
from server.web import office, pages, start
from server.web.frame import Console

VERSION = "1"

#: One line per resource.
RESOURCES: tuple[APIBlueprint, ...] = (
    users.api,
    tokens.api,
    jobs.api,
    imports.api,
    settings.api,
    audit.api,
    templates.api,
    uploads.api,
    warehouses.api,
    shelves.api,
    skus.api,
    sku_tools.api,
    safety_stock.api,
    stores.api,
    store_import.api,
    mappings.api,
    stock.api,
    inventory.api,
    stock_lists.api,
    transfers.api,
    stock_counts.api,
    orders.api,
    returns.api,
    sync.api,
    push.api,
    push_rules.api,
    reports.api,
)


class Application(OpenAPI):
    """Routes, and what they share. Whatever happens in it is answered."""

    def wsgi_app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        return problems.LastResort(super().wsgi_app)(environ, start_response)

    def share(self, shared: Services) -> None:
        """Have the routes work on `shared`."""
        self.extensions["stockbook"] = shared
        pages.share(self, Console(shared.db, shared.settings, shared.uploads, problems.status_of))


def create_app(shared: Services) -> Application:
    """The application over `shared`. Nothing in it is global: two may live in one process."""
    app = Application(
        "stockbook",
        info=Info(title="Stockbook", version=VERSION, description="Stock of many online stores, from Excel."),
        security_schemes={"token": {"type": "http", "scheme": "bearer", "description": "An API token: sb_…"}},
        validation_error_model=Problem,
        validation_error_callback=problems.raise_wrong_request,
        doc_ui=False,
        static_folder=None,
    )
    app.share(shared)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    for before in (
        metrics.begin,
        safety.check_host,
        safety.check_size,
        auth.guard,
        safety.check_query,
        safety.check_form,
    ):
        app.before_request(before)
    for after in (safety.add_headers, metrics.count):
        app.after_request(after)
    problems.register(app)
    for api in RESOURCES:
        app.register_api(api)
    app.register_blueprint(health.health)
    app.register_blueprint(description.description)
    page = start.StartPage(shared.db, shared.settings, in_full=shared.open_start_page)
    app.register_blueprint(start.blueprint(page, open_to_all))
    app.register_blueprint(office.page)
    pages.register(app)
    for nothing in (404, 405):
        app.register_error_handler(nothing, _nothing_there)
    return app


def _nothing_there(error: HTTPException) -> Response:
    """A page for people, a problem for programs."""
    return pages.no_such_page(error) if pages.wants_a_page() else problems.of_http(error)


def _recover(db: Database, settings: Settings) -> None:
    """Before the first request: uploads that a crash cut off are said to be; keys they were under may be used again.

    With several machines another one may be at work on them: there leases have to run out.
    """
    pipeline.recover(db, all_of_them=not settings.several_machines)
    if not settings.several_machines:
        db.write(request_keys.free_left)


class Server:
    """The application, listening: one process, threads; bodies are buffered before a thread is taken."""

    def __init__(
        self,
        db: Database,
        settings: Settings,
        host: str,
        port: int,
        *,
        tls: Tls | None = None,
        open_start_page: bool = False,
    ) -> None:
        """Listens at once. Raises `Refused` where the port is taken or the certificate can't be used."""
        self.shared = Services(db, settings, TokenUses(db), Uploads(db, settings), open_start_page)
        self._listener = listen(
            create_app(self.shared),
            host,
            port,
            threads=settings.threads,
            # ours answers first, as a problem; this one is the last line of defence
            max_body=4 * settings.upload_max_bytes,
            tls=tls,
        )
        shown = f"[{host}]" if ":" in host else host
        self.address = f"{'http' if tls is None else 'https'}://{shown}:{self._listener.port}"
        try:
            _recover(db, settings)
        except BaseException:
            self._listener.close()
            raise

    def run(self) -> None:
        """Answer until Ctrl-C or SIGTERM; requests under way come to an end."""
        self._listener.run()

    def close(self) -> None:
        """Listen no more; write what is left to write."""
        self._listener.close()
        self.shared.uploads.close()
        self.shared.token_uses.flush()
