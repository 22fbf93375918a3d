"""What becomes of a store SKU's push row when a new target is known; pure.

Three things are put together: the target, what the store was last told, and the push that still waits or is on its
way. Rows are replaced, never stacked, so nothing is ever sent out of order (PSH-8).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from server.push.rules import Result, must_tell

#: Why a push that is on its way must not be sent again should its answer be lost.
WITHDRAWN = "withdrawn: nothing is pushed to this listing any more"


class Told(NamedTuple):
    """What the store was last told, whether that is still what it shows, and the last evaluation's target."""

    quantity: int | None = None
    known: bool = False
    target: int | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A push row: it waits, is on its way (leased), is pending at the market (ticket), or was refused for good."""

    quantity: int
    version: int
    causes: int
    forced: bool = False
    leased: bool = False
    ticket: bool = False
    failed: bool = False
    fresh: bool = False
    """Due now, with no attempts: its quantity is another than the one that was tried."""

    @property
    def is_out(self) -> bool:
        """Whether the market may have it already."""
        return self.leased or self.ticket


@dataclass(frozen=True, slots=True)
class Decision:
    """The evaluation's result, and the push row as it must be from now on; None where there is to be none."""

    result: Result
    row: Waiting | None
    withdrawn: bool = False


def decide(target: int, told: Told, waiting: Waiting | None, *, causes: int, demanded: bool, choice: bool) -> Decision:
    """What to do about one store SKU whose target was just worked out (PSH-8, PSH-9)."""
    tell = must_tell(
        target,
        told=told.quantity,
        known=told.known,
        last_target=told.target,
        demanded=demanded,
        choice=choice,
    )
    if waiting is None:
        fresh = Waiting(target, 1, causes, forced=demanded, fresh=True)
        return Decision(Result.SEND, fresh) if tell else Decision(Result.NOTHING_TO_SEND, None)
    if tell:
        return _told_again(target, waiting, causes, demanded)
    if choice and not waiting.forced:
        return _choice_fell(target, told, waiting, causes)
    return _not_due(target, waiting, causes)


def withhold(result: Result, waiting: Waiting | None) -> Decision:
    """Nothing is pushed to this store SKU (PSH-6): what waits is dropped, what is on its way is not sent again."""
    if waiting is None or not waiting.leased:
        return Decision(result, None)
    return Decision(result, replace(waiting, failed=True), withdrawn=True)


def _told_again(target: int, waiting: Waiting, causes: int, demanded: bool) -> Decision:
    """A push is due and one is there already: the newer replaces it; the same one goes on waiting."""
    was_withdrawn = waiting.failed and waiting.leased
    if target == waiting.quantity and not demanded and not was_withdrawn:
        return Decision(Result.WAITS, replace(waiting, causes=waiting.causes | causes))
    return Decision(Result.SEND, _replaced(target, waiting, causes, forced=waiting.forced or demanded))


def _choice_fell(target: int, told: Told, waiting: Waiting, causes: int) -> Decision:
    """A Choice store's target did not rise (PSH-9). A push that waits never shows more than there is now: it is
    lowered, and dropped where the store already shows as much. One that is out is lowered in case it must be sent
    again."""
    if waiting.is_out:
        lower = replace(waiting, quantity=min(waiting.quantity, target), causes=waiting.causes | causes)
        return Decision(Result.NOTHING_TO_SEND, lower)
    if told.quantity is not None and target <= told.quantity:
        return Decision(Result.NOTHING_TO_SEND, None)
    if target == waiting.quantity:
        return Decision(Result.WAITS, replace(waiting, causes=waiting.causes | causes))
    return Decision(Result.SEND, _replaced(target, waiting, causes, forced=False))


def _not_due(target: int, waiting: Waiting, causes: int) -> Decision:
    """The store shows the target already: what waits unsent is dropped, unless it was demanded. One that is out is
    followed by the right quantity."""
    if not waiting.is_out and not waiting.forced:
        return Decision(Result.NOTHING_TO_SEND, None)
    if target == waiting.quantity:
        return Decision(Result.WAITS, replace(waiting, causes=waiting.causes | causes))
    return Decision(Result.SEND, _replaced(target, waiting, causes, forced=waiting.forced))


def _replaced(target: int, waiting: Waiting, causes: int, *, forced: bool) -> Waiting:
    return replace(
        waiting,
        quantity=target,
        version=waiting.version + 1,
        causes=waiting.causes | causes,
        forced=forced,
        failed=False,
        fresh=True,
    )
