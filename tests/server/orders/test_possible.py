"""What is named as possible is just what is accepted: in every state, and by what an order says besides."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.channels.protocol import MarketStatus
from server.db.session import Database
from server.errors import NotFound, Refused
from server.ledger.errors import NotEnough
from server.operations import turn_switch
from server.orders import by_hand, changing, returns
from server.orders.models import Order, OrderLine
from server.orders.refusing import possible
from server.orders.states import BY_HAND, Action, State
from server.stores.models import Store
from server.switches.service import INVENTORY_FEATURES
from tests.factories import AT
from tests.server.orders.desk import Desk, news, open_desk
from tests.server.orders.test_states import bring_to


def _do(desk: Desk, session: Session, action: Action, order: Order) -> None:
    """Do it with the words that it wants, whichever of them may be said."""
    who = {"by": "anna", "at": AT}
    if action is Action.MOVE_TO_PACK:
        by_hand.move_to_pack(session, [order.id], **who)
    elif action is Action.CHANGE_WAREHOUSE:
        by_hand.change_warehouse(session, {order.id: order.warehouse_id or desk.east}, **who)
    elif action is Action.CHANGE_MAPPING:
        line = session.scalars(select(OrderLine.id).where(OrderLine.order_id == order.id)).first()
        changing.change_lines(session, {line: desk.blue}, **who)
    elif action is Action.RETURN_SCAN:
        returns.scan(session, order.number, **who)
    elif action is Action.MARK_PROCESSED:
        returns.mark_processed(session, [order.id], **who)
    elif action is Action.RETURN_LIST:
        made = returns.make_list(session, order.id, **who)
        returns.complete(session, [made], **who)
    else:
        by_hand.act(session, action, [order.id], **who)


def _scan(desk: Desk) -> None:
    desk.db.write(lambda s: returns.scan(s, "A", by="anna", at=AT))


def _set(**values: object) -> Callable[[Desk], None]:
    return lambda desk: desk.db.write(lambda s: s.execute(update(Order).where(Order.number == "A").values(**values)))


def _processed(desk: Desk) -> None:
    desk.db.write(lambda s: returns.mark_processed(s, desk.ids(s, ["A"]), by="anna", at=AT))


def _delete_red(desk: Desk) -> None:
    desk.db.write(lambda s: s.execute(update(MerchantSku).where(MerchantSku.id == desk.red).values(deleted_at=AT)))


def _store_off(desk: Desk) -> None:
    desk.db.write(lambda s: s.execute(update(Store).values(active=False)))


def _switched_off(desk: Desk) -> None:
    desk.db.write(lambda s: turn_switch.turn(s, INVENTORY_FEATURES.name, False, by="anna", at=AT))


@pytest.fixture
def sqlite_desk(sqlite_url: str) -> Iterator[Desk]:
    """A desk for the many cases: which of them there are does not depend on the kind of database."""
    database = Database(sqlite_url)
    opened = open_desk(database)
    opened.stock(opened.red, 10)
    opened.stock(opened.blue, 10)
    yield opened
    database.close()


_BACK = frozenset({State.COMPLETED, State.CANCELLED})
_SENT = frozenset({State.TO_PICKUP, State.SHIPPED, State.CANCELLED})
#: What an order may say besides its state, what makes it say so, and in which states it can (CAT-13, PSH-13, STK-5).
BESIDES: dict[str, tuple[Callable[[Desk], None], frozenset[State]]] = {
    "as it is": (lambda _desk: None, frozenset(State)),
    "on hold at the store": (_set(hold=True), frozenset(State)),
    "filed away": (_set(filed=True), frozenset({State.CANCELLED})),
    "counted short": (lambda desk: desk.count(desk.red, -8), frozenset({State.TO_PACK, State.IN_PROCESS})),
    "processed": (_processed, _BACK),
    "scanned": (_scan, _SENT),
    "returned at the market": (_set(market_status=MarketStatus.RETURNED.value), _SENT | _BACK),
    "its SKU was deleted": (_delete_red, _BACK | {State.VOIDED}),
    "its store is off": (_store_off, frozenset(State)),
    "the inventory features are off": (_switched_off, frozenset(State) - {State.IN_PROCESS}),
}
CASES = [(besides, state) for besides, (_, states) in BESIDES.items() for state in State if state in states]


@pytest.mark.parametrize(("besides", "state"), CASES)
def test_what_is_named_is_accepted_and_nothing_else(sqlite_desk: Desk, besides: str, state: State) -> None:
    """ORD-4 to ORD-11: one savepoint per action, so that each starts from the same order."""
    bring_to(sqlite_desk, state)
    BESIDES[besides][0](sqlite_desk)
    _every_action(sqlite_desk)


def test_the_same_on_both_databases(desk: Desk) -> None:
    """One order that says much: it was cancelled once deducted, and nothing of it came back."""
    bring_to(desk, State.CANCELLED)
    named = _every_action(desk)
    assert named == [Action.SHIP, Action.RETURN_SCAN, Action.MARK_PROCESSED]
    _processed(desk)
    assert Action.RETURN_LIST in _every_action(desk)


def test_a_supplementary_order_is_like_any_other(desk: Desk) -> None:
    """ORD-10."""
    bring_to(desk, State.TO_PICKUP)
    desk.take(news("A", ("red", 6), minutes=5))
    assert Action.PACK in _every_action(desk, "A-2")


def _every_action(desk: Desk, number: str = "A") -> list[Action]:
    order_id = desk.id(number)
    with desk.db.read() as s:
        named = possible(s, [s.get_one(Order, order_id)])[order_id]

    def look(session: Session) -> None:
        for action in BY_HAND:
            savepoint = session.begin_nested()
            accepted = _accepted(desk, session, action, order_id)
            savepoint.rollback()
            session.expire_all()
            assert accepted == (action in named), (action, accepted, named)

    desk.db.write(look)
    return named


def _accepted(desk: Desk, session: Session, action: Action, order_id: int) -> bool:
    try:
        _do(desk, session, action, session.get_one(Order, order_id))
        session.flush()
    except (Refused, NotEnough):
        return False
    except NotFound:  # a supplementary order has no package of its own yet
        assert action is Action.RETURN_SCAN
        return False
    return True
