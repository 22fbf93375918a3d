"""Goods that come back: by a scan before the buyer signed, by a list after (ORD-11)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from server.catalog.models import Component
from server.channels.protocol import MarketStatus
from server.errors import NotFound, Refused
from server.ledger.posting import Figures
from server.orders import returns
from server.orders.giving_back import Item
from server.orders.models import OrderReturn
from server.orders.refusing import NotPossible
from server.orders.states import Action
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed
from server.places.models import Warehouse
from tests.factories import AT, make_sku, make_store_sku
from tests.server.orders.desk import Desk, news

TRACKED = {"tracking_numbers": ("TRK-1",), "package_numbers": ("PKG 7",)}


def sent(desk: Desk, state: str = "shipped", *lines: tuple[str, int]) -> None:
    desk.take(news("A", *(lines or [("red", 4), ("blue", 1)]), **TRACKED))
    path = [Action.PACK, Action.SHIP, Action.PICK_UP, Action.DELIVER]
    for action in path[: ["to_pack", "in_process", "to_pickup", "shipped", "completed"].index(state)]:
        desk.act(action, "A")


def scan(desk: Desk, number: str = "TRK-1", **more) -> list[OrderReturn]:
    return desk.db.write(lambda s: returns.scan(s, number, by="anna", at=AT, **more))


def listed(desk: Desk, items: list[Item] | None = None) -> int:
    def work(s):
        returns.mark_processed(s, desk.ids(s, ["A"]), by="anna", at=AT)
        return returns.make_list(s, desk.ids(s, ["A"])[0], items, by="anna", at=AT).id

    return desk.db.write(work)


def complete(desk: Desk, number: int) -> None:
    desk.db.write(lambda s: returns.complete(s, [returns.find_return(s, number)], by="anna", at=AT))


@pytest.mark.parametrize("number", ["trk-1", " PKG 7", "A"])
@pytest.mark.parametrize("state", ["to_pickup", "shipped"])
def test_a_scan_puts_the_package_back_once(desk: Desk, state: str, number: str) -> None:
    """ORD-11: by tracking or package number, before the buyer signed; PSH-7 (3)."""
    sent(desk, state)
    desk.db.write(lambda s: s.query(Changed).delete())
    [made] = scan(desk, number)
    assert (made.state, desk.state("A")) == ("completed", state)
    assert (desk.figures(desk.red), desk.figures(desk.blue)) == (Figures(10), Figures(10))
    assert desk.units("A") == {"red": (0, 4, 4), "blue": (0, 1, 1)}
    with desk.db.read() as s:
        assert {tuple(unpack(row.causes)) for row in s.scalars(select(Changed))} == {(Cause.RETURN_SCAN,)}
    with pytest.raises(NotPossible, match="everything of order A has come back already"):
        scan(desk, number)
    assert desk.figures(desk.red) == Figures(10)


def test_items_come_back_as_defective(desk: Desk) -> None:
    """ORD-11: they are present, and may not be sold: all of a package, or some of it."""
    sent(desk)
    scan(desk, items=[Item(desk.red, 3), Item(desk.red, 1, defective=True)])
    assert desk.figures(desk.red) == Figures(9, 0, 0, 1)
    with pytest.raises(NotPossible, match="was scanned before"):
        scan(desk)
    sku_left = [Item(desk.blue, defective=True)]
    complete(desk, listed(desk, sku_left))
    assert desk.figures(desk.blue) == Figures(9, 0, 0, 1)


def test_a_whole_package_may_be_defective(desk: Desk) -> None:
    """ORD-11."""
    sent(desk)
    scan(desk, items=[Item(defective=True)])
    assert (desk.figures(desk.red), desk.figures(desk.blue)) == (Figures(6, 0, 0, 4), Figures(9, 0, 0, 1))


@pytest.mark.parametrize("state", ["to_pack", "in_process"])
def test_where_nothing_was_deducted_a_scan_is_refused(desk: Desk, state: str) -> None:
    """ORD-11: it says to add the goods by a stock-in list."""
    sent(desk, state)
    with pytest.raises(NotPossible, match="nothing was deducted for order A: add it by a stock-in list"):
        scan(desk)
    with pytest.raises(NotFound, match="no order has the tracking or package number 'X'"):
        scan(desk, "X")


def test_shipped_outside_and_released_there_is_nothing_to_scan(desk: Desk) -> None:
    """ORD-9, ORD-11."""
    sent(desk, "to_pack")
    desk.take(news("A", ("red", 4), ("blue", 1), status=MarketStatus.SHIPPED, minutes=5))
    with pytest.raises(NotPossible, match="add it by a stock-in list"):
        scan(desk)


@pytest.mark.parametrize("rule", ["release", "return"])
def test_a_cancelled_order_comes_back_by_a_scan_unless_it_did(desk: Desk, rule: str) -> None:
    """ORD-8, ORD-11: under the other rule on hand rose once already, and the scan is refused."""
    desk.set(on_cancel=rule)
    sent(desk)
    desk.take(news("A", ("red", 4), ("blue", 1), status=MarketStatus.CANCELLED, minutes=5))
    if rule == "return":
        with pytest.raises(NotPossible, match="has come back already"):
            scan(desk)
    else:
        assert desk.figures(desk.red) == Figures(6)
        scan(desk)
    assert (desk.state("A"), desk.figures(desk.red)) == ("cancelled", Figures(10))


def test_after_signing_it_is_marked_and_listed(desk: Desk) -> None:
    """ORD-11: a scan is refused; a return list posts when it is completed, and not before; PSH-7 (4)."""
    sent(desk, "completed")
    with pytest.raises(NotPossible, match="the buyer has signed for order A: mark it as processed, then list"):
        scan(desk)
    with pytest.raises(NotPossible, match="A is not marked as processed"):
        desk.db.write(lambda s: returns.make_list(s, desk.ids(s, ["A"])[0], by="anna", at=AT))
    number = listed(desk, [Item(desk.red, 2), Item(desk.red, 1, defective=True, warehouse_id=desk.east)])
    assert desk.figures(desk.red) == Figures(6)
    desk.db.write(lambda s: s.query(Changed).delete())
    complete(desk, number)
    assert (desk.figures(desk.red), desk.figures(desk.red, desk.east)) == (Figures(8), Figures(0, 0, 0, 1))
    with desk.db.read() as s:
        assert {tuple(unpack(row.causes)) for row in s.scalars(select(Changed))} == {(Cause.RETURN_MANUAL,)}
    with pytest.raises(Refused, match="is completed already"):
        complete(desk, number)
    complete(desk, listed(desk))
    assert (desk.figures(desk.red), desk.figures(desk.blue)) == (Figures(9), Figures(10))


def test_no_more_comes_back_than_is_out(desk: Desk) -> None:
    """ORD-8, ORD-11: neither in one list nor in two that were made at the same time."""
    sent(desk, "completed")
    with pytest.raises(Refused, match="RED: 5 wanted back, but only 4 of order A are out"):
        listed(desk, [Item(desk.red, 5)])
    with pytest.raises(Refused, match="RED: 2 wanted back, but only 1 of order A are out"):
        listed(desk, [Item(desk.red, 3), Item(desk.red, 2, defective=True)])
    first, second = listed(desk), listed(desk)
    complete(desk, first)
    with pytest.raises(Refused, match="4 wanted back, but only 0 are out"):
        complete(desk, second)
    assert desk.figures(desk.red) == Figures(10)
    with pytest.raises(NotPossible, match="has come back already"):
        listed(desk)


def test_what_the_buyer_has_not_signed_for_is_scanned(desk: Desk) -> None:
    """ORD-11."""
    sent(desk)
    with pytest.raises(NotPossible, match="has not signed for order A: scan its package"):
        listed(desk)
    desk.take(news("A", ("red", 4), ("blue", 1), status=MarketStatus.RETURNED, minutes=5, **TRACKED))
    complete(desk, listed(desk))
    assert (desk.state("A"), desk.figures(desk.red)) == ("shipped", Figures(10))


def test_refunded_units_do_not_come_back_too(desk: Desk) -> None:
    """ORD-10, ORD-11: what an edit refunded is no longer out; what came back is not refunded again."""
    sent(desk, "shipped", ("red", 4))
    desk.take(news("A", ("red", 3), minutes=5, **TRACKED))
    assert desk.figures(desk.red) == Figures(7)
    scan(desk)
    assert desk.figures(desk.red) == Figures(10)
    desk.take(news("A", ("red", 1), minutes=6, **TRACKED))
    assert desk.figures(desk.red) == Figures(10)


def test_a_combination_comes_back_in_its_components(desk: Desk) -> None:
    """ORD-11, CAT-6: as sold, or a component of it alone; by what it took, not by today's recipe."""

    def make(s):
        combination = make_sku(s, "SET", kind="combination")
        s.add(Component(combination_id=combination, component_id=desk.red, quantity=2))
        s.add(Component(combination_id=combination, component_id=desk.blue, quantity=1))
        make_store_sku(s, desk.store, "set", combination)
        return combination

    combination = desk.db.write(make)
    sent(desk, "completed", ("set", 3))
    complete(desk, listed(desk, [Item(combination, 1), Item(desk.red, 1, defective=True)]))
    assert (desk.figures(desk.red), desk.figures(desk.blue)) == (Figures(6, 0, 0, 1), Figures(8))
    with pytest.raises(Refused, match="SET: 2 wanted back, but only 1"):
        listed(desk, [Item(combination, 2)])


def test_it_comes_back_to_the_default_where_its_warehouse_is_gone(desk: Desk) -> None:
    """ORD-11, WH-6."""
    sent(desk, "completed", ("red", 4))
    number = listed(desk, [Item(desk.red, 1, warehouse_id=desk.east)])
    desk.db.write(lambda s: setattr(s.get_one(Warehouse, desk.east), "deleted_at", AT))
    complete(desk, number)
    assert desk.figures(desk.red) == Figures(7)


def test_a_return_is_taken_back(desk: Desk) -> None:
    """WB-8, STK-2: the opposite movement, pointing at the one it takes back; it may be scanned again."""
    sent(desk)
    [made] = scan(desk, items=[Item(defective=True)])
    desk.db.write(lambda s: returns.take_back(s, [made.id], by="anna", at=AT))
    assert (desk.figures(desk.red), desk.units("A")["red"]) == (Figures(6), (0, 4, 0))
    scan(desk)
    assert desk.figures(desk.red) == Figures(10)


def test_the_same_scan_many_times_at_once(desk: Desk) -> None:
    """ORD-11: exactly one puts the goods back; the others are told that they are."""
    sent(desk)

    def press(_: int) -> str:
        try:
            scan(desk)
        except NotPossible as refused:
            return refused.text
        return "back"

    with ThreadPoolExecutor(6) as pool:
        said = sorted(pool.map(press, range(6)))
    assert said == ["back", *["everything of order A has come back already"] * 5]
    assert (desk.figures(desk.red), desk.figures(desk.blue)) == (Figures(10), Figures(10))
