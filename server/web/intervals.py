"""How often something runs, as a form says it: a whole number and its unit."""

from __future__ import annotations

from flask import request

from server.errors import WrongUse
from server.web.frame import number_given

#: What an interval can be said in, in seconds.
UNITS = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}


def interval_given() -> int:
    """The interval of the form, in seconds. Raises `WrongUse` where it says none."""
    amount = number_given("every")
    if amount is None or request.form.get("unit") not in UNITS:
        raise WrongUse("say how often it runs: a whole number of seconds, minutes, hours or days", field="every")
    return amount * UNITS[request.form["unit"]]


def in_unit(seconds: int) -> tuple[int, str]:
    """The interval in the largest unit that it is a whole number of."""
    name, size = next((name, size) for name, size in reversed(UNITS.items()) if seconds % size == 0)
    return seconds // size, name
