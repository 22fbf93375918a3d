"""The web process put together: routes, the guard before them, problems, headers."""

from __future__ import annotations

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from server.api import audit, auth, description, health, jobs, metrics, problems, safety, settings, tokens, users
from server.api.frame import Problem, Services

VERSION = "1"

#: One line per resource.
RESOURCES: tuple[APIBlueprint, ...] = (
    users.api,
    tokens.api,
    jobs.api,
    settings.api,
    audit.api,
)


def create_app(shared: Services) -> OpenAPI:
    """The application over `shared`. Nothing in it is global: two may live in one process."""
    app = OpenAPI(
        "stockbook",
        info=Info(title="Stockbook", version=VERSION, description="Stock of many online stores, from Excel."),
        security_schemes={"token": {"type": "http", "scheme": "bearer", "description": "An API token: sb_…"}},
        validation_error_model=Problem,
        validation_error_callback=problems.raise_wrong_request,
        doc_ui=False,
        static_folder=None,
    )
    app.extensions["stockbook"] = shared
    app.json.sort_keys = False  # type: ignore[attr-defined]
    for before in (metrics.begin, safety.check_host, safety.check_size, auth.guard, safety.check_form):
        app.before_request(before)
    for after in (safety.add_headers, metrics.count):
        app.after_request(after)
    problems.register(app)
    for api in RESOURCES:
        app.register_api(api)
    app.register_blueprint(health.health)
    app.register_blueprint(description.description)
    app.wsgi_app = problems.LastResort(app.wsgi_app)  # type: ignore[method-assign]
    return app
