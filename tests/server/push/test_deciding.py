from __future__ import annotations

import pytest

from server.push.deciding import Told, Waiting, decide, withhold
from server.push.rules import Result

NEVER = Told()
FIVE = Told(5, True, 5)


def waiting(quantity: int, **more: bool) -> Waiting:
    """A push row of version 3."""
    return Waiting(quantity, 3, 1, **more)


@pytest.mark.parametrize(
    ("target", "told", "row", "demanded", "result", "quantity", "version"),
    [
        (5, NEVER, None, False, Result.SEND, 5, 1),
        (5, FIVE, None, False, Result.NOTHING_TO_SEND, None, None),
        (6, FIVE, None, False, Result.SEND, 6, 1),
        (5, FIVE, None, True, Result.SEND, 5, 1),
        (5, Told(5, False, 5), None, False, Result.SEND, 5, 1),
        # One waits: replaced by a newer, kept where it is the same, dropped where the store shows it already.
        (7, FIVE, waiting(6), False, Result.SEND, 7, 4),
        (6, FIVE, waiting(6), False, Result.WAITS, 6, 3),
        (6, FIVE, waiting(6), True, Result.SEND, 6, 4),
        (5, FIVE, waiting(6), False, Result.NOTHING_TO_SEND, None, None),
        (5, FIVE, waiting(6, forced=True), False, Result.SEND, 5, 4),
        (5, FIVE, waiting(5, forced=True), False, Result.WAITS, 5, 3),
        # One is out: the market may have it, so the right quantity follows it.
        (5, FIVE, waiting(6, leased=True), False, Result.SEND, 5, 4),
        (5, FIVE, waiting(6, ticket=True), False, Result.SEND, 5, 4),
        (6, FIVE, waiting(6, leased=True), False, Result.WAITS, 6, 3),
        # Refused for good: kept until the quantity changes or it is demanded.
        (6, FIVE, waiting(6, failed=True), False, Result.WAITS, 6, 3),
        (7, FIVE, waiting(6, failed=True), False, Result.SEND, 7, 4),
        (6, FIVE, waiting(6, failed=True), True, Result.SEND, 6, 4),
        # Withdrawn while on its way, and due after all.
        (6, FIVE, waiting(6, failed=True, leased=True), False, Result.SEND, 6, 4),
    ],
)
def test_a_store_is_told_once_and_last_the_newest(
    target: int,
    told: Told,
    row: Waiting | None,
    demanded: bool,
    result: Result,
    quantity: int | None,
    version: int | None,
) -> None:
    """PSH-8: only another quantity than the last told; what waits is replaced, never out of order."""
    decision = decide(target, told, row, causes=2, demanded=demanded, choice=False)
    assert decision.result is result
    if quantity is None:
        assert decision.row is None
    else:
        assert decision.row is not None
        assert (decision.row.quantity, decision.row.version) == (quantity, version)
        assert decision.row.causes & 2
        assert not decision.row.failed or result is Result.WAITS


@pytest.mark.parametrize(
    ("target", "told", "row", "result", "quantity"),
    [
        (30, NEVER, None, Result.SEND, 30),
        (20, Told(30, True, 30), None, Result.NOTHING_TO_SEND, None),
        (25, Told(30, True, 20), None, Result.SEND, 25),
        (20, Told(30, False, 30), None, Result.NOTHING_TO_SEND, None),
        # 30 still waits when the target falls: never more than there is, and nothing where the store shows as much.
        (20, Told(10, True, 30), waiting(30), Result.SEND, 20),
        (20, Told(25, True, 30), waiting(30), Result.NOTHING_TO_SEND, None),
        (20, Told(10, True, 30), waiting(30, leased=True), Result.NOTHING_TO_SEND, 20),
        (20, Told(None, False, 30), waiting(30), Result.SEND, 20),
    ],
)
def test_a_choice_store(target: int, told: Told, row: Waiting | None, result: Result, quantity: int | None) -> None:
    """PSH-9: told only when the target rises over the last evaluation's; the first push sends."""
    decision = decide(target, told, row, causes=2, demanded=False, choice=True)
    assert decision.result is result
    assert (decision.row.quantity if decision.row else None) == quantity


def test_nothing_is_pushed_any_more() -> None:
    """PSH-6: what waits is dropped; what is on its way is not sent again."""
    assert withhold(Result.NO_RULE, None).row is None
    assert withhold(Result.NO_RULE, waiting(6)).row is None
    kept = withhold(Result.RULE_OFF, waiting(6, leased=True))
    assert kept.withdrawn and kept.row is not None and kept.row.failed
