"""The parts of docs/orders.md that are written from the state machine: its picture and its tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from server.orders.states import ALLOCATED, BY_HAND, DEDUCTED, EFFECTS, TABLE, Action, State
from server.stores.options import ON_CANCEL, SHIPPED_OUTSIDE

PAGE = Path(__file__).parents[2] / "docs" / "orders.md"
_BEGIN, _END = "<!-- {}: written by `python -m server reference`; edit the code -->", "<!-- end -->"
#: Actions that would only make the picture hard to read: they leave the state, or go the way of their neighbour.
_LEFT_OUT = {
    Action.CANCEL_RETURNED, Action.CANCEL_NOT_RETURNED, Action.SHIPPED_OUTSIDE_DEDUCTED, Action.EDIT,
    Action.CHANGE_WAREHOUSE, Action.CHANGE_MAPPING, Action.RETURN_SCAN, Action.RETURN_LIST, Action.MARK_PROCESSED,
}  # fmt: skip
#: What allocating may make of an order.
_OUTCOMES = (State.TO_PACK, State.OUT_OF_STOCK, State.UNMAPPED)
_NEWS: dict[Action, str] = {
    Action.TAKE_IN: "begins to count",
    Action.EDIT: "is edited",
    Action.SHIPPED_OUTSIDE: "is reported shipped",
    Action.SHIPPED_OUTSIDE_DEDUCTED: f"is reported shipped (`{SHIPPED_OUTSIDE.name}=deduct`)",
    Action.CANCEL_RETURNED: f"cancel, returned (`{ON_CANCEL.name}=return`)",
    Action.CANCEL_NOT_RETURNED: f"cancel, not returned (`{ON_CANCEL.name}=return`)",
}


def order_page(text: str) -> str:
    """The page with its written parts brought up to date; the rest of `text` stays. A part that is missing is an
    error of the page's author."""
    for name, lines in (("picture", _picture()), ("states", _states()), ("actions", _actions())):
        begin = _BEGIN.format(name)
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(_END)
        assert found and closed, f"docs/orders.md has no part '{name}'"
        text = "\n".join([before + begin, "", *lines, "", _END]) + after
    return text


def _picture() -> Iterator[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield "    [*] --> unpaid"
    yield "    [*] --> recorded"
    arrows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (state, action), step in TABLE.items():
        if action in _LEFT_OUT or step.to is state:
            continue
        targets = [step.to] if step.to is not None else [one for one in _OUTCOMES if one is not state]
        for target in targets:
            arrows[state.value, target.value].append(_short(action))
    for (start, end), words in arrows.items():
        yield f"    {start} --> {end}: {', '.join(dict.fromkeys(words))}"
    yield "```"


def _states() -> Iterator[str]:
    yield "| state | stock | what people can do |"
    yield "| --- | --- | --- |"
    for state in State:
        stock = "allocated" if state in ALLOCATED else "deducted" if state in DEDUCTED else ""
        can = ", ".join(words for action, words in BY_HAND.items() if (state, action) in TABLE)
        yield f"| `{state}` | {stock} | {can} |"


def _actions() -> Iterator[str]:
    yield "| action | in | then | stock |"
    yield "| --- | --- | --- | --- |"
    for action in Action:
        rows: dict[tuple[str, str], list[str]] = defaultdict(list)
        for state in State:
            step = TABLE.get((state, action))
            if step is not None:
                to = "by what comes of it" if step.to is None else "stays" if step.to is state else f"`{step.to}`"
                rows[to, EFFECTS[step.effect]].append(f"`{state}`")
        for (to, effect), states in rows.items():
            yield f"| {_NEWS.get(action) or BY_HAND[action]} | {', '.join(states)} | {to} | {effect} |"


def _short(action: Action) -> str:
    return (_NEWS.get(action) or BY_HAND[action]).replace("is ", "")
