"""Orders that are edited in their store after they were taken in (ORD-10)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import delete, select, update

from server.catalog.models import Component
from server.channels.protocol import MarketStatus
from server.ledger.posting import Figures
from server.orders.by_hand import move_to_pack
from server.orders.models import Order
from server.orders.states import Action
from server.outbox.models import Changed, Told
from server.stores.models import StoreSku
from tests.factories import AT, make_sku, make_store_sku
from tests.server.orders.desk import Desk, news
from tests.support.statements import counted

Lines = Sequence[tuple[str, int]]


def ordered(desk: Desk, *lines: tuple[str, int], state: str = "to_pack") -> None:
    desk.take(news("A", *lines))
    path = [Action.PACK, Action.SHIP, Action.PICK_UP, Action.DELIVER]
    for action in path[: ["to_pack", "in_process", "to_pickup", "shipped", "completed"].index(state)]:
        desk.act(action, "A")


@pytest.mark.parametrize("state", ["to_pack", "in_process"])
def test_less_of_a_line_is_released_while_allocated(desk: Desk, state: str) -> None:
    """ORD-10: only the changed line changes; the order stays where it is."""
    ordered(desk, ("red", 4), ("blue", 3), state=state)
    desk.take(news("A", ("red", 1), ("blue", 3), minutes=5, total=Decimal("12.50")))
    assert (desk.state("A"), desk.lines("A")) == (state, {"red": 1, "blue": 3})
    assert (desk.figures(desk.red), desk.figures(desk.blue)) == (Figures(10, 1), Figures(10, 3))
    assert desk.kinds("A") == ["allocate", "release"]
    assert desk.view("A").order.total == Decimal("12.50")


def test_a_line_that_goes_is_released_whole(desk: Desk) -> None:
    """ORD-10, PSH-8: and what its listing shows is unknown."""
    ordered(desk, ("red", 4), ("blue", 3))
    desk.db.write(lambda s: s.query(Told).delete())
    desk.take(news("A", ("blue", 3), minutes=5))
    assert (desk.figures(desk.red), desk.figures(desk.blue)) == (Figures(10), Figures(10, 3))
    assert [line.store_sku for line in desk.view("A").lines] == ["blue"]
    with desk.db.read() as s:
        assert len(s.scalars(select(Told)).all()) == 2


@pytest.mark.parametrize("state", ["to_pickup", "shipped", "completed"])
def test_less_of_a_line_is_refunded_once_deducted(desk: Desk, state: str) -> None:
    """ORD-10: a refund transaction: on hand rises by what the line has less, and only its."""
    ordered(desk, ("red", 4), ("blue", 3), state=state)
    desk.take(news("A", ("red", 1), minutes=5))
    assert (desk.figures(desk.red), desk.figures(desk.blue)) == (Figures(9), Figures(10))
    assert desk.kinds("A") == ["allocate", "deduct", "refund"]
    assert desk.units("A") == {"red": (0, 1, 0)}
    desk.take(news("A", ("red", 1), minutes=6))
    assert desk.figures(desk.red) == Figures(9)


@pytest.mark.parametrize("state", ["to_pack", "in_process"])
@pytest.mark.parametrize("lines", [[("red", 7)], [("red", 4), ("blue", 3)]])
def test_more_is_allocated_too_while_allocated(desk: Desk, state: str, lines: Lines) -> None:
    """ORD-10: a quantity that rises, or a line that comes, is a sale transaction."""
    ordered(desk, ("red", 4), state=state)
    desk.take(news("A", *lines, minutes=5))
    assert (desk.state("A"), desk.kinds("A")) == (state, ["allocate", "allocate"])
    wanted = dict(lines)
    assert desk.figures(desk.red).allocated == wanted["red"]
    assert desk.figures(desk.blue).allocated == wanted.get("blue", 0)


@pytest.mark.parametrize("state", ["to_pack", "in_process"])
def test_more_than_there_is_makes_it_out_of_stock_and_keeps_what_it_held(desk: Desk, state: str) -> None:
    """ORD-10: until the rest fits, or it is voided or cancelled."""
    ordered(desk, ("red", 4), state=state)
    desk.take(news("A", ("red", 12), ("blue", 1), minutes=5))
    assert (desk.state("A"), desk.figures(desk.red), desk.figures(desk.blue)) == (
        "out_of_stock", Figures(10, 4), Figures(10),
    )  # fmt: skip
    desk.take(news("B", ("red", 7)), news("C", ("red", 6)))
    assert (desk.state("B"), desk.state("C")) == ("out_of_stock", "to_pack")
    desk.act(Action.CANCEL, "C")
    desk.stock(desk.red, 2)
    desk.db.write(lambda s: move_to_pack(s, by="anna", at=AT))
    assert (desk.state("A"), desk.figures(desk.red), desk.figures(desk.blue)) == (
        "to_pack", Figures(12, 12), Figures(10, 1),
    )  # fmt: skip


@pytest.mark.parametrize("action", [Action.VOID, Action.CANCEL])
def test_what_it_kept_is_released_when_it_is_voided_or_cancelled(desk: Desk, action: Action) -> None:
    """ORD-10."""
    ordered(desk, ("red", 4))
    desk.take(news("A", ("red", 12), minutes=5))
    desk.act(action, "A")
    assert desk.figures(desk.red) == Figures(10)


def test_a_line_without_a_mapping_that_comes_makes_it_unmapped(desk: Desk) -> None:
    """ORD-10, ORD-2: it keeps what it held as well; edited back, it is to pack again."""
    ordered(desk, ("red", 4))
    desk.take(news("A", ("red", 4), ("green", 1), minutes=5))
    assert (desk.state("A"), desk.figures(desk.red)) == ("unmapped", Figures(10, 4))
    desk.take(news("A", ("red", 4), minutes=6))
    assert (desk.state("A"), desk.figures(desk.red)) == ("to_pack", Figures(10, 4))


@pytest.mark.parametrize("state", ["to_pickup", "shipped", "completed"])
def test_more_once_deducted_becomes_a_supplementary_order(desk: Desk, state: str) -> None:
    """ORD-10: the same number with the suffix -2, allocated like any other; the order itself stays."""
    ordered(desk, ("red", 4), state=state)
    desk.take(news("A", ("red", 6), ("blue", 2), minutes=5))
    assert (desk.state("A"), desk.lines("A")) == (state, {"red": 4})
    assert (desk.state("A-2"), desk.lines("A-2")) == ("to_pack", {"red": 2, "blue": 2})
    assert (desk.figures(desk.red), desk.figures(desk.blue)) == (Figures(6, 2), Figures(10, 2))
    assert desk.view("A-2").order.supplement_of == desk.id("A")
    desk.take(news("A", ("red", 6), ("blue", 2), minutes=6))
    with desk.db.read() as s:
        assert len(s.scalars(select(Order)).all()) == 2


def test_a_supplementary_order_is_edited_like_any_other(desk: Desk) -> None:
    """ORD-10: more goes into it while it waits, into -3 once it is deducted; less is taken from the newest first."""
    ordered(desk, ("red", 2), state="to_pickup")
    desk.take(news("A", ("red", 4), minutes=5))
    desk.take(news("A", ("red", 5), minutes=6))
    assert desk.lines("A-2") == {"red": 3}
    desk.act(Action.PACK, "A-2")
    desk.act(Action.SHIP, "A-2")
    desk.take(news("A", ("red", 6), minutes=7))
    assert (desk.lines("A-2"), desk.lines("A-3"), desk.figures(desk.red)) == ({"red": 3}, {"red": 1}, Figures(5, 1))
    desk.take(news("A", ("red", 1), minutes=8))
    assert [desk.lines(number) for number in ("A", "A-2", "A-3")] == [{"red": 1}, {"red": 0}, {"red": 0}]
    assert desk.figures(desk.red) == Figures(9)


def test_a_supplementary_order_follows_its_order(desk: Desk) -> None:
    """ORD-10: cancelled with it; shipped outside it is deducted where it is packed, and goes on waiting where not."""
    ordered(desk, ("red", 2), state="to_pickup")
    desk.take(news("A", ("red", 4), minutes=5))
    desk.take(news("A", ("red", 4), minutes=6, status=MarketStatus.SHIPPED))
    assert (desk.state("A"), desk.state("A-2")) == ("shipped", "to_pack")
    desk.act(Action.PACK, "A-2")
    desk.take(news("A", ("red", 4), minutes=7, status=MarketStatus.COMPLETED))
    assert (desk.state("A"), desk.state("A-2"), desk.figures(desk.red)) == ("completed", "completed", Figures(6))
    desk.take(news("A", ("red", 5), minutes=8, status=MarketStatus.COMPLETED))
    desk.take(news("A", ("red", 5), minutes=9, status=MarketStatus.CANCELLED))
    assert (desk.state("A-3"), desk.figures(desk.red)) == ("cancelled", Figures(6))


def test_a_store_may_have_an_order_of_the_supplements_number(desk: Desk) -> None:
    """ORD-3, ORD-10: they are two orders."""
    ordered(desk, ("red", 2), state="to_pickup")
    desk.take(news("A", ("red", 3), minutes=5))
    desk.take(news("A-2", ("blue", 5), minutes=6))
    with desk.db.read() as s:
        found = s.scalars(select(Order).where(Order.number == "A-2").order_by(Order.supplement)).all()
        assert [order.supplement for order in found] == [0, 2]
    assert (desk.figures(desk.red), desk.figures(desk.blue)) == (Figures(8, 1), Figures(10, 5))


def test_shipped_and_raised_in_the_same_news(desk: Desk) -> None:
    """ORD-9, ORD-10: what was packed here is deducted, what comes on top is a supplementary order."""
    ordered(desk, ("red", 4), state="in_process")
    desk.take(news("A", ("red", 99), minutes=5, status=MarketStatus.SHIPPED))
    assert (desk.state("A"), desk.state("A-2"), desk.figures(desk.red)) == ("shipped", "out_of_stock", Figures(6))


def test_released_outside_and_then_raised(desk: Desk) -> None:
    """ORD-9, ORD-10: nothing of it was deducted here, so what comes on top is not ours to send either."""
    ordered(desk, ("red", 4))
    desk.take(news("A", ("red", 4), minutes=5, status=MarketStatus.SHIPPED))
    desk.take(news("A", ("red", 6), minutes=6, status=MarketStatus.SHIPPED))
    assert (desk.lines("A"), desk.figures(desk.red)) == ({"red": 6}, Figures(10))


@pytest.mark.parametrize("before", [("red", 11), ("green", 1)])
def test_an_order_that_waits_is_tried_with_its_new_lines(desk: Desk, before: tuple[str, int]) -> None:
    """ORD-10, ORD-2: out of stock or unmapped, edited into something that fits."""
    desk.take(news("A", before))
    desk.take(news("A", ("red", 5), minutes=5))
    assert (desk.state("A"), desk.figures(desk.red)) == ("to_pack", Figures(10, 5))


def test_an_order_that_waits_and_loses_all_its_units_waits_for_nothing(desk: Desk) -> None:
    """ORD-10: what is left fits, as it does where the order was to pack; and no line of it lacks a mapping."""
    desk.take(news("A1", ("red", 50)), news("A2", ("green", 1)))
    assert (desk.state("A1"), desk.state("A2")) == ("out_of_stock", "unmapped")
    desk.take(news("A1", ("red", 0), minutes=5), news("A2", ("green", 0), minutes=5))
    assert (desk.state("A1"), desk.state("A2")) == ("to_pack", "to_pack")
    assert desk.kinds("A1") == []


@pytest.mark.parametrize("status", [MarketStatus.UNPAID, MarketStatus.READY_TO_SHIP])
def test_an_order_that_holds_nothing_is_only_written_down(desk: Desk, status: MarketStatus) -> None:
    """ORD-10: unpaid or voided, the edit counts from when it is paid or reverted."""
    desk.take(news("A", ("red", 4), status=status))
    if status is not MarketStatus.UNPAID:
        desk.act(Action.VOID, "A")
    desk.take(news("A", ("red", 2), ("blue", 1), minutes=5, status=status))
    assert desk.figures(desk.red) == Figures(10)
    if status is MarketStatus.UNPAID:
        desk.take(news("A", ("red", 2), ("blue", 1), minutes=6))
    else:
        desk.act(Action.REVERT, "A")
    assert (desk.figures(desk.red), desk.figures(desk.blue)) == (Figures(10, 2), Figures(10, 1))


def test_an_order_run_by_the_marketplace_is_only_written_down(desk: Desk) -> None:
    """ORD-13, ORD-10: with its status and its lines; no stock moves."""
    desk.take(news("A", ("red", 4), platform_fulfilled=True))
    desk.take(news("A", ("red", 6), platform_fulfilled=True, minutes=5, status=MarketStatus.SHIPPED))
    view = desk.view("A")
    assert (view.order.state, view.order.market_status, desk.lines("A")) == ("recorded", "shipped", {"red": 6})
    assert (desk.figures(desk.red), desk.kinds("A")) == (Figures(10), [])


def test_a_line_that_becomes_another_listing(desk: Desk) -> None:
    """ORD-10: the same line id with another store SKU: the old is released, the new allocated."""
    ordered(desk, ("red", 4))
    told = news("A", ("red", 4), minutes=5)
    desk.take(replace(told, lines=[replace(told.lines[0], store_sku="blue", quantity=2)]))
    assert (desk.figures(desk.red), desk.figures(desk.blue)) == (Figures(10), Figures(10, 2))


def test_a_combination_keeps_the_components_it_took(desk: Desk) -> None:
    """ORD-10, CAT-6: edits go by what was taken, not by today's recipe."""

    def make(s):
        combination = make_sku(s, "SET", kind="combination")
        s.add(Component(combination_id=combination, component_id=desk.red, quantity=2))
        make_store_sku(s, desk.store, "set", combination)

    desk.db.write(make)
    ordered(desk, ("set", 2))
    desk.db.write(lambda s: setattr(s.scalars(select(Component)).one(), "quantity", 5))
    desk.take(news("A", ("set", 3), minutes=5))
    assert desk.figures(desk.red) == Figures(10, 6)
    desk.take(news("A", ("set", 1), minutes=6))
    assert desk.figures(desk.red) == Figures(10, 2)


def test_returned_news_and_cancels_say_nothing_of_lines(desk: Desk) -> None:
    """ORD-10, ORD-11: a market that empties a cancelled order's lines refunds nothing."""
    ordered(desk, ("red", 4), state="shipped")
    desk.take(news("A", ("red", 0), minutes=5, status=MarketStatus.RETURNED))
    desk.take(news("A", minutes=6, status=MarketStatus.CANCELLED))
    assert (desk.state("A"), desk.lines("A"), desk.figures(desk.red)) == ("cancelled", {"red": 4}, Figures(6))


def test_older_edits_change_nothing(desk: Desk) -> None:
    """ORD-3, ORD-10: edits in any order and any number end the same."""
    dice = random.Random(3)
    story = [news("A", ("red", n), minutes=n) for n in (4, 6, 2, 9)]
    last = news("A", ("red", 3), ("blue", 1), minutes=20)
    for _ in range(3):
        told = [*story, *story, last]
        dice.shuffle(told)
        desk.take(*told[:3])
        for piece in told[3:]:
            desk.take(piece)
    assert (desk.figures(desk.red), desk.figures(desk.blue)) == (Figures(10, 3), Figures(10, 1))


def test_a_page_of_edits_is_taken_in_set_based(desk: Desk) -> None:
    """ORD-10: the statements don't grow with the orders."""
    desk.stock(desk.red, 1000)
    desk.stock(desk.blue, 1000)
    seen = []
    for size in (2, 25):
        numbers = [f"{size}-{n}" for n in range(size)]
        for prefix in ("U", "D", "S"):
            desk.take(*(news(prefix + n, ("red", 4)) for n in numbers))
        desk.act(Action.PACK, *(f"S{n}" for n in numbers))
        desk.act(Action.SHIP, *(f"S{n}" for n in numbers))
        page = [news("U" + n, ("red", 5), ("blue", 1), minutes=5) for n in numbers]
        page += [news("D" + n, ("red", 2), minutes=5) for n in numbers]
        page += [news("S" + n, ("red", 5), minutes=5) for n in numbers]
        with counted(desk.db) as statements:
            desk.take(*page)
        seen.append(len(statements))
    assert seen[0] == seen[1]
    assert desk.figures(desk.red).allocated == 27 * (5 + 2 + 1)


def test_what_a_store_put_back_is_unknown_whatever_becomes_of_the_news(desk: Desk) -> None:
    """PSH-8: an order that was cancelled here follows no edit; what its lines show in the store is unknown all the
    same, also that of a line that went."""
    ordered(desk, ("red", 4))
    desk.cancel("A")
    _all_is_told(desk)
    desk.take(news("A", ("blue", 1), minutes=5))
    assert _to_be_told(desk) == ({desk.red, desk.blue}, {"red", "blue"})


@pytest.mark.parametrize("state", ["to_pack", "completed"])
def test_what_came_into_an_order_that_was_cancelled_here_and_goes_again_is_unknown(desk: Desk, state: str) -> None:
    """PSH-8: two edits of an order that follows none: its lines stay, and what the second took away is unknown."""
    ordered(desk, ("red", 4), state=state)
    desk.cancel("A")
    before = desk.units("A"), desk.figures(desk.red)
    desk.take(news("A", ("blue", 1), minutes=5))
    _all_is_told(desk)
    desk.take(news("A", ("red", 1), minutes=6))
    assert _to_be_told(desk) == ({desk.red, desk.blue}, {"red", "blue"})
    assert (desk.units("A"), desk.figures(desk.red)) == before


def test_a_line_that_goes_from_an_order_that_holds_nothing_is_evaluated(desk: Desk) -> None:
    """PSH-8: nothing moves where a voided order is edited, and its SKUs are evaluated all the same."""
    ordered(desk, ("red", 4), ("blue", 1))
    desk.act(Action.VOID, "A")
    _all_is_told(desk)
    desk.take(news("A", ("blue", 1), minutes=5))
    assert _to_be_told(desk) == ({desk.red, desk.blue}, {"red", "blue"})


def _all_is_told(desk: Desk) -> None:
    desk.db.write(lambda s: (s.execute(delete(Changed)), s.execute(update(Told).values(known=True))))


def _to_be_told(desk: Desk) -> tuple[set[int], set[str]]:
    """The SKUs that are to be evaluated, and the store SKUs whose figure is unknown."""
    with desk.db.read() as session:
        unknown = select(StoreSku.code).join(Told, Told.store_sku_id == StoreSku.id).where(Told.known.is_(False))
        return set(session.scalars(select(Changed.sku_id))), set(session.scalars(unknown))
