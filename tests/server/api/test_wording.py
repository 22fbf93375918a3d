"""What does not fit in a request is told in plain words, wherever it is."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, get_type_hints

import pytest
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from server.api.wording import problems_of, together
from tests.server.api.test_wrong_requests import everywhere
from tests.support.http import Api

#: How pydantic, its core and Werkzeug speak.
FOREIGN = re.compile(
    r"Input should|Field required|Value error|Extra inputs|unable to parse|should (have|be|match)|"
    r"valid (string|integer|number|boolean|list|dictionary|datetime|date)|Did not attempt|[Pp]ydantic|"
    r"Expecting|NoneType|instance of"
)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("is an even number, such as 4")
    return value


class Part(BaseModel):
    sku: str


class Sample(BaseModel):
    """A field of every kind that requests have."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field("x", min_length=1, max_length=3)
    code: str = Field("ab", pattern="^[a-z]+$")
    count: int = Field(1, ge=1, le=1000)
    strict: Annotated[int, Field(strict=True)] = 1
    share: float = Field(1, gt=0, lt=100)
    price: Decimal = Field(Decimal(1), max_digits=6, decimal_places=2)
    on: bool = True
    colour: Colour = Colour.RED
    mode: Literal["validate", "apply"] = "apply"
    at: AwareDatetime | None = None
    day: date | None = None
    names: list[str] = Field([], max_length=2)
    some: list[str] = Field(["a"], min_length=2)
    facts: dict[str, int] = {}
    parts: list[Part] = []
    either: Annotated[int, Field(ge=1)] | list[str] = 1
    even: Annotated[int, AfterValidator(_even)] = 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"text": 1}, "'text' is a text, such as \"EAST\""),
        ({"text": "long"}, "'text' has at most 3 characters"),
        ({"text": ""}, "'text' is not empty"),
        ({"code": "A1"}, "'code' is not written as it has to be: ^[a-z]+$"),
        ({"count": "many"}, "'count' is a whole number, such as 25"),
        ({"count": 2.5}, "'count' is a whole number, such as 25"),
        ({"count": None}, "'count' is a whole number, such as 25"),
        ({"count": "9" * 5000}, "'count' is a whole number that is too long; 25 is one"),
        ({"count": 0}, "'count' is 1 or more"),
        ({"count": 1001}, "'count' is 1,000 or less"),
        ({"strict": "1"}, "'strict' is a whole number, such as 25"),
        ({"share": "half"}, "'share' is a number, such as 12.5"),
        ({"share": 0}, "'share' is more than 0.0"),
        ({"share": 100}, "'share' is less than 100.0"),
        ({"price": "cheap"}, "'price' is a number, such as 12.5"),
        ({"price": "NaN"}, "'price' is a number, such as 12.5"),
        ({"price": "1234567"}, "'price' has at most 6 digits, such as 12.50"),
        ({"price": "1.234"}, "'price' has at most 2 digits behind the point, such as 12.50"),
        ({"on": "perhaps"}, "'on' is true or false"),
        ({"colour": "green"}, "'colour' is one of red, blue"),
        ({"mode": "try"}, "'mode' is one of validate, apply"),
        ({"at": "soon"}, "'at' is a date and time with its zone, such as 2026-04-20T08:00:00Z"),
        ({"at": "2026-04-20T08:00:00"}, "'at' is a date and time with its zone, such as 2026-04-20T08:00:00Z"),
        ({"day": "31st"}, "'day' is a date, such as 2026-04-20"),
        ({"names": "a"}, '\'names\' is a list, such as ["A", "B"]'),
        ({"names": ["a", "b", "c"]}, "'names' has at most 2 entries"),
        ({"names": ["a", 2]}, "'names.1' is a text, such as \"EAST\""),
        ({"some": ["a"]}, "'some' has at least 2 entries"),
        ({"facts": []}, '\'facts\' is an object, such as {"name": "value"}'),
        ({"facts": {"Shop-1 (EU)": "x"}}, "'facts.Shop-1 (EU)' is a whole number, such as 25"),
        ({"parts": ["a"]}, '\'parts.0\' is an object, such as {"name": "value"}'),
        ({"parts": [{}]}, "'parts.0.sku' is missing; it is needed"),
        ({"either": {}}, "'either' is a whole number, such as 25 (and 1 more)"),
        ({"even": 3}, "'even' is an even number, such as 4"),
        ({"colr": "red"}, "'colr' is no field here; there are text, code"),
        ([], 'the body is an object, such as {"name": "value"}'),
        ({"count": 0, "on": 7, "day": 1e9}, "'count' is 1 or more (and 2 more)"),
    ],
)
def test_every_kind_names_the_field_and_what_it_may_be(given: Any, said: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        Sample.model_validate(given)
    problems = problems_of(wrong.value, ["text", "code"])
    assert together(problems) == said
    assert FOREIGN.search(json.dumps(problems)) is None


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/stock?limit=many", "'limit' is a whole number, such as 25"),
        ("/stock?limit=1001", "'limit' is 1,000 or less"),
        ("/stock?as_of=soon", "'as_of' 'soon' is neither a day (2026-04-20) nor a moment"),
        ("/stock?as_of=0.5", "'as_of' '0.5' is neither a day (2026-04-20) nor a moment"),
        ("/stock?after=x", "`after` is not the `next` of a page"),
        ("/orders?state=lost", "'state' is one of unpaid, to_pack"),
        ("/skus?kind=box", "'kind' is one of single, combination"),
    ],
)
def test_parameters(plain_api: Api, path: str, said: str) -> None:
    answer = plain_api.admin.get(path)
    assert answer.status_code == 422 and answer.json["detail"].startswith(said)


def test_bodies(plain_api: Api) -> None:
    """The sentence says the first, `errors` has all of them, each by its field's name."""
    answer = plain_api.admin.post("/warehouses", json={"name": 5, "colour": "red"})
    assert [error["place"] for error in answer.json["errors"]] == ["code", "name", "colour"]
    assert answer.json["detail"] == "'code' is missing; it is needed (and 2 more)"
    assert answer.json["errors"][2]["text"].startswith("'colour' is no field here; there are code, name, ")
    answer = plain_api.admin.post("/warehouses", data=b"code=EAST", content_type="text/plain")
    assert answer.status_code == 415 and "Content-Type: application/json" in answer.json["detail"]


#: One of them is wrong for a field of any kind.
WRONG: tuple[Any, ...] = (None, True, -2.5, 10**30, "x" * 5000, "", [None], {"x": {"y": []}})


def _bodies(api: Api) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Of every route with a body: every field at once, with each wrong value."""
    views = {
        (rule.rule, method): rule.endpoint for rule in api.app.url_map.iter_rules() for method in rule.methods or ()
    }
    fields = {}
    for (path, method), endpoint in views.items():
        hints = get_type_hints(inspect.unwrap(api.app.view_functions[endpoint]))
        body = hints.get("body")
        if inspect.isclass(body) and issubclass(body, BaseModel):
            fields[method, re.sub(r"<[^>]+>", "1", path)] = [
                one.alias or name for name, one in body.model_fields.items()
            ]
    for method, path in everywhere(api):
        for value in WRONG if (method, path) in fields else ():
            yield method, path, dict.fromkeys(fields[method, path], value)


def test_no_route_speaks_in_foreign_words(plain_api: Api) -> None:
    """Every field of every body, and every parameter, with values that can't be."""
    said: dict[str, tuple[str, str]] = {}
    asked = 0
    for method, path, body in _bodies(plain_api):
        answer = plain_api.admin.call(method, path, json=body)
        asked += 1
        assert answer.status_code < 500, (method, path, body, answer.text)
        if found := FOREIGN.search(answer.text):
            said.setdefault(found.group(), (method, path))
    for method, path in everywhere(plain_api):
        if method == "GET":
            names = _parameters(plain_api, path)
            for value in ("", "x", "-1", "9" * 40, "2026-13-01", "\u00e9" * 500):
                answer = plain_api.admin.get(path, query_string=dict.fromkeys(names, value))
                asked += 1
                assert answer.status_code < 500, (path, value, answer.text)
                if answer.mimetype.endswith("json") and (found := FOREIGN.search(answer.text)):
                    said.setdefault(found.group(), (method, path))
    assert said == {} and asked > 500


def _parameters(api: Api, path: str) -> list[str]:
    """As the route itself names them to whoever misspells one."""
    detail = api.admin.get(f"{path}?no_such_parameter=1").json["detail"]
    return re.split(r", ", detail.partition("there are ")[2]) if "there are " in detail else []
