"""Where a page of figures ends, as a text that whoever reads on gives back."""

from __future__ import annotations

import base64
import json
from typing import Any

from server.errors import WrongUse
from server.warehousing.queries import Place

#: Two codes of the longest keys there are, in the letters that take most room.
LONGEST = 4_000
_LARGEST = 2**63 - 1


def text_of(place: Place) -> str:
    """The place as it stands in an address."""
    return base64.urlsafe_b64encode(json.dumps(place, ensure_ascii=False).encode()).decode()


def place_of(text: str) -> Place:
    """The place that such a text names. Raises `WrongUse` for one that was never given out."""
    try:
        if len(text) > LONGEST:
            raise ValueError("longer than any")
        sku, warehouse, sku_id, warehouse_id = json.loads(base64.urlsafe_b64decode(text.encode()))
        return _code(sku), _code(warehouse), _number(sku_id), _number(warehouse_id)
    except (ValueError, TypeError, RecursionError) as error:
        raise WrongUse("`after` is not the `next` of a page", field="after") from error


def _code(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("no code that a database can hold")
    return value


def _number(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= _LARGEST:
        raise ValueError("no number of a record")
    return value
