"""Another warehouse for an order (ORD-6)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from server.catalog.models import Component
from server.ledger.errors import NotEnough
from server.ledger.posting import Figures
from server.orders import changing
from server.orders.refusing import NotPossible
from server.orders.states import Action
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed
from tests.factories import AT, make_sku, make_store_sku
from tests.server.orders.desk import Desk, news


def move(desk: Desk, *numbers: str, to: int | None = None) -> None:
    place = to or desk.east
    desk.db.write(lambda s: changing.change_warehouse(s, dict.fromkeys(desk.ids(s, numbers), place), by="anna", at=AT))


@pytest.mark.parametrize("state", ["to_pack", "in_process"])
def test_the_allocation_moves(desk: Desk, state: str) -> None:
    """ORD-6, PSH-7 (13): in one entry; what was held here is free here."""
    desk.stock(desk.red, 4, desk.east)
    desk.take(news("A", ("red", 4)))
    if state == "in_process":
        desk.act(Action.PACK, "A")
    desk.db.write(lambda s: s.query(Changed).delete())
    move(desk, "A")
    assert (desk.state("A"), desk.view("A").warehouse, desk.kinds("A")[-1]) == (state, "EAST", "reallocate")
    assert (desk.figures(desk.red), desk.figures(desk.red, desk.east)) == (Figures(10), Figures(4, 4))
    with desk.db.read() as s:
        assert [unpack(row.causes) for row in s.scalars(select(Changed))] == [[Cause.WAREHOUSE_CHANGE]]
    move(desk, "A")
    assert desk.kinds("A").count("reallocate") == 1


def test_what_does_not_fit_is_refused_and_the_old_allocation_kept(desk: Desk) -> None:
    """ORD-6: all or nothing, over all lines and all the orders asked for."""
    desk.stock(desk.red, 5, desk.east)
    desk.take(news("A", ("red", 2), ("blue", 1)), news("B", ("red", 2)))
    with pytest.raises(NotEnough) as refused:
        move(desk, "A", "B")
    assert refused.value.text == "BLUE in EAST: only 0 available, 1 wanted"
    assert (desk.view("A").warehouse, desk.view("B").warehouse) == ("MAIN", "MAIN")
    assert (desk.figures(desk.red), desk.figures(desk.red, desk.east)) == (Figures(10, 4), Figures(5))
    move(desk, "B")
    assert (desk.figures(desk.red), desk.figures(desk.red, desk.east)) == (Figures(10, 2), Figures(5, 2))


def test_an_out_of_stock_order_moves_and_is_tried_there(desk: Desk) -> None:
    """ORD-6: it is to pack there, or out of stock there; also one that kept a part (ORD-10)."""
    desk.take(news("A", ("red", 12)))
    move(desk, "A")
    assert (desk.state("A"), desk.view("A").warehouse) == ("out_of_stock", "EAST")
    desk.stock(desk.red, 12, desk.east)
    move(desk, "A", to=desk.main)
    move(desk, "A")
    assert (desk.state("A"), desk.figures(desk.red, desk.east)) == ("to_pack", Figures(12, 12))
    desk.take(news("B", ("red", 4)))
    desk.take(news("B", ("red", 14), minutes=5))
    assert desk.figures(desk.red) == Figures(10, 4)
    move(desk, "B")
    assert (desk.state("B"), desk.figures(desk.red)) == ("out_of_stock", Figures(10))


def test_a_voided_order_is_reverted_in_the_warehouse_it_was_given(desk: Desk) -> None:
    """ORD-5: nothing moves before."""
    desk.stock(desk.red, 4, desk.east)
    desk.take(news("A", ("red", 4)))
    desk.act(Action.VOID, "A")
    move(desk, "A")
    assert desk.state("A") == "voided"
    desk.act(Action.REVERT, "A")
    assert (desk.state("A"), desk.figures(desk.red, desk.east)) == ("to_pack", Figures(4, 4))


def test_an_unmapped_order_gets_a_warehouse_and_moves_what_it_kept(desk: Desk) -> None:
    """ORD-6, ORD-10: nothing is tried before it is mapped."""
    desk.stock(desk.red, 4, desk.east)
    desk.take(news("N", ("green", 1)), news("A", ("red", 4)))
    desk.take(news("A", ("red", 4), ("green", 1), minutes=5))
    move(desk, "N", "A")
    assert [(desk.state(number), desk.view(number).warehouse) for number in "NA"] == [("unmapped", "EAST")] * 2
    assert (desk.figures(desk.red), desk.figures(desk.red, desk.east)) == (Figures(10), Figures(4, 4))


def test_what_has_left_does_not_move(desk: Desk) -> None:
    """ORD-6."""
    desk.take(news("A", ("red", 4)))
    for action in (Action.PACK, Action.SHIP):
        desk.act(action, "A")
    with pytest.raises(NotPossible, match="A is to pickup: change warehouse is not possible"):
        move(desk, "A")


def test_a_combination_moves_what_it_took(desk: Desk) -> None:
    """ORD-6, CAT-6."""

    def make(s):
        combination = make_sku(s, "SET", kind="combination")
        s.add(Component(combination_id=combination, component_id=desk.red, quantity=2))
        make_store_sku(s, desk.store, "set", combination)

    desk.db.write(make)
    desk.stock(desk.red, 4, desk.east)
    desk.take(news("A", ("set", 2)))
    desk.db.write(lambda s: setattr(s.scalars(select(Component)).one(), "quantity", 5))
    move(desk, "A")
    assert desk.figures(desk.red, desk.east) == Figures(4, 4)
