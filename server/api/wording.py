"""What does not fit in a request, in plain words: which field, what it may be, an example. Pure.

Pydantic finds it and has words of its own; none of them come out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

#: Where a field can't be named: the body as a whole.
BODY = "body"

_WHOLE = "is a whole number, such as 25"
_NUMBER = "is a number, such as 12.5"
_TEXT = 'is a text, such as "EAST"'
_YES_NO = "is true or false"
_MOMENT = "is a date and time with its zone, such as 2026-04-20T08:00:00Z"
_DAY = "is a date, such as 2026-04-20"
_LIST = 'is a list, such as ["A", "B"]'
_OBJECT = 'is an object, such as {"name": "value"}'

#: By the start of pydantic's own kind, the longest that fits: what the field may be.
_SAID: dict[str, str | Callable[[Mapping[str, Any]], str]] = {
    "missing": "is missing; it is needed",
    "extra_forbidden": "is no field here",
    "string": _TEXT,
    "string_too_long": lambda facts: f"has at most {facts['max_length']} characters",
    "string_too_short": lambda facts: _at_least(facts["min_length"], "character"),
    "string_pattern_mismatch": lambda facts: f"is not written as it has to be: {facts['pattern']}",
    "string_unicode": "holds characters that are no text; send UTF-8",
    "int": _WHOLE,
    "int_parsing_size": "is a whole number that is too long; 25 is one",
    "float": _NUMBER,
    "finite_number": _NUMBER,
    "decimal": _NUMBER,
    "decimal_max_digits": lambda facts: f"has at most {facts['max_digits']} digits, such as 12.50",
    "decimal_max_places": lambda facts: f"has at most {facts['decimal_places']} digits behind the point, such as 12.50",
    "decimal_whole_digits": lambda facts: f"has at most {facts['whole_digits']} digits before the point, such as 12.50",
    "bool": _YES_NO,
    "greater_than_equal": lambda facts: f"is {_bound(facts['ge'])} or more",
    "greater_than": lambda facts: f"is more than {_bound(facts['gt'])}",
    "less_than_equal": lambda facts: f"is {_bound(facts['le'])} or less",
    "less_than": lambda facts: f"is less than {_bound(facts['lt'])}",
    "literal_error": lambda facts: f"is one of {_plain(facts['expected'])}",
    "enum": lambda facts: f"is one of {_plain(facts['expected'])}",
    "datetime": _MOMENT,
    "timezone": _MOMENT,
    "date": _DAY,
    "time": "is a time, such as 08:30",
    "list": _LIST,
    "tuple": _LIST,
    "set": _LIST,
    "dict": _OBJECT,
    "mapping": _OBJECT,
    "model": _OBJECT,
    "too_long": lambda facts: f"has at most {facts['max_length']} entries",
    "too_short": lambda facts: _at_least(facts["min_length"], "entry"),
    "none_required": "is null or left out",
    "bytes": "is a file",
    "value_error": lambda facts: str(facts["error"]),
}
_OTHERWISE = "has a value that can't be here"
#: Where a value may be of several kinds, pydantic names the one it tried in the place.
_TRIED = re.compile(r"\[key\]|constrained-\w+|[a-z-]+\[.*\]")


def problems_of(error: ValidationError, known: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Each place that does not fit: `place`, `text` and `code`. `known`: the names that a request may hold."""
    found = error.errors(include_url=False, include_input=False)
    return [
        {"place": (place := _place(item["loc"])), "text": _text(place, item, known), "code": item["type"]}
        for item in found
    ]


def together(problems: Sequence[Mapping[str, Any]]) -> str:
    """One sentence for all of them: the first, and how many more there are."""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0]['text']}{more}"


def _place(parts: Sequence[int | str]) -> str:
    named = [str(part) for part in parts if isinstance(part, int) or not _TRIED.fullmatch(part)]
    return ".".join(named)[:100] or BODY


def _text(place: str, item: Mapping[str, Any], known: Sequence[str]) -> str:
    said = f"{'the body' if place == BODY else repr(place)} {_what(item)}"
    if item["type"] == "extra_forbidden" and "." not in place and known:
        said += f"; there are {', '.join(known)}"
    return said


def _what(item: Mapping[str, Any]) -> str:
    kind: str = item["type"]
    fitting = [name for name in _SAID if kind == name or kind.startswith(f"{name}_")]
    said = _SAID[max(fitting, key=len)] if fitting else _OTHERWISE
    return said if isinstance(said, str) else said(item.get("ctx", {}))


def _at_least(number: int, what: str) -> str:
    if number == 1:
        return "is not empty"
    return f"has at least {number} {what.removesuffix('y')}{'ies' if what.endswith('y') else 's'}"


def _bound(value: Any) -> str:
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return f"{value:,}" if isinstance(value, int) and abs(value) < 10**15 else str(value)


def _plain(expected: str) -> str:
    """'a', 'b' or 'c' as a, b, c: the values are written as they are sent."""
    return expected.replace("' or '", "', '").replace("'", "")
