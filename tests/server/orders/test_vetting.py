"""One odd order is taken as well as it can be, or left out; it never holds back the others of its page."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from server.channels.protocol import MarketLine, MarketOrder, MarketStatus
from server.orders.models import Order
from server.orders.vetting import MAX_NUMBER, vet
from server.stores.models import StoreSku
from tests.factories import AT
from tests.server.orders.desk import Desk, news

GOOD = news("GOOD", ("red", 1))


def with_line(number: str, code: str, quantity: Any = 1, **more: Any) -> MarketOrder:
    return replace(news(number), lines=[MarketLine("1", code, quantity, **more)])


@pytest.mark.parametrize("code", ["", "  ", "a\x00b", "tab\there", "x" * 121, "\ud800"])
def test_a_store_sku_that_can_not_be_one(desk: Desk, code: str) -> None:
    """ORD-2: the order is taken, unmapped, under a code that is the same the next time; the others go on."""
    odd = with_line("ODD", code, name="A red shirt")
    taken = desk.take(odd, GOOD)
    assert (taken.new, desk.state("ODD"), desk.state("GOOD")) == (2, "unmapped", "to_pack")
    [note] = taken.odd
    [line] = desk.view("ODD").lines
    assert note.startswith("order ODD: line 1: ") and line.store_sku in note
    with desk.db.read() as s:
        made = s.scalars(select(StoreSku).where(StoreSku.code == line.store_sku)).one()
    assert (made.synced, made.sku_id) == (False, None), "the store has no listing of that name to be told"
    again = desk.take(odd, GOOD)
    assert (again.same, again.odd) == (2, []), "said once, not with every reading"
    later = desk.take(replace(odd, updated_at=AT + timedelta(minutes=1), tracking_numbers=["T-1"]))
    assert (later.changed, [one.store_sku for one in desk.view("ODD").lines]) == (1, [line.store_sku])


def test_what_is_called_nothing_is_told_apart_by_name(desk: Desk) -> None:
    """CAT-8: mapping one thing without a store SKU must not map every other thing without one."""
    desk.take(with_line("A", "", name="Shirt"), with_line("B", "", name="Hat"), with_line("C", "", name="Shirt"))
    codes = [desk.view(number).lines[0].store_sku for number in "ABC"]
    assert codes[0] == codes[2] != codes[1]


def test_a_number_that_can_not_be_kept(desk: Desk) -> None:
    """ORD-3: taken under a shorter one, the same each time; two long ones stay two."""
    long = "N" * 200
    first, second = replace(GOOD, number=long + "1"), replace(GOOD, number=long + "2")
    assert desk.take(first, second, replace(GOOD, number="bell\x07")).new == 3
    assert desk.take(first, second).same == 2
    with desk.db.read() as s:
        assert all(len(number) <= MAX_NUMBER for number in s.scalars(select(Order.number)))


@pytest.mark.parametrize("quantity", [-1, 1.5, "2", None, True, 10**12])
def test_a_quantity_that_nobody_can_promise(desk: Desk, quantity: Any) -> None:
    """ORD-2: an order is whole; one of which a quantity would be guessed is left out, and said."""
    taken = desk.take(with_line("ODD", "red", quantity), GOOD)
    assert (taken.new, desk.state("GOOD")) == (1, "to_pack")
    assert list(taken.left) == ["ODD"] and "quantity" in taken.left["ODD"]


def test_no_units_take_nothing(desk: Desk) -> None:
    """ORD-10: a market may go on telling of a line that was taken out."""
    assert desk.take(with_line("ODD", "red", 0), GOOD).new == 2
    assert desk.figures(desk.red).allocated == 1


def test_no_number_at_all(desk: Desk) -> None:
    """ORD-3: two orders without a number would be one."""
    taken = desk.take(replace(GOOD, number=" "), GOOD)
    assert (taken.new, taken.left) == (1, {" ": "it has no number"})


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity"), Decimal(10) ** 20, "a few"])
def test_amounts_that_are_none(desk: Desk, amount: Any) -> None:
    """ORD-2: stock waits for no price."""
    taken = desk.take(replace(with_line("ODD", "red", unit_price=amount), total=amount, currency="rupiah"), GOOD)
    assert (taken.new, len(taken.odd), desk.state("ODD")) == (2, 3, "to_pack")
    assert desk.view("ODD").order.total is None


@pytest.mark.parametrize("moment", [None, datetime(2026, 4, 20), AT + timedelta(days=9000), AT - timedelta(days=99999)])
def test_moments_that_are_none(desk: Desk, moment: Any) -> None:
    """ORD-1, ORD-3: counted from what is known; and no order from the future makes all later news old."""
    odd = replace(GOOD, number="ODD", placed_at=moment, updated_at=moment, paid_at=moment)
    taken = desk.take(odd, GOOD)
    assert (taken.new, desk.state("ODD")) == (2, "to_pack")
    assert any("order ODD: does not say when it changed" in note for note in taken.odd)
    later = AT + timedelta(hours=1)
    assert desk.take(odd, at=later).same == 1
    assert desk.take(replace(odd, status=MarketStatus.CANCELLED), at=later).changed == 1
    assert desk.take(replace(odd, status=MarketStatus.READY_TO_SHIP), at=later).same == 1, "never backwards"
    assert desk.state("ODD") == "cancelled"


def test_one_line_id_for_two_store_skus(desk: Desk) -> None:
    """ORD-2: both are promised."""
    lines = [MarketLine("1", "red", 1), MarketLine("1", "blue", 2), MarketLine("", "red", 1), MarketLine("", "blue", 1)]
    desk.take(replace(GOOD, lines=lines))
    assert (desk.figures(desk.red).allocated, desk.figures(desk.blue).allocated) == (2, 3)
    assert desk.take(replace(GOOD, lines=lines, total=Decimal(5), updated_at=AT + timedelta(minutes=1))).changed == 1
    assert len(desk.lines("GOOD")) == 4


def test_sound_orders_pass_as_they_are() -> None:
    vetted = vet([GOOD], at=AT)
    assert (vetted.notes, vetted.left, vetted.stand_ins, vetted.undated) == ({}, {}, set(), set())
    assert replace(vetted.orders[0], lines=list(GOOD.lines), tracking_numbers=(), package_numbers=()) == GOOD
