"""The OpenAPI document, and a page to try it whose parts all come from this server."""

from __future__ import annotations

from importlib.resources import files
from typing import cast

from flask import Blueprint, Response, current_app, jsonify, send_from_directory
from flask_openapi3.openapi import OpenAPI

from server.api.frame import PREFIX, open_to_all

description = Blueprint("description", __name__, url_prefix=PREFIX)

_ASSETS = str(files("flask_openapi3_swagger") / "templates" / "swagger")
_FILES = {
    "swagger-ui.css": "css/swagger-ui.css",
    "swagger-ui-bundle.js": "js/swagger-ui-bundle.js",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Stockbook: the API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "openapi.json", dom_id: "#page", deepLinking: true, persistAuthorization: false,
  defaultModelsExpandDepth: -1, docExpansion: "none", validatorUrl: null
});
"""
# The page sets styles on its elements and draws its icons from data addresses; scripts come from here only.
_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
    "frame-ancestors 'none'; object-src 'none'"
)


@description.get("/openapi.json")
@open_to_all("clients are made from it; it holds no data")
def openapi() -> Response:
    """The description of this API, OpenAPI 3.1."""
    return jsonify(cast(OpenAPI, current_app).api_doc)


@description.get("/docs")
@open_to_all("the page holds no data; trying a call takes a token")
def docs() -> Response:
    """A page to read the description and try calls."""
    return Response(_PAGE, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _POLICY})


@description.get("/docs/start.js")
@open_to_all("part of the page")
def start() -> Response:
    """Starts the page."""
    return Response(_START, content_type="text/javascript; charset=utf-8")


@description.get("/docs/<name>")
@open_to_all("part of the page")
def asset(name: str) -> Response:
    """The page's script and style, out of the installed package."""
    answer = send_from_directory(_ASSETS, _FILES.get(name, "none"))
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer
