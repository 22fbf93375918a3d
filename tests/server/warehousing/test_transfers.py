from __future__ import annotations

import threading
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from server.access.models import AuditLine
from server.db.session import Database
from server.errors import Refused, StockbookError, WrongUse
from server.ledger.errors import NotEnough
from server.ledger.models import Entry
from server.ledger.movements import Kind, Line
from server.ledger.posting import Figures, post
from server.outbox.causes import Cause
from server.places.models import Shelf
from server.places.shelves import ShelfOccupied
from server.warehousing import transfers
from server.warehousing.arriving import MoreThanSent
from server.warehousing.models import TransferLine
from server.warehousing.transfers import NewTransfer, Sent, TransferChange
from tests.factories import AT, entry, make_sku, make_warehouse, put_stock
from tests.server.warehousing.conftest import Places
from tests.support.statements import counted


def line_of(places: Places, number: int, sku: int) -> TransferLine:
    with places.db.read() as s:
        return s.scalars(select(TransferLine).filter_by(transfer_id=number, sku_id=sku)).one()


def test_a_draft_posts_nothing_and_adds_up_lines_of_one_sku(places: Places) -> None:
    """STK-7, WB-14: lines of one SKU are one line, with both notes."""
    sent = [Sent(places.red, 2, "fair"), Sent(places.blue, 1), Sent(places.red, 3, "shop"), Sent(places.red, 1, "fair")]
    new = NewTransfer(places.main, places.east, sent)
    row = places.db.write(lambda s: transfers.create_transfers(s, [new], by="anna", at=AT)[0])
    assert (row.state, places.figures(places.main, places.red)) == ("draft", Figures(10))
    line = line_of(places, row.id, places.red)
    assert (line.line, line.quantity, line.note) == (1, 6, "fair; shop")


def test_dispatching_moves_from_on_hand_onto_the_way(places: Places) -> None:
    """STK-7, PSH-7 number 9: leaves the source's on hand, enters the destination's on the way, in one entry."""
    number = places.draft((places.red, 4), (places.blue, 10))
    places.dispatch(number)
    places.dispatch(number)  # pressed twice
    assert places.figures(places.main, places.red) == Figures(6)
    assert places.figures(places.east, places.red) == Figures(on_the_way=4)
    assert (places.figures(places.main, places.blue), places.transfer(number).state) == (Figures(0), "dispatched")
    assert Cause.TRANSFER_OUT in places.causes(places.red)
    with places.db.read() as s:
        assert s.scalars(select(Entry.key).where(Entry.document == "transfer")).all() == [f"transfer/{number}/dispatch"]


def test_more_than_is_available_is_refused_line_by_line(places: Places) -> None:
    """STK-4: with the quantity that is there; what orders hold can't be sent away."""
    places.db.write(lambda s: post(s, [entry(Line(places.main, places.blue, allocated=3), kind=Kind.ALLOCATE)]))
    number = places.draft((places.red, 11), (places.blue, 8))
    with pytest.raises(NotEnough) as refused:
        places.dispatch(number)
    short = [(one["sku"], one["warehouse"], one["there"], one["wanted"]) for one in refused.value.errors]
    assert sorted(short) == [("BLUE", "MAIN", 7, 8), ("RED", "MAIN", 10, 11)]
    assert (places.transfer(number).state, places.figures(places.main, places.red)) == ("draft", Figures(10))


def test_two_transfers_of_one_source_are_checked_as_a_sum(places: Places) -> None:
    """STK-4: together they take more than there is, so neither leaves."""
    numbers = places.draft((places.red, 6)), places.draft((places.red, 6))
    with pytest.raises(NotEnough):
        places.dispatch(*numbers)
    assert [places.transfer(n).state for n in numbers] == ["draft", "draft"]


def test_receiving_in_parts_any_number_of_times(places: Places) -> None:
    """STK-7, PSH-7 number 5: line by line, off the way and onto on hand, until nothing is left."""
    number = places.draft((places.red, 4), (places.blue, 2))
    places.dispatch(number)
    places.receive(number, [(places.red, 1)])
    assert places.figures(places.east, places.red) == Figures(1, on_the_way=3)
    assert Cause.TRANSFER_IN in places.causes(places.red)
    places.receive(number, [(places.red, 1), (places.red, 1), (places.blue, 2)])
    assert (places.transfer(number).state, places.transfer(number).finished_at) == ("dispatched", None)
    places.receive(number)
    places.receive(number)  # pressed twice
    row = places.transfer(number)
    assert (row.state, row.finished_by, row.steps) == ("received", "bo", 3)
    assert places.figures(places.east, places.red) == Figures(4)
    assert places.figures(places.east, places.blue) == Figures(2)


def test_no_more_arrives_than_was_sent(places: Places) -> None:
    """STK-7: refused with what is on the way, for every SKU at once; also for a SKU that was never sent."""
    number = places.draft((places.red, 4))
    places.dispatch(number)
    places.receive(number, [(places.red, 1)])
    with pytest.raises(MoreThanSent) as refused:
        places.receive(number, [(places.red, 2), (places.blue, 1), (places.red, 2)])
    assert [error["detail"] for error in refused.value.errors] == [
        "3 of RED on the way, 4 wanted",
        "0 of BLUE on the way, 1 wanted",
    ]
    with pytest.raises(WrongUse):
        places.receive(number, [])
    assert places.figures(places.east, places.red) == Figures(1, on_the_way=3)


def test_what_never_arrives_is_written_off_with_a_reason(places: Places) -> None:
    """STK-7: off the way, onto nothing; the last loss closes the transfer."""
    number = places.draft((places.red, 4))
    places.dispatch(number)
    with pytest.raises(WrongUse, match="why"):
        places.write_off(number, reason="  ")
    places.write_off(number, [(places.red, 1)], reason="fell off the truck")
    with pytest.raises(MoreThanSent):
        places.write_off(number, [(places.red, 4)])
    places.receive(number, [(places.red, 2)])
    places.write_off(number, reason="nobody knows")
    line = line_of(places, number, places.red)
    assert (line.received, line.written_off, line.reason) == (2, 2, "nobody knows")
    assert (places.transfer(number).state, places.figures(places.east, places.red)) == ("received", Figures(2))
    with places.db.read() as s:
        said = s.scalars(select(Entry.note).where(Entry.kind == Kind.WRITE_OFF.value).order_by(Entry.id)).all()
    assert said == ["fell off the truck", "nobody knows"]


def test_a_shelf_is_given_at_receiving(places: Places) -> None:
    """WH-3, WH-2: an available one; one that holds another SKU is refused and nothing arrives."""
    number = places.draft((places.red, 4), (places.blue, 2))
    places.dispatch(number)
    places.receive(number, [(places.red, 1, places.shelf)])
    assert line_of(places, number, places.red).shelf_id == places.shelf
    with places.db.read() as s:
        assert s.get_one(Shelf, places.shelf).sku_id == places.red
    with pytest.raises(ShelfOccupied):
        places.receive(number, [(places.blue, 2, places.shelf)])
    assert places.figures(places.east, places.blue) == Figures(on_the_way=2)


def test_only_drafts_are_changed(places: Places) -> None:
    """STK-7: lines and places of a draft; once dispatched it stays."""
    number = places.draft((places.red, 4))
    change = TransferChange(note="for the fair", lines=[Sent(places.blue, 3)])
    places.db.write(lambda s: transfers.edit(s, number, change, by="anna", at=AT))
    places.dispatch(number)
    assert (places.figures(places.main, places.blue), places.transfer(number).note) == (Figures(7), "for the fair")
    with pytest.raises(Refused, match="only a draft"):
        places.db.write(lambda s: transfers.edit(s, number, change, by="anna", at=AT))


def test_what_a_draft_can_not_be(places: Places) -> None:
    """STK-7, CAT-6: from one warehouse to another, of SKUs that hold stock of their own."""
    box = places.db.write(lambda s: make_sku(s, "BOX", kind="combination"))
    for source, sent in ((places.east, [Sent(places.red, 1)]), (places.main, []), (places.main, [Sent(box, 1)])):
        with pytest.raises(Refused):
            new = NewTransfer(source, places.east, sent)
            places.db.write(lambda s, n=new: transfers.create_transfers(s, [n], by="anna", at=AT))
    number = places.draft((places.red, 1))
    with pytest.raises(Refused, match="both are 'MAIN'"):
        change = TransferChange(destination_id=places.main)
        places.db.write(lambda s: transfers.edit(s, number, change, by="anna", at=AT))


def test_cancelling_a_draft_or_what_has_not_arrived(places: Places) -> None:
    """STK-7, STK-2: a reversing movement that points back; once something arrived it is too late."""
    draft, sent, partly = (places.draft((places.red, 2)) for _ in range(3))
    places.dispatch(sent, partly)
    places.receive(partly, [(places.red, 1)])
    for number in (draft, sent, sent):
        places.db.write(lambda s, n=number: transfers.cancel(s, n, by="anna", at=AT))
        assert places.transfer(number).state == "cancelled"
    with pytest.raises(Refused, match="have arrived"):
        places.db.write(lambda s: transfers.cancel(s, partly, by="anna", at=AT))
    assert places.figures(places.main, places.red) == Figures(8)
    assert places.figures(places.east, places.red) == Figures(1, on_the_way=1)
    for number in (draft, sent):
        with pytest.raises(Refused, match="cancelled"):
            places.dispatch(number)
        with pytest.raises(Refused, match="cancelled"):
            places.receive(number)


def test_taking_all_of_it_back(places: Places) -> None:
    """WB-8: what was received and written off too, all or nothing."""
    number = places.draft((places.red, 4), (places.blue, 2))
    places.dispatch(number)
    places.receive(number, [(places.red, 3)])
    places.write_off(number, [(places.blue, 1)])
    places.db.write(lambda s: put_stock(s, places.east, places.red, -2))
    back = lambda s: transfers.take_back(s, [transfers.find_transfer(s, number)], by="anna", at=AT)  # noqa: E731
    with pytest.raises(NotEnough):
        places.db.write(back)
    places.db.write(lambda s: put_stock(s, places.east, places.red, 2))
    for _ in range(2):
        places.db.write(back)
        for sku in (places.red, places.blue):
            assert (places.figures(places.main, sku), places.figures(places.east, sku)) == (Figures(10), Figures())


def test_before_dispatch_nothing_arrives(places: Places) -> None:
    """STK-7"""
    number = places.draft((places.red, 2))
    with pytest.raises(Refused, match="not dispatched"):
        places.receive(number)


def test_a_warehouse_is_not_deleted_under_a_transfer(places: Places) -> None:
    """WH-6: till a dispatch has ended, whoever deletes the warehouse waits, and then sees what it posted."""
    if places.db.dialect != "postgresql":
        return  # SQLite has one writer at a time
    number = places.draft((places.red, 2))

    def work(s) -> None:
        transfers.dispatch(s, [transfers.find_transfer(s, number, lock=True)], by="anna", at=AT)
        deleting = text("SELECT id FROM warehouse ORDER BY id FOR UPDATE NOWAIT")
        with places.db.engines.write.connect() as other, pytest.raises(OperationalError, match="lock"):
            other.execute(deleting)

    places.db.write(work)


def test_nothing_leaves_for_a_deleted_warehouse(places: Places) -> None:
    """WH-6: transfers from or to it can't be dispatched; what left it before still arrives."""
    waiting, sent = places.draft((places.red, 2)), places.draft((places.blue, 2))
    places.dispatch(sent)
    gone = text("UPDATE warehouse SET deleted_at = created_at WHERE code = 'MAIN'")
    places.db.write(lambda s: s.execute(gone))
    with pytest.raises(Refused, match="'MAIN' was deleted"):
        places.dispatch(waiting)
    with pytest.raises(Refused, match="'MAIN' was deleted"):
        places.db.write(lambda s: transfers.cancel(s, sent, by="anna", at=AT))
    places.receive(sent)
    assert places.figures(places.east, places.blue) == Figures(2)


def test_who_did_what_is_written_down(places: Places) -> None:
    """SEC-2"""
    number = places.draft((places.red, 2))
    places.dispatch(number)
    places.receive(number, [(places.red, 1)])
    places.write_off(number)
    with places.db.read() as s:
        lines = s.execute(select(AuditLine.actor, AuditLine.action).order_by(AuditLine.id)).all()
    said = [("anna", "create"), ("anna", "dispatch"), ("bo", "receive"), ("bo", "write_off")]
    assert [tuple(line) for line in lines] == [(who, f"transfer.{what}") for who, what in said]


def test_of_two_transfers_for_the_last_units_one_leaves(places: Places) -> None:
    """STK-4: dispatched at the same moment, never more leaves than there is."""
    numbers = [places.draft((places.red, 6), (places.blue, 1)), places.draft((places.blue, 1), (places.red, 6))]
    start, refused = threading.Barrier(2), []

    def send(number: int) -> None:
        start.wait()
        try:
            places.dispatch(number)
        except NotEnough:
            refused.append(number)

    threads = [threading.Thread(target=send, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert places.figures(places.main, places.red) == Figures(4)


def test_statements_do_not_grow_with_the_lines(places: Places) -> None:
    """P5: the same number for 2 and for 200 lines."""

    def make(s) -> list[int]:
        skus = [make_sku(s, f"S-{number}") for number in range(200)]
        for sku in skus:
            put_stock(s, places.main, sku, 5)
        return skus

    skus = places.db.write(make)
    taken = []
    for some in (skus[:2], skus):
        number = places.draft(*((sku, 1) for sku in some))
        with counted(places.db) as statements:
            places.dispatch(number)
            places.receive(number)
        taken.append(len(statements))
    assert taken[0] == taken[1]


STEPS = st.lists(
    st.tuples(st.sampled_from(["dispatch", "receive", "write_off", "cancel", "back"]), st.integers(0, 3),
              st.integers(0, 1), st.integers(1, 6)),
    max_size=14,
)  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_units_never_vanish(sqlite_url: str, steps: list[tuple[str, int, int, int]]) -> None:
    """STK-2, STK-7 (P3): on hand here, on the way, on hand there and written off are what there was at first."""
    database = Database(sqlite_url)
    try:
        _units_never_vanish(database, steps)
    finally:
        database.close()


def _units_never_vanish(database: Database, steps: list[tuple[str, int, int, int]]) -> None:
    place = next(_names)

    def work(s) -> Places:
        main, east = make_warehouse(s, f"M{place}"), make_warehouse(s, f"E{place}")
        skus = [make_sku(s, f"{name}{place}") for name in ("RED", "BLUE")]
        for sku in skus:
            put_stock(s, main, sku, 10)
        return Places(database, main, east, *skus, shelf=0)

    places = database.write(work)
    skus = (places.red, places.blue)
    numbers = [places.draft((places.red, 3), (places.blue, 2)), places.draft((places.red, 5)),
               places.draft((places.blue, 12)), places.draft((places.blue, 6), (places.red, 4))]  # fmt: skip
    do = {
        "dispatch": lambda number, sku, units: places.dispatch(number),
        "receive": lambda number, sku, units: places.receive(number, [(sku, units)]),
        "write_off": lambda number, sku, units: places.write_off(number, [(sku, units)]),
        "cancel": lambda number, *_: database.write(lambda s: transfers.cancel(s, number, by="x", at=AT)),
        "back": lambda number, *_: database.write(
            lambda s: transfers.take_back(s, [transfers.find_transfer(s, number)], by="x", at=AT)
        ),
    }
    for what, transfer, sku, units in steps:
        with suppress(StockbookError):
            do[what](numbers[transfer], skus[sku], units)
        for number in skus:
            here, there = places.figures(places.main, number), places.figures(places.east, number)
            assert here.on_hand + there.on_the_way + there.on_hand + _lost(places, numbers, number) == 10


def _lost(places: Places, numbers: list[int], sku: int) -> int:
    with places.db.read() as s:
        lost = select(TransferLine.written_off).filter_by(sku_id=sku).where(TransferLine.transfer_id.in_(numbers))
        return sum(s.scalars(lost))


_names = iter(range(10_000))
