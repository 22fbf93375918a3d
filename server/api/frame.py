"""What every resource is made of: its blueprint, the permission of each route, shared models, answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Annotated, Any, cast

from flask import Response, current_app
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

# Resources declare with these; they are part of what a resource is made of.
from server.access.declaring import Needs as Needs
from server.access.declaring import needs as needs
from server.access.declaring import needs_of as needs_of
from server.access.declaring import open_to_all as open_to_all
from server.access.limits import Limiter
from server.api.token_uses import TokenUses
from server.db.session import Database
from server.settings import Settings
from server.uploads.running import Uploads

PREFIX = "/api/v1"
JSON = "application/json"
TOKEN_FAILURES_PER_MINUTE = 300

#: A record's number in a path; wider ones exist in no database.
RecordId = Annotated[int, Field(ge=1, le=2**63 - 1)]


def _written_out(value: Any) -> Any:
    if isinstance(value, int | float) or (
        isinstance(value, str) and value.strip().lstrip("+-").replace(".", "").isdigit()
    ):
        raise ValueError("is a date and time with its zone, such as 2026-04-20T08:00:00Z")
    return value


#: A moment as ISO 8601 has it: a number could be seconds, milliseconds or a year.
When = Annotated[AwareDatetime, BeforeValidator(_written_out)]
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
    #: previews by user: each one works out what every store would show, and writes nothing
    previews: Limiter = field(init=False)
    #: set once recovery is done; until then `/readyz` says no
    ready: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        object.__setattr__(self, "previews", Limiter(self.settings.previews_per_minute))


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


def a_file(kind: str) -> dict[str, Any]:
    """For `responses`: a file of this kind."""
    return {"description": "The file", "content": {kind: {"schema": {"type": "string", "format": "binary"}}}}


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
