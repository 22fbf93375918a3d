"""What every resource is made of: its blueprint, the permission of each route, shared models, answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Annotated, Any, TypeVar, cast

from flask import Response, current_app
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field, model_validator

from server.access.roles import Permission
from server.api.limits import Limiter
from server.api.token_uses import TokenUses
from server.db.session import Database
from server.settings import Settings
from server.uploads.running import Uploads

PREFIX = "/api/v1"
JSON = "application/json"
SMALL_BODY = 1024 * 1024
TOKEN_FAILURES_PER_MINUTE = 300

View = TypeVar("View", bound=Callable[..., Any])

#: A record's number in a path; wider ones exist in no database.
RecordId = Annotated[int, Field(ge=1, le=2**63 - 1)]
#: Units: whole, not text, not true or false.
Quantity = Annotated[int, Field(strict=True, ge=0, le=10_000_000)]


@dataclass(frozen=True)
class Services:
    """What the web process shares between requests."""

    db: Database
    settings: Settings
    token_uses: TokenUses
    uploads: Uploads
    #: the start page shows figures without a token; only `demo` on this machine says so
    open_start_page: bool = False
    #: wrong tokens by address; a right one is never held back
    token_failures: Limiter = field(default_factory=lambda: Limiter(TOKEN_FAILURES_PER_MINUTE))
    #: set once recovery is done; until then `/readyz` says no
    ready: Event = field(default_factory=Event)


@dataclass(frozen=True)
class Needs:
    """What a route declares: the permission (None: open to all, for `reason`) and how large its body may be."""

    permission: Permission | None
    max_body: int | None = SMALL_BODY
    raw_body: bool = False
    reason: str = ""


class Body(BaseModel):
    """Base of JSON bodies: a field nobody knows is an error, an absent body is an empty one."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_empty(cls, value: Any) -> Any:
        return {} if value is None else value


class ById(BaseModel):
    """A path with a record's number."""

    id: RecordId


class Problem(BaseModel):
    """RFC 9457: what went wrong and what to do."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[dict[str, Any]] = []
    facts: dict[str, Any] = {}
    id: str | None = Field(None, description="Unexpected problems: the number under which the log has more.")


@dataclass(frozen=True)
class Answer:
    """A whole answer, word for word, so that it can be stored and given again."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def response(self) -> Response:
        """As Flask sends it."""
        return Response(self.body, self.status, dict(self.headers))


def needs(
    permission: Permission, *, max_body: int | None = SMALL_BODY, raw_body: bool = False
) -> Callable[[View], View]:
    """Declare beside a route what its caller must be allowed (SEC-1). A route without it answers nobody.

    `max_body` in bytes; None leaves it to the server's own limit on uploads. `raw_body`: not JSON, not a form.
    """
    return _declare(Needs(permission, max_body, raw_body))


def open_to_all(reason: str, *, max_body: int | None = SMALL_BODY, raw_body: bool = False) -> Callable[[View], View]:
    """Declare that a route takes no token, and why."""
    return _declare(Needs(None, max_body, raw_body, reason))


def needs_of(view: Callable[..., Any]) -> Needs | None:
    """What a route declared, None if it forgot."""
    return cast("Needs | None", getattr(view, "stockbook_needs", None))


def _declare(what: Needs) -> Callable[[View], View]:
    def declare(view: View) -> View:
        view.stockbook_needs = what  # type: ignore[attr-defined]
        return view

    return declare


def resource(name: str, title: str, *, prefix: str = PREFIX) -> APIBlueprint:
    """The blueprint of one resource: `api = resource("tokens", "Tokens")`."""
    problem = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    return APIBlueprint(
        name,
        __name__,
        url_prefix=prefix,
        abp_tags=[Tag(name=title)],
        abp_security=[{"token": []}],
        abp_responses={
            "422": {"description": "What was sent can't be", **problem},
            "default": {"description": "A problem", **problem},
        },
        operation_id_callback=_operation_id,
    )


def _operation_id(*, name: str, path: str, method: str) -> str:
    """The view's own name: what generated clients call it."""
    return name


def services() -> Services:
    """What this process shares; within a request."""
    return cast(Services, current_app.extensions["stockbook"])


def answer(shown: BaseModel | Answer, status: int = 200, *, location: str = "") -> Answer:
    """What is shown, as JSON. An answer stays as it is."""
    if isinstance(shown, Answer):
        return shown
    headers = {"Content-Type": JSON} | ({"Location": location} if location else {})
    return Answer(status, headers, shown.model_dump_json(by_alias=True).encode())


def show(shown: BaseModel, status: int = 200, *, location: str = "") -> Response:
    """What is shown, as a JSON response."""
    return answer(shown, status, location=location).response()
