"""The Office add-in given out: its manifest for the address it is asked at, and the files of `addin/officejs`.

Excel fetches all of it without a token; none of it holds data. What the pane shows comes from the API, with one.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from string import Template
from xml.sax.saxutils import escape

from flask import Blueprint, Response, request, send_from_directory

from server.access.declaring import open_to_all
from server.errors import NotFound, Refused
from server.web.frame import console

page = Blueprint("office", __name__, url_prefix="/addin")

_ROOT = Path(__file__).parents[2]
_FOLDER = _ROOT / "addin" / "officejs"
_KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
_HOLDS_NOTHING = "Excel loads it before anybody has signed in; it holds no data"

#: Microsoft serves office.js from here and supports no other place.
OFFICE_JS = "https://appsforoffice.microsoft.com"
#: Pages that Excel on the web is made of: all those above the pane have to be named, and they come from several names.
EXCEL_ON_THE_WEB = (
    "https://*.officeapps.live.com",
    "https://onedrive.live.com",
    "https://*.sharepoint.com",
    "https://*.cloud.microsoft",
    "https://*.office.com",
    "https://*.office365.com",
    "https://*.microsoft365.com",
    "https://teams.microsoft.com",
)
POLICY = "; ".join(
    (
        "default-src 'none'",
        f"script-src 'self' {OFFICE_JS}",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        f"frame-ancestors 'self' {' '.join(EXCEL_ON_THE_WEB)}",
    )
)


@page.get("/manifest.xml")
@open_to_all(_HOLDS_NOTHING)
def manifest() -> Response:
    """The add-in's manifest, for the address it is fetched from."""
    text = Template((_FOLDER / "manifest.xml").read_text(encoding="utf-8"))
    filled = text.substitute(address=escape(_address(), {'"': "&quot;"}), version=f"{_version()}.0")
    return Response(filled, content_type="application/xml; charset=utf-8")


@page.get("/<path:name>")
@open_to_all(_HOLDS_NOTHING)
def office_file(name: str) -> Response:
    """A page, script or style of the add-in, in a folder or not."""
    kind = _KINDS.get(Path(name).suffix)
    if kind is None:
        raise NotFound(f"the add-in has no file {name[:60]}")
    response = send_from_directory(_FOLDER, name, mimetype=kind)
    if kind == "text/html":
        response.headers["Content-Security-Policy"] = POLICY
    return response


@page.get("/icons/<name>")
@open_to_all(_HOLDS_NOTHING)
def office_icon(name: str) -> Response:
    """A picture of a button. Excel shows none that it may not keep, and on the web fetches it from another site."""
    if Path(name).suffix != ".png":
        raise NotFound(f"the add-in has no icon {name[:60]}")
    response = send_from_directory(_FOLDER / "icons", name, mimetype="image/png")
    response.headers["Cache-Control"] = "public, max-age=86400"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _address() -> str:
    """Where Excel is to find the add-in: the public address, or the one this request came to. Raises `Refused`."""
    public = console().settings.public_url.strip().rstrip("/")
    if public.startswith("https://"):
        return public
    if request.scheme == "https":
        return request.host_url.rstrip("/")
    raise Refused(
        "Excel loads add-ins over HTTPS only: start the server with `serve --tls` and ask for the manifest there, or, "
        "behind a proxy that speaks TLS, set STOCKBOOK_PUBLIC_URL to its https:// address"
    )


@cache
def _version() -> str:
    """The project's own, in three parts."""
    with (_ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])
