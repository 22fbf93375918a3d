"""Pack, ship, void, revert, cancel and shipped outside: by hand and by news, with the store's settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from server.catalog.models import MerchantSku
from server.channels.protocol import MarketStatus
from server.errors import WrongUse
from server.ledger.posting import Figures
from server.orders import returns
from server.orders.models import Order
from server.orders.refusing import NotPossible
from server.orders.states import Action
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed
from server.stores.models import StoreSku
from tests.factories import AT
from tests.server.orders.desk import Desk, news
from tests.support.statements import counted

CANCELLED, SHIPPED, COMPLETED = MarketStatus.CANCELLED, MarketStatus.SHIPPED, MarketStatus.COMPLETED
LATE = 14 * 24 * 60 + 1  # minutes


def packed(desk: Desk, *, shipped: bool = False) -> None:
    desk.take(news("A", ("red", 4)))
    desk.act(Action.PACK, "A")
    if shipped:
        desk.act(Action.SHIP, "A")


def test_on_hold_it_is_allocated_but_not_packed(desk: Desk) -> None:
    """ORD-4: paid, but the store says not to ship yet; taken off hold it goes its way."""
    desk.take(news("A", ("red", 4), hold=True))
    assert (desk.state("A"), desk.figures(desk.red)) == ("to_pack", Figures(10, 4))
    assert desk.view("A").warnings == ["on hold at the store: not to be packed"]
    with pytest.raises(
        NotPossible,
        match=r"A is on hold at the store: pack is not possible .* possible: void, cancel, change wareh.*mapping$",
    ):
        desk.act(Action.PACK, "A")
    desk.take(news("A", ("red", 4), minutes=1))
    desk.act(Action.PACK, "A")
    desk.take(news("A", ("red", 4), minutes=2, hold=True))
    with pytest.raises(NotPossible, match="ship is not possible"):
        desk.act(Action.SHIP, "A")


def test_a_buyer_who_asks_to_cancel_is_a_warning(desk: Desk) -> None:
    """ORD-8: nothing is done before the market says cancelled."""
    desk.take(news("A", ("red", 4), cancel_pending=True))
    assert desk.view("A").warnings == ["the buyer asked to cancel it"]
    desk.act(Action.PACK, "A")
    assert desk.state("A") == "in_process"


def test_reverting_after_the_sku_was_deleted(desk: Desk) -> None:
    """ORD-5: a voided order keeps no SKU; reverted, it is unmapped until its store SKU has a mapping again."""
    desk.take(news("A", ("red", 4)))
    desk.act(Action.VOID, "A")

    def delete(session):
        session.get_one(MerchantSku, desk.red).deleted_at = AT
        session.scalars(select(StoreSku).where(StoreSku.code == "red")).one().sku_id = None

    desk.db.write(delete)
    desk.act(Action.REVERT, "A")
    view = desk.view("A")
    assert (view.order.state, view.lines[0].sku) == ("unmapped", None)


def test_void_and_revert_have_causes_of_their_own(desk: Desk) -> None:
    """PSH-7: 10 and 11; cancel here is 10, cancelled at the market 1."""
    desk.take(news("A", ("red", 4)))
    for action, cause in ((Action.VOID, Cause.VOID), (Action.REVERT, Cause.REVERT), (Action.CANCEL, Cause.VOID)):
        desk.db.write(lambda s: s.query(Changed).delete())
        desk.act(action, "A")
        with desk.db.read() as s:
            assert [unpack(row.causes) for row in s.scalars(select(Changed))] == [[cause]]


# -- ORD-8: cancel ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_store", [False, True])
def test_cancelled_once_deducted_nothing_comes_back(desk: Desk, by_store: bool) -> None:
    """ORD-8: by itself; a ship click files the cancelled order away, once."""
    packed(desk, shipped=True)
    if by_store:
        desk.take(news("A", ("red", 4), status=CANCELLED, minutes=9))
    else:
        desk.cancel("A")
    assert (desk.state("A"), desk.figures(desk.red), desk.view("A").order.filed) == ("cancelled", Figures(6), False)
    desk.act(Action.SHIP, "A")
    assert (desk.state("A"), desk.figures(desk.red), desk.view("A").order.filed) == ("cancelled", Figures(6), True)
    with pytest.raises(NotPossible, match="A is filed away already"):
        desk.act(Action.SHIP, "A")


def test_a_cancelled_order_that_deducted_nothing_has_nothing_to_file(desk: Desk) -> None:
    """ORD-8."""
    desk.take(news("A", ("red", 4)))
    desk.cancel("A")
    with pytest.raises(NotPossible, match="deducted nothing"):
        desk.act(Action.SHIP, "A")


@pytest.mark.parametrize(
    ("deducted", "returned", "expected"),
    [
        (False, True, Figures(10)),
        (False, False, Figures(6)),
        (True, True, Figures(10)),
        (True, False, Figures(6)),
    ],
)
def test_the_other_rule_leaves_it_to_the_caller(desk: Desk, deducted: bool, returned: bool, expected: Figures) -> None:
    """ORD-8: not returned while allocated means deducted; returned once deducted means on hand rises once."""
    desk.set(on_cancel="return")
    packed(desk, shipped=deducted)
    with pytest.raises(WrongUse, match="say whether the quantity of order A is returned"):
        desk.cancel("A")
    desk.cancel("A", return_quantity=returned)
    assert (desk.state("A"), desk.figures(desk.red)) == ("cancelled", expected)
    out = not returned or deducted
    assert desk.units("A") == {"red": (0, 4 if out else 0, 4 if returned and deducted else 0)}


@pytest.mark.parametrize(("deducted", "minutes", "expected"), [
    (False, 9, Figures(10)), (True, 9, Figures(10)), (False, LATE, Figures(6)), (True, LATE, Figures(6)),
    (False, LATE - 1, Figures(10)),
])  # fmt: skip
def test_the_other_rule_at_the_market(desk: Desk, deducted: bool, minutes: int, expected: Figures) -> None:
    """ORD-8: cancelled at the market it is returned; more than 14 days after it was placed it never is."""
    desk.set(on_cancel="return")
    packed(desk, shipped=deducted)
    desk.take(news("A", ("red", 4), status=CANCELLED, minutes=minutes), at=AT + timedelta(minutes=minutes))
    assert (desk.state("A"), desk.figures(desk.red)) == ("cancelled", expected)


def test_the_other_rule_after_14_days_by_hand(desk: Desk) -> None:
    """ORD-8: never returned, wherever, whatever the caller says."""
    desk.set(on_cancel="return")
    packed(desk)
    desk.cancel("A", return_quantity=True, at=AT + timedelta(minutes=LATE))
    assert (desk.state("A"), desk.figures(desk.red)) == ("cancelled", Figures(6))


def test_without_the_other_rule_the_caller_has_no_say(desk: Desk) -> None:
    """ORD-8: what contradicts the store's rule is refused; what agrees with it is done."""
    packed(desk)
    with pytest.raises(WrongUse, match="on_cancel=return"):
        desk.cancel("A", return_quantity=False)
    desk.cancel("A", return_quantity=True)
    assert desk.figures(desk.red) == Figures(10)


def test_cancelled_by_hand_without_return_where_the_shelf_is_short(desk: Desk) -> None:
    """ORD-8, STK-5: it could never be cancelled otherwise, whatever the caller says."""
    desk.set(on_cancel="return")
    packed(desk)
    desk.count(desk.red, -9)
    desk.cancel("A", return_quantity=True, at=AT + timedelta(minutes=LATE))
    assert (desk.state("A"), desk.figures(desk.red)) == ("cancelled", Figures(1))


def test_cancelled_without_return_where_the_shelf_is_short(desk: Desk) -> None:
    """ORD-8, STK-5: the count has said that the goods are gone; the page goes on."""
    desk.set(on_cancel="return")
    packed(desk)
    desk.count(desk.red, -9)
    desk.take(news("A", ("red", 4), status=CANCELLED, minutes=LATE), news("B", ("red", 1)))
    assert (desk.state("A"), desk.state("B"), desk.figures(desk.red)) == ("cancelled", "to_pack", Figures(1, 1))


# -- ORD-9: shipped outside -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [SHIPPED, COMPLETED])
@pytest.mark.parametrize("setting", ["release", "deduct"])
def test_packed_here_and_shipped_outside(desk: Desk, setting: str, status: MarketStatus) -> None:
    """ORD-9: deducted when the store reports it shipped, whatever the setting."""
    desk.set(shipped_outside=setting)
    packed(desk)
    desk.take(news("A", ("red", 4), status=status, minutes=5))
    assert (desk.state("A"), desk.figures(desk.red)) == (status.value, Figures(6))


@pytest.mark.parametrize(("setting", "expected"), [("release", Figures(10)), ("deduct", Figures(6))])
@pytest.mark.parametrize("state", ["to_pack", "voided", "unpaid"])
def test_not_touched_here_and_shipped_outside(desk: Desk, state: str, setting: str, expected: Figures) -> None:
    """ORD-9: released and nothing deducted; the store's setting turns it into a deduction."""
    desk.set(shipped_outside=setting)
    desk.take(news("A", ("red", 4), status=MarketStatus.UNPAID if state == "unpaid" else MarketStatus.READY_TO_SHIP))
    if state == "voided":
        desk.act(Action.VOID, "A")
    desk.take(news("A", ("red", 4), status=SHIPPED, minutes=5))
    assert (desk.state("A"), desk.figures(desk.red)) == ("shipped", expected)
    assert not desk.view("A").order.listed


@pytest.mark.parametrize("code", ["red", "green"])
def test_what_does_not_fit_is_listed(desk: Desk, code: str) -> None:
    """ORD-9: out of stock or unmapped and shipped outside: nothing posted; with the setting, listed."""
    desk.set(shipped_outside="deduct")
    desk.take(news("A", (code, 11)))
    desk.take(news("A", (code, 11), status=SHIPPED, minutes=5))
    assert (desk.state("A"), desk.figures(desk.red), desk.kinds("A")) == ("shipped", Figures(10), [])
    assert desk.view("A").order.listed
    assert desk.view("A").warnings == ["shipped outside and not deducted: it did not fit"]
    desk.db.write(lambda s: returns.mark_processed(s, [desk.id("A")], by="anna", at=AT))
    assert not desk.view("A").order.listed, "whoever put it right by hand takes it off the list"


@pytest.mark.parametrize(("setting", "expected"), [("release", Figures(10)), ("deduct", Figures(6))])
def test_first_seen_as_shipped(desk: Desk, setting: str, expected: Figures) -> None:
    """ORD-9: nothing is taken; with the setting deducted, but never what was placed before the store was added."""
    desk.set(shipped_outside=setting)
    old = replace(news("OLD", ("red", 1), status=SHIPPED), placed_at=AT - timedelta(days=1))
    desk.take(news("A", ("red", 4), status=SHIPPED), old)
    assert (desk.state("A"), desk.state("OLD"), desk.figures(desk.red)) == ("shipped", "shipped", expected)


def test_in_process_at_the_store_changes_nothing(desk: Desk) -> None:
    """ORD-9: only shipped counts."""
    desk.take(news("A", ("red", 4)))
    desk.take(news("A", ("red", 4), status=MarketStatus.IN_PROCESS, minutes=5))
    assert (desk.state("A"), desk.figures(desk.red)) == ("to_pack", Figures(10, 4))


@pytest.mark.parametrize("state", ["to_pickup", "shipped", "completed"])
def test_returned_at_the_store_keeps_the_state(desk: Desk, state: str) -> None:
    """ORD-11: it is listed; goods come back by a return."""
    packed(desk, shipped=True)
    if state != "to_pickup":
        desk.take(news("A", ("red", 4), status=MarketStatus(state), minutes=5))
    desk.take(news("A", ("red", 4), status=MarketStatus.RETURNED, minutes=9))
    assert (desk.state("A"), desk.figures(desk.red)) == (state, Figures(6))


def test_an_order_that_begins_to_count_is_mapped_as_its_listing_is_now(desk: Desk) -> None:
    """ORD-1, ORD-2: mapped while the buyer had not paid yet."""
    desk.take(news("A", ("green", 1), status=MarketStatus.UNPAID))

    def map_it(session):
        session.scalars(select(StoreSku).where(StoreSku.code == "green")).one().sku_id = desk.blue

    desk.db.write(map_it)
    desk.take(news("A", ("green", 1), minutes=5))
    assert (desk.state("A"), desk.figures(desk.blue)) == ("to_pack", Figures(10, 1))


def test_many_orders_take_no_more_statements(desk: Desk) -> None:
    """ORD-9: a page of news, and cancelling by hand, are set-based."""
    desk.set(shipped_outside="deduct", on_cancel="return")
    desk.stock(desk.red, 1000)
    seen = []
    for size in (2, 30):
        numbers = [f"{size}-{n}" for n in range(size)]
        desk.take(*(news(number, ("red", 1)) for number in numbers))
        desk.take(*(news(f"X{number}", ("red", 1)) for number in numbers))
        with counted(desk.db) as statements:
            desk.take(*(news(number, ("red", 1), status=SHIPPED, minutes=5) for number in numbers))
            desk.cancel(*(f"X{number}" for number in numbers), return_quantity=False)
        seen.append(len(statements) - sum("audit" in one or 'FROM "order"' in one for one in statements))
    assert seen[0] == seen[1]
    with desk.db.read() as s:
        assert len(s.scalars(select(Order).where(Order.state == "cancelled")).all()) == 32
