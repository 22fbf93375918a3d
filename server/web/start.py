"""The start page of the demo: what buyers see, what was handed in, what waits, without signing in.

It is there only where `in_full` says so, which is the demo on this machine. Any other server leads to the console,
which asks who is there and shows an outsider no data at all. The console's assets are given out here too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Protocol, TypeVar

from flask import Blueprint, Response, redirect, render_template, request, send_from_directory

from server import clock
from server.db.session import Database
from server.errors import NotFound
from server.settings import Settings
from server.uploads import downloads
from server.web import words
from server.web.overview import MOST_SKUS, overview
from validators.registry import WORKBOOKS

EVERY_SECONDS = 4
_STATIC = Path(__file__).parent / "static"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ASSETS = {
    "start.css": "text/css",
    "start.js": "text/javascript",
    "console.css": "text/css",
    "console.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}

View = TypeVar("View", bound=Callable[..., Any])


class OpenToAll(Protocol):
    """Declares that a view takes no token, and why."""

    def __call__(self, reason: str) -> Callable[[Any], Any]: ...


@dataclass(frozen=True)
class StartPage:
    """The page and its parts. Without `in_full` it leads to the console, and its parts are not there."""

    db: Database
    settings: Settings
    in_full: bool

    def page(self) -> Any:
        """The start page; the console where there is none."""
        if not self.in_full:
            return redirect("/home", 303)
        return render_template("start.html", every=EVERY_SECONDS, workbooks=WORKBOOKS.values(), **self._figures())

    def figures(self) -> str:
        """The parts of the page that change."""
        self._only_in_full()
        return render_template("figures.html", **self._figures())

    def template(self, template: str) -> Response:
        """A workbook to fill in; `?with_data=true` for one with current data."""
        self._only_in_full()
        with self.db.read() as session:
            content = downloads.template_file(session, template, with_data=request.args.get("with_data") == "true")
        return _workbook(content, f"{template}.xlsx")

    def result(self, id: int) -> Response:
        """An upload as it was handed in, with status, message and colours."""
        self._only_in_full()
        return _workbook(downloads.result_file(self.db, self.settings, id), f"result-{id}.xlsx")

    def asset(self, name: str) -> Response:
        """The page's style, script and icon."""
        if name not in _ASSETS:
            raise NotFound(f"there is no file {name[:60]}")
        return send_from_directory(_STATIC, name, mimetype=_ASSETS[name])

    def _figures(self) -> dict[str, Any]:
        with self.db.read() as session:
            found = overview(session, clock.now())
        return {"figures": found, "ago": lambda moment: words.ago(moment, found.at), "most_skus": MOST_SKUS}

    def _only_in_full(self) -> None:
        if not self.in_full:
            raise NotFound("this page shows nothing here; the API has it all, with a token")


def blueprint(page: StartPage, open_to_all: OpenToAll) -> Blueprint:
    """The page's routes. `open_to_all` is how the application has a route declare that it takes no token."""
    made = Blueprint("start", __name__, template_folder="templates")
    shown = "it shows data only in the demo on this machine"
    for rule, view, reason in (
        ("/", page.page, shown),
        ("/start/figures", page.figures, shown),
        ("/start/templates/<template>.xlsx", page.template, shown),
        (f"/start/uploads/<int(max={2**63 - 1}):id>/result.xlsx", page.result, shown),
        ("/start/static/<name>", page.asset, "part of the page; it holds no data"),
    ):
        made.add_url_rule(rule, view.__name__, open_to_all(reason)(_function(view)))
    return made


def _function(view: View) -> View:
    """A bound method as a function of its own, which can carry what it declares."""

    @wraps(view)
    def answer(**parts: Any) -> Any:
        return view(**parts)

    return answer  # type: ignore[return-value]


def _workbook(content: bytes, name: str) -> Response:
    response = Response(content, content_type=_XLSX)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
