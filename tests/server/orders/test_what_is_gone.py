"""What orders took may be deleted since: nothing comes back to a deleted SKU or warehouse."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from server.channels.protocol import MarketStatus
from server.db.session import Database
from server.ledger.errors import SkuGone
from server.ledger.models import Entry
from server.ledger.movements import Kind
from server.ledger.posting import Figures
from server.operations.delete_sku import delete_skus
from server.orders import returns
from server.orders.states import Action
from server.places.models import Warehouse
from server.stores.models import Store, StoreSku
from tests.factories import AT
from tests.server.orders.desk import Desk, news, open_desk


@pytest.fixture
def desk(db: Database) -> Desk:
    """Order A of 4 RED and 1 BLUE is with its buyer, and nothing is left in stock."""
    desk = open_desk(db)
    desk.stock(desk.red, 4)
    desk.stock(desk.blue, 1)
    desk.take(news("A", ("red", 4), ("blue", 1), tracking_numbers=("TRK-1",)))
    for action in (Action.PACK, Action.SHIP, Action.PICK_UP, Action.DELIVER):
        desk.act(action, "A")
    return desk


def delete(desk: Desk, sku: int) -> None:
    def work(s) -> None:
        s.execute(update(StoreSku).where(StoreSku.sku_id == sku).values(sku_id=None))
        delete_skus(s, [sku], by="anna", at=AT)

    desk.db.write(work)


def close(desk: Desk, warehouse: int) -> None:
    """Delete it, and have another default."""

    def work(s) -> None:
        s.execute(update(Warehouse).values(is_default=False))
        s.execute(update(Warehouse).where(Warehouse.id == warehouse).values(deleted_at=AT))
        s.execute(update(Warehouse).where(Warehouse.id != warehouse).values(is_default=True))

    desk.db.write(work)


def returns_on_cancel(desk: Desk) -> None:
    desk.db.write(lambda s: setattr(s.get_one(Store, desk.store), "settings", {"on_cancel": "return"}))


def make_list(desk: Desk) -> int:
    def work(s) -> int:
        returns.mark_processed(s, desk.ids(s, ["A"]), by="anna", at=AT)
        return returns.make_list(s, desk.id("A"), by="anna", at=AT).id

    return desk.db.write(work)


def test_no_return_of_a_deleted_sku(desk: Desk) -> None:
    """CAT-13, ORD-11: refused, saying what to do; the other SKUs of the order come back."""
    delete(desk, desk.blue)
    with pytest.raises(SkuGone, match="'BLUE' was deleted: no units of it can be booked; leave it out, and stock in"):
        make_list(desk)
    assert desk.figures(desk.blue) == Figures()
    item = returns.Item(desk.red)
    desk.db.write(lambda s: returns.mark_processed(s, desk.ids(s, ["A"]), by="anna", at=AT))
    row = desk.db.write(lambda s: returns.make_list(s, desk.ids(s, ["A"])[0], [item], by="anna", at=AT).id)
    desk.db.write(lambda s: returns.complete(s, [returns.find_return(s, row)], by="anna", at=AT))
    assert desk.figures(desk.red) == Figures(4)


@pytest.mark.parametrize("status", [MarketStatus.CANCELLED, MarketStatus.COMPLETED])
def test_news_goes_on_without_a_deleted_sku(desk: Desk, status: MarketStatus) -> None:
    """CAT-13, ORD-8, ORD-10: cancelled with return, or edited to nothing, its units stay out; the others come back."""
    returns_on_cancel(desk)
    delete(desk, desk.blue)
    lines = [("red", 4), ("blue", 1)] if status is MarketStatus.CANCELLED else [("red", 1)]
    taken = desk.take(news("A", *lines, status=status, minutes=5))
    assert taken.changed == 1
    assert (desk.figures(desk.blue), desk.figures(desk.red).on_hand) == (Figures(), 4 if len(lines) == 2 else 3)


@pytest.mark.parametrize("status", [MarketStatus.CANCELLED, MarketStatus.COMPLETED])
def test_news_brings_nothing_into_a_deleted_warehouse(desk: Desk, status: MarketStatus) -> None:
    """WH-6, ORD-8, ORD-10: what left from there comes back to the default one."""
    returns_on_cancel(desk)
    close(desk, desk.main)
    lines = [("red", 4), ("blue", 1)] if status is MarketStatus.CANCELLED else [("red", 1)]
    desk.take(news("A", *lines, status=status, minutes=5))
    assert desk.figures(desk.red) == Figures()
    assert desk.figures(desk.red, desk.east).on_hand == (4 if len(lines) == 2 else 3)


def test_an_undone_return_points_at_what_it_takes_back(desk: Desk) -> None:
    """STK-2, WB-8: the entry says which one it reverses."""
    number = make_list(desk)
    desk.db.write(lambda s: returns.complete(s, [returns.find_return(s, number)], by="anna", at=AT))
    desk.db.write(lambda s: returns.take_back(s, [number], by="anna", at=AT))
    with desk.db.read() as s:
        [undone] = s.scalars(select(Entry).where(Entry.kind == Kind.UNDO)).all()
        assert undone.reverses_id == returns.find_return(s, number).entry_id
