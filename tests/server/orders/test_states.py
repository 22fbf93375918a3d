"""Every state x every action: what the table allows does what it says to stock, all else is refused with what is
possible. The expectations stand here in figures, not in the table's own words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.channels.protocol import MarketStatus
from server.ledger.posting import Figures
from server.orders import service
from server.orders.refusing import NotPossible, possible
from server.orders.states import ALLOCATED, BY_HAND, DEDUCTED, TABLE, Action, Effect, State
from server.outbox.causes import Cause
from tests.factories import AT, figures
from tests.server.orders.desk import Desk, news

#: Actions that need more words than the order's number; they have tests of their own, and are refused all the same.
WORDY = {Effect.MOVE, Effect.TRY_THERE, Effect.REMAP, Effect.FOLLOW, Effect.REFUND}


def bring_to(desk: Desk, state: State) -> None:
    """Order A: 4 of RED, with 10 on hand, brought to a state the way orders get there."""
    if state is State.UNPAID:
        desk.take(news("A", ("red", 4), status=MarketStatus.UNPAID))
        return
    if state is State.OUT_OF_STOCK:
        desk.take(news("BIG", ("red", 10)), news("A", ("red", 4), paid_at=AT + timedelta(minutes=1)))
        return
    desk.take(news("A", ("green" if state is State.UNMAPPED else "red", 4), platform_fulfilled=state is State.RECORDED))
    ways = {
        State.IN_PROCESS: [Action.PACK],
        State.TO_PICKUP: [Action.PACK, Action.SHIP],
        State.SHIPPED: [Action.PACK, Action.SHIP, Action.PICK_UP],
        State.COMPLETED: [Action.PACK, Action.SHIP, Action.PICK_UP, Action.DELIVER],
        State.VOIDED: [Action.VOID],
        State.CANCELLED: [Action.PACK, Action.SHIP, Action.CANCEL],
    }
    for action in ways.get(state, []):
        desk.act(action, "A")


#: RED's figures by effect, for the order A in an allocated state, in a deducted one, and in any other.
AFTER_ALLOCATED = {
    Effect.NONE: Figures(10, 4), Effect.RELEASE: Figures(10, 0), Effect.DEDUCT: Figures(6, 0),
    Effect.DEDUCT_IF_FITS: Figures(6, 0),
}  # fmt: skip
AFTER_DEDUCTED = {Effect.NONE: Figures(6, 0), Effect.RETURN: Figures(10, 0), Effect.FILE: Figures(6, 0)}
AFTER_OTHERS = {
    Effect.NONE: Figures(10, 0), Effect.ALLOCATE: Figures(10, 4), Effect.RELEASE: Figures(10, 0),
    Effect.DEDUCT: Figures(10, 0), Effect.DEDUCT_IF_FITS: Figures(6, 0),
}  # fmt: skip


@pytest.mark.parametrize("state", State)
def test_every_action_in_every_state(desk: Desk, state: State) -> None:
    """ORD-4, ORD-5, ORD-8, ORD-9, ORD-11: one savepoint per action, so that each starts from the same order."""
    bring_to(desk, state)
    assert desk.state("A") == state

    def all_actions(session):
        for action in Action:
            savepoint = session.begin_nested()
            _one(desk, session, state, action)
            savepoint.rollback()
            session.expire_all()

    desk.db.write(all_actions)


def _one(desk: Desk, session, state: State, action: Action) -> None:
    numbers = desk.ids(session, ["A"])
    said = (state, action)
    if said not in TABLE:
        with pytest.raises(NotPossible) as refused:
            service.act(session, action, numbers, by="anna", at=AT)
        [order] = service.read(session, numbers)
        can = ", ".join(BY_HAND[each] for each in possible(session, [order])[order.id])
        assert refused.value.text.endswith(f"; possible: {can}" if can else "; nothing more can be done to it"), said
        return
    to, effect = TABLE[said]
    if effect in WORDY:
        return
    [order] = service.act(session, action, numbers, by="anna", at=AT, cause=Cause.VOID)
    session.flush()
    desk.verify(session)
    from_figures = figures(session, desk.main, desk.red)
    if state is State.OUT_OF_STOCK:  # BIG holds all ten
        assert from_figures == Figures(10, 10), said
        assert order.state == (to or State.OUT_OF_STOCK), said
        assert order.listed == (effect is Effect.DEDUCT_IF_FITS), said
        return
    if state is State.UNMAPPED:
        assert (from_figures, order.state) == (Figures(10, 0), to or State.UNMAPPED), said
        return
    after = (
        AFTER_ALLOCATED if state in ALLOCATED
        else AFTER_DEDUCTED if state in DEDUCTED or state is State.CANCELLED
        else AFTER_OTHERS
    )  # fmt: skip
    assert from_figures == after[effect], said
    assert order.state == (to or State.TO_PACK), said
