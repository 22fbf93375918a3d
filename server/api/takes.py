"""What a route takes, read from the models it was declared with: its parameters, and whether it has a body."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cache
from typing import Any, get_type_hints

from flask import current_app, request
from pydantic import BaseModel

from server.api.paging import Paging


@dataclass(frozen=True)
class Takes:
    """The names of a route's parameters, in order, and whether it reads a body."""

    parameters: tuple[str, ...]
    body: bool


def taken_by(endpoint: str | None) -> Takes:
    """What the route of `endpoint`, the one that is being asked, takes.

    A list without parameters of its own is one page: it takes those of every list, so that a client may page through
    all lists alike.
    """
    assert endpoint is not None and request.url_rule is not None
    takes = _declared(inspect.unwrap(current_app.view_functions[endpoint]))
    one_page = request.method in ("GET", "HEAD") and not request.url_rule.arguments
    return Takes(_names(Paging), takes.body) if one_page and not takes.parameters else takes


def fields_of(endpoint: str | None) -> tuple[str, ...]:
    """The fields of the body that the route of `endpoint` reads; none where it reads none."""
    if endpoint is None:
        return ()
    return _fields(inspect.unwrap(current_app.view_functions[endpoint]))


@cache
def _fields(view: Any) -> tuple[str, ...]:
    body = get_type_hints(view).get("body")
    return _names(body) if inspect.isclass(body) and issubclass(body, BaseModel) else ()


@cache
def _declared(view: Any) -> Takes:
    hints = get_type_hints(view)
    query = hints.get("query")
    return Takes(() if query is None else _names(query), "body" in hints or "form" in hints)


def _names(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in model.model_fields.items())
