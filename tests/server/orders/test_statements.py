"""What people do to many selected orders at once is set-based: as many statements for a thousand as for ten."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.orders import by_hand
from server.orders.models import Order
from server.orders.states import Action, State
from tests.factories import AT
from tests.server.orders.desk import Desk, news
from tests.support.statements import counted

FEW, MANY = 10, 1_000

#: One after the other over the same orders; each with the state that it brings them to.
STEPS = (
    (Action.VOID, State.VOIDED),
    (Action.REVERT, State.TO_PACK),
    (Action.PACK, State.IN_PROCESS),
    (Action.SHIP, State.TO_PICKUP),
    (Action.PICK_UP, State.SHIPPED),
    (Action.DELIVER, State.COMPLETED),
)


@pytest.mark.slow
def test_an_action_on_a_thousand_orders_takes_as_many_statements_as_on_ten(desk: Desk) -> None:
    """ORD-4: every state change by hand, and cancelling, with its releases and deductions."""
    desk.stock(desk.red, 3 * MANY)
    few, many = (_numbers(desk, size) for size in (FEW, MANY))
    cancelled = [_numbers(desk, size, "X") for size in (FEW, MANY)]
    for action, state in STEPS:
        _same(_statements(desk, action, few), _statements(desk, action, many), action.value)
        with desk.db.read() as session:
            found = session.scalars(select(Order.state).where(Order.id.in_([*few, *many]))).all()
        assert Counter(found) == {state: FEW + MANY}, action
    _same(*(_cancelling(desk, numbers) for numbers in cancelled), "cancel")
    assert desk.figures(desk.red).allocated == 0


def _numbers(desk: Desk, size: int, prefix: str = "") -> list[int]:
    """So many orders of one unit, taken in and allocated; their ids."""
    taken = [news(f"{prefix}{size}-{n}", ("red", 1)) for n in range(size)]
    desk.take(*taken)
    with desk.db.read() as session:
        ids = session.scalars(select(Order.id).where(Order.number.in_([order.number for order in taken]))).all()
    assert len(ids) == size
    return list(ids)


def _statements(desk: Desk, action: Action, ids: list[int]) -> list[str]:
    def work(session: Session) -> None:
        by_hand.act(session, action, ids, by="anna", at=AT)

    with counted(desk.db) as seen:
        desk.db.write(work)
    return list(seen)


def _cancelling(desk: Desk, ids: list[int]) -> list[str]:
    def work(session: Session) -> None:
        by_hand.cancel(session, ids, return_quantity=None, by="anna", at=AT)

    with counted(desk.db) as seen:
        desk.db.write(work)
    return list(seen)


def _same(few: list[str], many: list[str], action: str) -> None:
    more = Counter(text[:120] for text in many) - Counter(text[:120] for text in few)
    assert len(many) == len(few), (action, more.most_common(3))
