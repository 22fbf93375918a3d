"""What the action column of a row asks for, against what exists: blank adds or updates."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from server.uploads.plan import Change, Plan
from server.uploads.rows import Rows
from validators.messages import Finding

ADD, UPDATE, REMOVE = "ADD", "UPDATE", "REMOVE"


def removing(rows: Rows) -> list[int]:
    """The numbers of the rows that take something away."""
    actions = rows.values["action"]
    return [number for number, action in zip(rows.numbers, actions, strict=True) if action == REMOVE]


def check_actions(rows: Rows, there: Sequence[bool], column: str) -> list[Finding]:
    """ADD of what is there, UPDATE and REMOVE of what is not: an error at `column`, which names the record."""
    found: list[Finding] = []
    for number, action, exists in zip(rows.numbers, rows.values["action"], there, strict=True):
        value = rows.value(column, number)
        if action == ADD and exists:
            found.append(Finding("add-exists", number, column, {"value": value}))
        elif action in (UPDATE, REMOVE) and not exists:
            found.append(Finding("missing-record", number, column, {"value": value, "action": action.lower()}))
    return found


def plan_removals(plan: Plan, field: str, before: Callable[[int], object]) -> list[int]:
    """Have the rows that take something away say so, whatever else they hold; gives their numbers."""
    numbers = removing(plan.rows)
    for number in numbers:
        plan.changes[number] = [Change(field, before(number), None)]
        plan.unchanged.discard(number)
    return numbers
