from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.access.models import AuditLine
from server.channels.protocol import MarketLine, MarketOrder, MarketStatus
from server.errors import Refused
from server.ledger.errors import NotEnough
from server.ledger.models import Entry, Movement
from server.ledger.movements import Kind, Line
from server.ledger.posting import Figures, post
from server.orders.models import Order
from server.orders.queries import at_risk
from server.orders.taking import take_in
from server.outbox.causes import Cause
from server.stores.models import Store
from server.warehousing import counts
from server.warehousing.counts import CountChange, Counted, NewCount
from server.warehousing.models import StockCount, StockCountLine
from tests.factories import AT, entry, make_sku, make_store, make_store_sku, put_stock
from tests.server.warehousing.conftest import Places
from tests.support.statements import counted as statements_of


def count(places: Places, *lines: tuple[int, ...], warehouse: int | None = None) -> int:
    new = NewCount(warehouse or places.main, [Counted(*line) for line in lines], note="autumn")
    return places.db.write(lambda s: counts.create_count(s, new, by="anna", at=AT).id)


def complete(places: Places, number: int) -> StockCount:
    def work(s) -> StockCount:
        row = counts.find_count(s, number, lock=True)
        counts.complete(s, row, by="bo", at=AT)
        return row

    return places.db.write(work)


def take_back(places: Places, number: int) -> None:
    places.db.write(lambda s: counts.take_back(s, [counts.find_count(s, number)], by="bo", at=AT))


def test_completing_posts_the_differences_of_that_moment(places: Places) -> None:
    """STK-8, PSH-7 number 17: up and down; a SKU that differs in nothing posts nothing."""
    number = count(places, (places.red, 7), (places.blue, 10))
    assert places.figures(places.main, places.red) == Figures(10)
    places.db.write(lambda s: put_stock(s, places.main, places.red, 2))
    assert complete(places, number).state == "completed"
    complete(places, number)  # pressed twice
    assert places.figures(places.main, places.red) == Figures(7)
    assert places.figures(places.main, places.blue) == Figures(10)
    assert Cause.STOCK_COUNT in places.causes(places.red)
    with places.db.read() as s:
        posted = s.execute(
            select(Movement.sku_id, Movement.on_hand).join(Entry, Entry.id == Movement.entry_id).where(
                Entry.kind == Kind.STOCK_COUNT.value
            )
        ).all()  # fmt: skip
        lines = s.scalars(select(StockCountLine).order_by(StockCountLine.line)).all()
    assert [tuple(row) for row in posted] == [(places.red, -5)]
    assert [(line.expected, line.on_hand, line.counted) for line in lines] == [(10, 12, 7), (10, 10, 10)]


def test_nothing_differs_nothing_is_posted(places: Places) -> None:
    """STK-8"""
    number = count(places, (places.red, 10), (places.blue, 0), warehouse=places.east)
    complete(places, number)
    assert places.figures(places.east, places.red) == Figures(10)
    again = count(places, (places.red, 10), warehouse=places.east)
    complete(places, again)
    with places.db.read() as s:
        keys = s.scalars(select(Entry.key).where(Entry.document == "stock_count")).all()
    assert keys == [f"stock_count/{number}/complete"]


def test_below_allocated_puts_orders_at_risk(places: Places) -> None:
    """STK-5: the shelf is the truth; available is negative, and the newest orders no longer fit."""

    def sell(s) -> None:
        store = make_store(s, warehouse_id=places.main)
        make_store_sku(s, store, "red", places.red)
        for number in (1, 2, 3):
            at = AT + timedelta(minutes=number)
            news = MarketOrder(
                number=str(number), status=MarketStatus.READY_TO_SHIP, placed_at=at, paid_at=at, updated_at=at,
                lines=[MarketLine("1", "red", 3)],
            )  # fmt: skip
            take_in(s, s.get_one(Store, store), [news], by="sync", at=at)

    places.db.write(sell)
    assert places.figures(places.main, places.red) == Figures(10, 9)
    complete(places, count(places, (places.red, 6)))
    left = places.figures(places.main, places.red)
    assert (left, left.available) == (Figures(6, 9), -3)
    with places.db.read() as s:
        ids = dict(s.execute(select(Order.id, Order.number)).all())
        assert {ids[number] for number in at_risk(s, ids)} == {"3"}


def test_several_spots_of_a_sku_add_up(places: Places) -> None:
    """STK-8: per SKU x shelf; the same spot twice is refused (WB-14)."""
    number = count(places, (places.red, 4, places.shelf), (places.red, 1), warehouse=places.east)
    complete(places, number)
    assert places.figures(places.east, places.red) == Figures(5)
    with pytest.raises(Refused, match="'RED' is counted twice"):
        count(places, (places.red, 4), (places.red, 1))


def test_what_a_count_can_not_be(places: Places) -> None:
    """STK-8, CAT-6: at least one line, of SKUs that hold stock of their own."""
    box = places.db.write(lambda s: make_sku(s, "BOX", kind="combination"))
    own = places.db.write(lambda s: make_sku(s, "OWN", kind="combination", own_stock=True))
    for lines in ((), ((box, 1),)):
        with pytest.raises(Refused):
            count(places, *lines)
    complete(places, count(places, (own, 3)))
    assert places.figures(places.main, own) == Figures(3)


def test_only_drafts_are_changed_and_called_off(places: Places) -> None:
    """STK-8"""
    number, other = count(places, (places.red, 1)), count(places, (places.red, 2))
    change = CountChange(note="again", lines=[Counted(places.blue, 4, note="behind the door")])
    places.db.write(lambda s: counts.edit(s, number, change, by="anna", at=AT))
    complete(places, number)
    assert (places.figures(places.main, places.red), places.figures(places.main, places.blue)) == (
        Figures(10), Figures(4),
    )  # fmt: skip
    with pytest.raises(Refused, match="only a draft"):
        places.db.write(lambda s: counts.edit(s, number, change, by="anna", at=AT))
    with pytest.raises(Refused, match="count again"):
        places.db.write(lambda s: counts.cancel(s, number, by="anna", at=AT))
    places.db.write(lambda s: counts.cancel(s, other, by="anna", at=AT))
    with pytest.raises(Refused, match="cancelled"):
        complete(places, other)


def test_taking_back_is_by_opposite_changes(places: Places) -> None:
    """WB-8, STK-2: never an absolute figure; refused where units the count found are spoken for."""
    number = count(places, (places.red, 12), (places.blue, 6))
    complete(places, number)
    places.db.write(lambda s: put_stock(s, places.main, places.blue, 1))
    places.db.write(lambda s: post(s, [entry(Line(places.main, places.red, allocated=11), kind=Kind.ALLOCATE)]))
    with pytest.raises(NotEnough) as refused:
        take_back(places, number)
    assert refused.value.errors[0]["sku"] == "RED"
    places.db.write(lambda s: post(s, [entry(Line(places.main, places.red, allocated=-11), kind=Kind.RELEASE)]))
    take_back(places, number)
    assert places.figures(places.main, places.red) == Figures(10)
    assert places.figures(places.main, places.blue) == Figures(11)


def test_who_did_what_is_written_down(places: Places) -> None:
    """SEC-2"""
    complete(places, count(places, (places.red, 1)))
    with places.db.read() as s:
        lines = s.execute(select(AuditLine.actor, AuditLine.action).order_by(AuditLine.id)).all()
    assert [tuple(line) for line in lines] == [("anna", "stock_count.create"), ("bo", "stock_count.complete")]


def test_statements_do_not_grow_with_the_lines(places: Places) -> None:
    """P5: the same number for 2 and for 200 lines."""
    skus = places.db.write(lambda s: [make_sku(s, f"S-{number}") for number in range(200)])
    taken = []
    for some in (skus[:2], skus):
        with statements_of(places.db) as statements:
            complete(places, count(places, *((sku, len(some)) for sku in some)))
        taken.append(len(statements))
    assert taken[0] == taken[1]
