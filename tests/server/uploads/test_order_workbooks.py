"""Order actions and returns by workbook, through the whole path of an upload."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from server import clock
from server.channels.protocol import MarketStatus
from server.db.session import Database
from server.ledger.posting import Figures
from server.orders.returns import make_list, mark_processed
from server.orders.states import Action
from server.settings import Settings
from server.uploads.handlers.protocol import CannotUndo
from tests.factories import AT
from tests.server.orders.desk import Desk as Orders
from tests.server.orders.desk import news, open_desk
from tests.support.handing_in import Desk
from tests.support.statements import counted


@pytest.fixture
def orders(db: Database) -> Orders:
    """The store Shop; 10 of RED and 6 of BLUE in MAIN."""
    opened = open_desk(db)
    opened.stock(opened.red, 10)
    opened.stock(opened.blue, 6)
    return opened


@pytest.fixture
def actions(db: Database, orders: Orders, tmp_path: Path) -> Desk:
    return Desk(db, Settings(data_dir=tmp_path, database_url=db.url), "order_actions")


@pytest.fixture
def returns(db: Database, orders: Orders, tmp_path: Path) -> Desk:
    return Desk(db, Settings(data_dir=tmp_path, database_url=db.url), "returns")


def row(number: str, action: str, **more: object) -> dict[str, object]:
    return {"store": "Shop", "order": number, "action": action, **more}


def test_orders_go_their_way_by_workbook(orders: Orders, actions: Desk) -> None:
    """WB-2, ORD-4, ORD-5: each row says the state before and after; what gives stock back comes first."""
    orders.take(news("A", ("red", 4)), news("B", ("red", 6)), news("C", ("red", 5)))
    orders.act(Action.VOID, "B")
    sheet = [row("B", "revert"), row("A", "pack"), row("C", "move to To Pack")]
    for apply in (False, True):
        done = actions.hand_in(*sheet, apply=apply)
        assert done.changes == [
            [("state", "voided", "to_pack")], [("state", "to_pack", "in_process")], [],
        ]  # fmt: skip
    assert [orders.state(number) for number in "ABC"] == ["in_process", "to_pack", "out_of_stock"]
    sheet = [row("C", "move to To Pack"), row("B", "void"), row("A", "ship")]
    for apply in (False, True):
        done = actions.hand_in(*sheet, apply=apply)
        assert done.changes == [
            [("state", "out_of_stock", "to_pack")], [("state", "to_pack", "voided")],
            [("state", "in_process", "to_pickup")],
        ]  # fmt: skip
    assert orders.figures(orders.red) == Figures(6, 5)


def test_what_is_not_possible_says_what_is(orders: Orders, actions: Desk) -> None:
    """ORD-4, ORD-6, ORD-8, WB-14: row by row; nothing is applied."""
    orders.take(news("A", ("red", 4)), news("H", ("red", 1), hold=True), news("P", ("red", 1), cancel_pending=True))
    orders.stock(orders.red, 3, orders.east)
    done = actions.hand_in(
        row("A", "ship"),
        row("X", "pack"),
        row("H", "pack"),
        row("P", "pack"),
        row("H", "change warehouse"),
        {"store": "Nowhere", "order": "A", "action": "pack"},
        row("A", "cancel", return_quantity="no", store_sku="red"),
    )
    assert done.status == "refused"
    assert done.codes[:4] == [
        [("action", "refused")],
        [("order", "unknown-order")],
        [("store", "same-keys")],
        [("order", "order-cancel-pending")],
    ]
    assert done.codes[5] == [("store", "unknown-store")]
    lone = actions.hand_in(row("H", "pack"), row("A", "change warehouse", warehouse="EAST"), row("P", "ship"))
    assert "H is on hold at the store" in lone.texts[0]
    assert "A keeps what it holds: RED in EAST: only 3 available, 4 wanted" in lone.texts[1]
    assert "P is to pack: ship is not possible; possible: pack" in lone.texts[2]
    two = actions.hand_in(row("A", "pack"), row("A", "void", store_sku="red"))
    assert ("action", "rows-disagree") in two.codes[1]
    said = actions.hand_in(row("A", "cancel", return_quantity="no"))
    assert said.codes == [[("return_quantity", "refused")]] and "on_cancel=return" in said.texts[0]
    assert orders.state("A") == "to_pack"


def test_cancelling_without_return_where_the_shelf_is_short(orders: Orders, actions: Desk) -> None:
    """ORD-8, STK-5, WB-5: foreseen and done as by the store's own news: it is released."""
    orders.set(on_cancel="return")
    orders.take(news("A", ("red", 6)), news("B", ("red", 4)))
    orders.count(orders.red, -7)
    sheet = [row("A", "cancel", return_quantity=False), row("B", "pack")]
    for apply in (False, True):
        assert actions.hand_in(*sheet, apply=apply).statuses == ["ok", "ok"]
    assert (orders.state("A"), orders.figures(orders.red)) == ("cancelled", Figures(3, 4))


def test_cancelling_with_and_without_return(orders: Orders, actions: Desk) -> None:
    """ORD-8: the column says it where the store's rule leaves it to the caller."""
    orders.set(on_cancel="return")
    orders.take(*(news(number, ("red", 2), placed_at=clock.now()) for number in "ABC"), at=clock.now())
    asked = actions.hand_in(row("A", "cancel"))
    assert asked.codes == [[("return_quantity", "refused")]]
    done = actions.hand_in(row("A", "cancel", return_quantity="yes"), row("B", "cancel", return_quantity="no"))
    assert done.status == "applied"
    assert orders.figures(orders.red) == Figures(8, 2)
    with pytest.raises(CannotUndo, match="order A: cancel can't be undone"):
        actions.undo(done)


@pytest.mark.parametrize("scope", ["this order only", "future orders", "all new orders"])
def test_change_mapping_by_workbook_and_back(orders: Orders, actions: Desk, scope: str) -> None:
    """CAT-9, WB-8: with each scope; undone, every order and the mapping are as they were."""
    orders.take(news("A", ("red", 2)), news("B", ("red", 1)))
    sheet = row("A", "change mapping", store_sku="red", sku="BLUE", scope=scope)
    done = actions.hand_in(sheet)
    assert done.changes == [[("sku", "RED", "BLUE")]]
    orders.take(news("C", ("red", 1)))
    expected = {
        "this order only": ["BLUE", "RED", "RED"],
        "future orders": ["RED", "RED", "BLUE"],
        "all new orders": ["BLUE", "BLUE", "BLUE"],
    }[scope]
    assert [orders.view(number).lines[0].sku for number in "ABC"] == expected
    actions.undo(done)
    assert [orders.view(number).lines[0].sku for number in "AB"] == ["RED", "RED"]
    orders.take(news("D", ("red", 1)))
    assert orders.view("D").lines[0].sku == "RED"
    orders.figures(orders.red)


def test_a_mapping_taken_back_leaves_orders_that_waited_for_it_unmapped_again(orders: Orders, actions: Desk) -> None:
    """WB-8, CAT-9: mapped by mistake, they hold nothing of the wrong SKU; not once one is packed."""
    orders.take(news("A", ("green", 2)))
    sheet = row("A", "change mapping", store_sku="green", sku="BLUE")
    done = actions.hand_in(sheet)
    assert (orders.state("A"), orders.figures(orders.blue)) == ("to_pack", Figures(6, 2))
    actions.undo(done)
    assert (orders.state("A"), orders.view("A").lines[0].sku) == ("unmapped", None)
    assert orders.figures(orders.blue) == Figures(6)
    packed = actions.hand_in(sheet)
    orders.act(Action.PACK, "A")
    with pytest.raises(CannotUndo, match="order A is in process: its mapping can't be changed any more"):
        actions.undo(packed)
    orders.act(Action.CANCEL, "A")
    actions.undo(packed)
    assert (orders.state("A"), orders.view("A").lines[0].sku) == ("cancelled", "BLUE")


def test_all_new_orders_shows_what_an_order_of_its_own_mapping_sells(orders: Orders, actions: Desk) -> None:
    """CAT-9, WB-5: where the mapping is right already, what changes is the order's line."""
    orders.take(news("A", ("red", 2)))
    sheet = row("A", "change mapping", store_sku="red")
    actions.hand_in({**sheet, "sku": "BLUE", "scope": "this order only"})
    back = actions.hand_in({**sheet, "sku": "RED", "scope": "all new orders"})
    assert back.changes == [[("sku", "BLUE", "RED")]]
    assert orders.view("A").lines[0].sku == "RED"


def test_two_lines_of_one_order_get_other_skus(orders: Orders, actions: Desk) -> None:
    """CAT-9: a row for each store SKU; one that the order has not is named."""
    orders.take(news("A", ("red", 2), ("green", 1)))
    only = {"scope": "this order only"}
    done = actions.hand_in(
        row("A", "change mapping", store_sku="red", sku="BLUE", **only),
        row("A", "change mapping", store_sku="green", sku="BLUE", **only),
    )
    assert done.changes[0] == [("state", "unmapped", "to_pack"), ("sku", "RED", "BLUE")]
    assert (orders.state("A"), orders.figures(orders.blue)) == ("to_pack", Figures(6, 3))
    missing = actions.hand_in(row("A", "change mapping", store_sku="blue", sku="RED"), row("A", "change mapping"))
    assert missing.codes == [
        [("store_sku", "unknown-order-line")], [("store_sku", "missing"), ("sku", "missing")],
    ]  # fmt: skip
    actions.undo(done)
    assert (orders.state("A"), orders.figures(orders.blue)) == ("unmapped", Figures(6))


def test_void_warehouse_and_revert_are_undone(orders: Orders, actions: Desk) -> None:
    """WB-8: where section 4 has the inverse; packed orders are packed again."""
    orders.stock(orders.red, 2, orders.east)
    orders.take(news("A", ("red", 3)), news("B", ("red", 2)), news("C", ("blue", 1)))
    orders.act(Action.PACK, "A")
    orders.act(Action.VOID, "C")
    done = actions.hand_in(row("A", "void"), row("B", "change warehouse", warehouse="east"), row("C", "revert"))
    assert [orders.state(number) for number in "ABC"] == ["voided", "to_pack", "to_pack"]
    assert done.changes[1] == [("warehouse", "MAIN", "east")]
    assert orders.figures(orders.red, orders.east) == Figures(2, 2)
    actions.undo(done)
    assert [orders.state(number) for number in "ABC"] == ["in_process", "to_pack", "voided"]
    assert (orders.figures(orders.red), orders.figures(orders.red, orders.east)) == (Figures(10, 5), Figures(2))


def test_what_was_changed_or_taken_since_is_not_undone(orders: Orders, actions: Desk) -> None:
    """WB-8: with every reason; nothing changes."""
    orders.take(news("A", ("red", 6)), news("B", ("red", 2)))
    voided = actions.hand_in(row("A", "void"))
    packed = actions.hand_in(row("B", "pack"))
    with pytest.raises(CannotUndo, match="order B: pack can't be undone"):
        actions.undo(packed)
    orders.take(news("C", ("red", 7)))
    with pytest.raises(CannotUndo, match="what order A held is gone since"):
        actions.undo(voided)
    assert orders.state("A") == "voided"
    orders.act(Action.CANCEL, "A")
    with pytest.raises(CannotUndo, match="order A was changed since"):
        actions.undo(voided)


def test_an_applied_row_is_skipped_when_it_is_handed_in_again(orders: Orders, actions: Desk) -> None:
    """WB-7, WB-13: the same sheet is a duplicate."""
    orders.take(news("A", ("red", 6)))
    assert actions.hand_in(row("A", "pack")).status == "applied"
    assert actions.hand_in(row("A", "pack")).status == "duplicate"


def test_statements_do_not_grow_with_rows(orders: Orders, actions: Desk, returns: Desk) -> None:
    """WB-12: neither for actions nor for returns."""
    orders.stock(orders.red, 500)
    seen = []
    for n in (3, 60):
        numbers = [f"{n}-{i}" for i in range(n)]
        orders.take(*(news(number, ("red", 1)) for number in numbers))
        with counted(orders.db) as statements:
            for action in ("change mapping", "void", "revert", "pack", "ship"):
                more = {"store_sku": "red", "sku": "RED", "scope": "this order only"} if "map" in action else {}
                assert actions.hand_in(*(row(number, action, **more) for number in numbers)).status == "applied"
        orders.take(*(news(number, ("red", 1), minutes=5, status=MarketStatus.COMPLETED) for number in numbers))
        with counted(orders.db) as more_statements:
            assert returns.hand_in(*({"store": "Shop", "order": number} for number in numbers)).status == "applied"
        seen.append(len(statements) + len(more_statements))
    assert seen[0] == seen[1]


# -- mapping, with its scope ------------------------------------------------------------------------------------------


def test_a_mapping_for_all_new_orders(orders: Orders, db: Database, tmp_path: Path) -> None:
    """CAT-9, CAT-8: the workbook's column; also where only orders have another SKU; undone, they are as before."""
    desk = Desk(db, Settings(data_dir=tmp_path, database_url=db.url), "mapping")
    orders.take(news("A", ("red", 2)), news("P", ("red", 1)))
    orders.act(Action.PACK, "P")
    mapping = {"store": "Shop", "store_sku": "red", "scope": "all new orders"}
    done = desk.hand_in({**mapping, "sku": "BLUE"})
    assert done.changes == [[("sku", "RED", "BLUE"), ("order_lines", 0, 1)]]
    assert [orders.view(number).lines[0].sku for number in "AP"] == ["BLUE", "RED"]
    desk.undo(done)
    assert orders.view("A").lines[0].sku == "RED"
    assert orders.figures(orders.red) == Figures(10, 3)
    actions = Desk(db, Settings(data_dir=tmp_path, database_url=db.url), "order_actions")
    actions.hand_in(row("A", "change mapping", store_sku="red", sku="BLUE", scope="this order only"))
    again = desk.hand_in(mapping)
    assert (again.statuses, again.changes) == (["ok"], [[("order_lines", 0, 1)]])
    assert orders.view("A").lines[0].sku == "RED"
    assert desk.hand_in({**mapping, "sku": "RED"}).statuses == ["unchanged"]
    removed = desk.hand_in({**mapping, "action": "REMOVE"})
    assert (removed.status, orders.state("A"), orders.figures(orders.red)) == ("applied", "unmapped", Figures(10, 1))
    desk.undo(removed)
    assert orders.state("A") == "to_pack"


# -- returns ----------------------------------------------------------------------------------------------------------


def sent(orders: Orders, number: str, *lines: tuple[str, int], signed: bool = False) -> None:
    orders.take(news(number, *lines, tracking_numbers=(f"TRK-{number}",)))
    for action in (Action.PACK, Action.SHIP, *([Action.DELIVER] if signed else [])):
        orders.act(action, number)


def test_packages_and_orders_come_back_by_workbook(orders: Orders, returns: Desk) -> None:
    """ORD-11: by tracking number before the buyer signed, by order after; lines add up (WB-14); undone (WB-8)."""
    sent(orders, "A", ("red", 2), ("blue", 1))
    sent(orders, "B", ("red", 4), signed=True)
    assert orders.figures(orders.red) == Figures(4)
    sheet = [
        {"tracking": "trk-a"},
        {"store": "Shop", "order": "B", "sku": "RED", "quantity": 1, "note": "Wrong size"},
        {"store": "Shop", "order": "B", "sku": "RED", "quantity": 2, "condition": "defective", "warehouse": "EAST"},
    ]
    for apply in (False, True):
        done = returns.hand_in(*sheet, apply=apply)
        assert done.changes == [
            [("on_hand", 4, 6), ("on_hand", 5, 6)], [("on_hand", 6, 7)], [("defective", 0, 2)],
        ]  # fmt: skip
    assert (orders.figures(orders.red), orders.figures(orders.red, orders.east)) == (Figures(7), Figures(0, 0, 0, 2))
    assert orders.view("B").order.processed_at is not None
    assert returns.hand_in(sheet[0]).texts[0] == "everything of order A has come back already"
    returns.undo(done)
    assert (orders.figures(orders.red), orders.units("B")["red"]) == (Figures(4), (0, 4, 0))
    assert orders.view("B").order.processed_at is None, "WB-8: it was marked by this sheet"


def test_an_order_that_others_marked_or_list_stays_marked(orders: Orders, returns: Desk) -> None:
    """WB-8: undoing a sheet takes back what the sheet did, and leaves a list without its mark to nobody."""
    for number in ("A", "B"):
        sent(orders, number, ("red", 2), signed=True)
    orders.db.write(lambda s: mark_processed(s, orders.ids(s, "A"), by="anna", at=AT))
    shop = {"store": "Shop", "sku": "RED", "quantity": 1}
    done = returns.hand_in({**shop, "order": "A"}, {**shop, "order": "B"})
    orders.db.write(lambda s: make_list(s, orders.ids(s, "B")[0], by="anna", at=AT))
    returns.undo(done)
    assert all(orders.view(number).order.processed_at for number in "AB")


def test_what_can_not_come_back(orders: Orders, returns: Desk) -> None:
    """ORD-11: with what to do instead; the sum of the rows is what counts."""
    sent(orders, "A", ("red", 2))
    sent(orders, "B", ("red", 2), signed=True)
    orders.take(news("C", ("red", 1), tracking_numbers=("TRK-C",)))
    shop = {"store": "Shop"}
    done = returns.hand_in(
        {**shop, "order": "A"},
        {"tracking": "TRK-B"},
        {"tracking": "TRK-C"},
        {"tracking": "TRK-X"},
        {**shop},
        {"order": "B"},
        {**shop, "order": "X"},
        {**shop, "order": "B", "quantity": 1},
    )
    assert done.codes == [
        [("order", "refused")], [("tracking", "refused")], [("tracking", "refused")], [("tracking", "unknown-package")],
        [("order", "order-or-package")], [("store", "missing")], [("order", "unknown-order")], [("sku", "missing")],
    ]  # fmt: skip
    assert "has not signed for order A: scan its package" in done.texts[0]
    assert "has signed for order B" in done.texts[1]
    assert "add it by a stock-in list" in done.texts[2]
    too_much = returns.hand_in(
        {**shop, "order": "B", "sku": "RED", "quantity": 1},
        {**shop, "order": "B", "sku": "RED", "quantity": 2, "condition": "defective"},
        {**shop, "order": "B", "sku": "BLUE"},
    )
    assert too_much.codes == [[], [("quantity", "not-out")], [("quantity", "not-out")]]
    assert orders.figures(orders.red) == Figures(6, 1)


def test_a_return_that_was_sold_again_is_not_undone(orders: Orders, returns: Desk) -> None:
    """WB-8, STK-4."""
    sent(orders, "A", ("red", 10))
    done = returns.hand_in({"tracking": "TRK-A"})
    orders.take(news("B", ("red", 1), paid_at=AT + timedelta(minutes=1)))
    with pytest.raises(CannotUndo, match="RED in MAIN"):
        returns.undo(done)
