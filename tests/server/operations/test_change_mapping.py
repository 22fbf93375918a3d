"""Changing a mapping while orders are open (CAT-9)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from server.db.session import Database
from server.errors import NotFound, WrongUse
from server.ledger.posting import Figures
from server.operations.change_mapping import Scope, change_for_orders, change_mapping, scope_named
from server.orders.refusing import NotPossible
from server.orders.states import Action
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed
from server.stores.models import StoreSku
from tests.factories import AT
from tests.server.orders.desk import Desk, news, open_desk
from tests.support.statements import counted

BY = {"by": "anna", "at": AT}


@pytest.fixture
def desk(db: Database) -> Desk:
    opened = open_desk(db)
    opened.stock(opened.red, 10)
    opened.stock(opened.blue, 6)
    return opened


def listing(desk: Desk, session, code: str) -> int:
    return session.scalars(select(StoreSku.id).where(StoreSku.code == code)).one()


def change(desk: Desk, sku: int | None, scope: Scope = Scope.FUTURE, code: str = "red") -> None:
    desk.db.write(lambda s: change_mapping(s, {listing(desk, s, code): sku}, scope=scope, **BY))


def change_order(desk: Desk, number: str, sku: int, code: str = "red") -> None:
    desk.db.write(lambda s: change_for_orders(s, {(desk.ids(s, [number])[0], listing(desk, s, code)): sku}, **BY))


def skus(desk: Desk, number: str) -> list[str | None]:
    return [line.sku for line in desk.view(number).lines]


def after(desk: Desk) -> tuple[str, Figures, Figures]:
    return desk.state("A"), desk.figures(desk.red), desk.figures(desk.blue)


def test_future_orders_only_is_the_default(desk: Desk) -> None:
    """CAT-9: orders that are there keep what they took."""
    desk.take(news("A", ("red", 4)))
    change(desk, desk.blue)
    desk.take(news("B", ("red", 1)))
    assert (skus(desk, "A"), skus(desk, "B")) == (["RED"], ["BLUE"])
    assert (desk.figures(desk.red), desk.figures(desk.blue)) == (Figures(10, 4), Figures(6, 1))


def test_this_order_only_moves_its_allocation(desk: Desk) -> None:
    """CAT-9: in the same transaction; the mapping itself and other orders stay. PSH-7 (12)."""
    desk.take(news("A", ("red", 4), ("blue", 1)), news("B", ("red", 2)))
    desk.db.write(lambda s: s.query(Changed).delete())
    change_order(desk, "A", desk.blue)
    desk.take(news("C", ("red", 1)))
    assert [skus(desk, number) for number in "ABC"] == [["BLUE", "BLUE"], ["RED"], ["RED"]]
    assert after(desk) == (
        "to_pack",
        Figures(10, 3),
        Figures(6, 5),
    )
    assert desk.kinds("A") == ["allocate", "release", "allocate"]
    with desk.db.read() as s:
        assert Cause.MAPPING in {cause for row in s.scalars(select(Changed)) for cause in unpack(row.causes)}


def test_or_the_order_becomes_out_of_stock_and_holds_nothing(desk: Desk) -> None:
    """CAT-9: not its other lines either (ORD-2); mapped back it is to pack again."""
    desk.take(news("A", ("red", 7), ("blue", 1)))
    change_order(desk, "A", desk.blue)
    assert after(desk) == (
        "out_of_stock",
        Figures(10),
        Figures(6),
    )
    change_order(desk, "A", desk.red)
    assert after(desk) == (
        "to_pack",
        Figures(10, 7),
        Figures(6, 1),
    )


def test_all_new_orders(desk: Desk) -> None:
    """CAT-9: to pack, out of stock and unmapped ones, also those with a mapping of their own; not in process."""
    desk.take(news("PACKED", ("red", 1)), news("A", ("red", 2)), news("OWN", ("red", 1)), news("OUT", ("red", 50)))
    desk.act(Action.PACK, "PACKED")
    change_order(desk, "OWN", desk.blue)
    change(desk, desk.red, Scope.ALL_NEW)
    assert skus(desk, "OWN") == ["RED"]
    change(desk, desk.blue, Scope.ALL_NEW)
    assert [skus(desk, number)[0] for number in ("PACKED", "A", "OWN", "OUT")] == ["RED", "BLUE", "BLUE", "BLUE"]
    assert (desk.figures(desk.red), desk.figures(desk.blue)) == (Figures(10, 1), Figures(6, 3))
    assert desk.state("OUT") == "out_of_stock"


def test_taking_a_mapping_away_for_all_new_orders(desk: Desk) -> None:
    """CAT-9: they become unmapped and hold nothing; mapped again, they are tried."""
    desk.take(news("A", ("red", 2), ("blue", 1)))
    change(desk, None, Scope.ALL_NEW)
    assert after(desk) == ("unmapped", Figures(10), Figures(6))
    change(desk, desk.red)
    assert (desk.state("A"), desk.figures(desk.red)) == ("to_pack", Figures(10, 2))


@pytest.mark.parametrize("scope", [Scope.FUTURE, Scope.ALL_NEW])
def test_mapping_an_unmapped_store_sku_always_tries_its_orders(desk: Desk, scope: Scope) -> None:
    """CAT-9."""
    desk.take(news("A", ("green", 2)))
    change(desk, desk.blue, scope, "green")
    assert (desk.state("A"), desk.figures(desk.blue)) == ("to_pack", Figures(6, 2))


def test_an_unmapped_order_can_be_mapped_by_itself(desk: Desk) -> None:
    """CAT-9: this order only; the listing stays without a mapping."""
    desk.take(news("A", ("green", 2)), news("B", ("green", 1)))
    change_order(desk, "A", desk.blue, "green")
    assert (desk.state("A"), desk.state("B")) == ("to_pack", "unmapped")


def test_a_voided_order_is_reverted_with_the_mapping_it_was_given(desk: Desk) -> None:
    """ORD-5: nothing moves before."""
    desk.take(news("A", ("red", 2)))
    desk.act(Action.VOID, "A")
    change_order(desk, "A", desk.blue)
    assert (desk.state("A"), desk.figures(desk.blue)) == ("voided", Figures(6))
    desk.act(Action.REVERT, "A")
    assert (desk.state("A"), desk.figures(desk.blue)) == ("to_pack", Figures(6, 2))


def test_what_can_not_be_changed(desk: Desk) -> None:
    """CAT-9: an order that is packed; a listing that the order has not; a scope that names no order."""
    desk.take(news("A", ("red", 2)))
    with pytest.raises(NotFound, match="has no line of store SKU 'blue'"):
        change_order(desk, "A", desk.red, "blue")
    with pytest.raises(WrongUse, match="say which order"):
        change(desk, desk.blue, Scope.THIS_ORDER)
    desk.act(Action.PACK, "A")
    with pytest.raises(NotPossible, match="A is in process: change mapping is not possible; possible: ship"):
        change_order(desk, "A", desk.blue)


def test_how_a_scope_is_named() -> None:
    names = {
        None: Scope.FUTURE, "": Scope.FUTURE, "Future orders": Scope.FUTURE, "this_order": Scope.THIS_ORDER,
        "this_order_only": Scope.THIS_ORDER, "all-new": Scope.ALL_NEW, "ALL NEW ORDERS": Scope.ALL_NEW,
    }  # fmt: skip
    assert {name: scope_named(name) for name in names} == names
    with pytest.raises(WrongUse, match="scope is one of this order only, future orders, all new orders"):
        scope_named("everything")


def test_many_orders_take_no_more_statements(desk: Desk) -> None:
    """CAT-9: set-based."""
    desk.stock(desk.red, 500)
    seen = []
    for size in (2, 40):
        desk.take(*(news(f"{size}-{n}", ("red", 1), ("blue", 1)) for n in range(size)))
        with counted(desk.db) as statements:
            change(desk, desk.blue if size == 2 else desk.red, Scope.ALL_NEW)
        seen.append(len(statements))
        change(desk, desk.red, Scope.ALL_NEW)
        change(desk, desk.blue, Scope.ALL_NEW)
    assert seen[0] == seen[1]
