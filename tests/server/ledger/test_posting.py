from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from server.catalog.models import MerchantSku
from server.db.session import Database
from server.ledger.errors import KeyTaken, NotEnough, SkuGone
from server.ledger.models import Balance, Movement
from server.ledger.movements import Kind, Line
from server.ledger.posting import Figures, lock_figures, post
from server.ledger.verifying import Difference, verify
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed
from tests.factories import AT, entry, figures, make_sku, make_warehouse, put_stock
from tests.support.statements import counted


@pytest.fixture
def place(db: Database) -> tuple[int, int]:
    """A warehouse and a SKU."""
    return db.write(lambda s: (make_warehouse(s), make_sku(s, "NK-RED-M")))


def test_a_stock_in_raises_on_hand(db: Database, place: tuple[int, int]) -> None:
    """STK-1: available is on hand less allocated."""
    w, s = place
    db.write(lambda x: post(x, [entry(Line(w, s, on_hand=10))]))
    db.write(lambda x: post(x, [entry(Line(w, s, allocated=4), kind=Kind.ALLOCATE)]))
    with db.read() as session:
        assert figures(session, w, s) == Figures(on_hand=10, allocated=4)
        assert figures(session, w, s).available == 6


def test_the_same_key_posts_once(db: Database, place: tuple[int, int]) -> None:
    """STK-3: the same key twice posts once; other content under it is refused."""
    w, s = place
    first = db.write(lambda x: post(x, [entry(Line(w, s, on_hand=5), number=7000)]))[0]
    again = db.write(lambda x: post(x, [entry(Line(w, s, on_hand=5), number=7000)]))[0]
    assert again.again and again.entry_id == first.entry_id
    with pytest.raises(KeyTaken):
        db.write(lambda x: post(x, [entry(Line(w, s, on_hand=6), number=7000)]))
    with db.read() as session:
        assert figures(session, w, s).on_hand == 5


def test_a_key_posted_by_many_at_once_posts_once(db: Database, place: tuple[int, int]) -> None:
    """STK-3: thirty at once under one key post once."""
    w, s = place
    with ThreadPoolExecutor(8) as pool:
        jobs = [
            pool.submit(db.write, lambda x: post(x, [entry(Line(w, s, on_hand=1), number=7001)])) for _ in range(30)
        ]
    assert sum(not job.result()[0].again for job in jobs) == 1
    with db.read() as session:
        assert figures(session, w, s).on_hand == 1


def test_more_than_is_available_is_refused_with_what_is_there(db: Database, place: tuple[int, int]) -> None:
    """STK-4: refused line by line, with the quantity that is there; nothing is posted."""
    w, s = place
    other = db.write(lambda x: make_sku(x, "NK-RED-L"))
    db.write(lambda x: put_stock(x, w, s, 10))
    db.write(lambda x: post(x, [entry(Line(w, s, allocated=8), kind=Kind.ALLOCATE)]))
    out = entry(Line(w, s, on_hand=-2), Line(w, s, on_hand=-1), Line(w, other, on_hand=-1), kind=Kind.STOCK_OUT)
    with pytest.raises(NotEnough) as refused:
        db.write(lambda x: post(x, [out]))
    assert [(q.sku_id, q.figure, q.there, q.wanted) for q in refused.value.shortages] == [
        (s, "available", 2, 3),
        (other, "available", 0, 1),
    ]
    with db.read() as session:
        assert figures(session, w, s) == Figures(10, 8)
        assert verify(session) == []


@pytest.mark.parametrize("figure", ["on_hand", "allocated", "on_the_way", "defective"])
def test_the_database_itself_refuses_a_figure_below_zero(db: Database, place: tuple[int, int], figure: str) -> None:
    """STK-4: the last line of defence."""
    w, s = place
    db.write(lambda x: put_stock(x, w, s, 1))
    with pytest.raises(IntegrityError):
        db.write(lambda x: x.execute(update(Balance).values({figure: -1})))


def test_a_count_may_leave_available_negative(db: Database, place: tuple[int, int]) -> None:
    """STK-5: the shelf is the truth."""
    w, s = place
    db.write(lambda x: put_stock(x, w, s, 10))
    db.write(lambda x: post(x, [entry(Line(w, s, allocated=8), kind=Kind.ALLOCATE)]))
    count = entry(Line(w, s, on_hand=-7), kind=Kind.STOCK_COUNT, cause=Cause.STOCK_COUNT, needs_available=False)
    db.write(lambda x: post(x, [count]))
    with db.read() as session:
        assert figures(session, w, s).available == -5


@pytest.mark.parametrize("change", ["UPDATE movement SET on_hand = 9", "DELETE FROM movement", "DELETE FROM entry"])
def test_movements_are_never_changed(db: Database, place: tuple[int, int], change: str) -> None:
    """STK-2: the database refuses it, whoever asks."""
    db.write(lambda x: put_stock(x, *place, 3))
    with pytest.raises(DBAPIError, match="append-only"):
        db.write(lambda x: x.execute(text(change)))


def test_a_reversal_points_at_what_it_reverses(db: Database, place: tuple[int, int]) -> None:
    """STK-2: a mistake is corrected by a reversing movement."""
    w, s = place
    line = Line(w, s, on_hand=5)
    first = db.write(lambda x: post(x, [entry(line)]))[0]
    db.write(lambda x: post(x, [entry(line.reversed(), kind=Kind.UNDO, reverses_id=first.entry_id)]))
    with db.read() as session:
        assert figures(session, w, s).on_hand == 0
        assert verify(session) == []


def test_nothing_is_posted_on_a_deleted_sku(db: Database, place: tuple[int, int]) -> None:
    """CAT-13: on neither database, and nothing else of the same posting either."""
    w, s = place
    other = db.write(lambda x: make_sku(x, "OTHER"))
    db.write(lambda x: setattr(x.get_one(MerchantSku, s), "deleted_at", AT))
    with pytest.raises(SkuGone, match="was deleted: no units of it can be booked"):
        db.write(lambda x: post(x, [entry(Line(w, other, on_hand=1)), entry(Line(w, s, on_hand=1))]))
    with db.read() as session:
        assert (figures(session, w, s), figures(session, w, other)) == (Figures(), Figures())
        assert verify(session) == []


def test_an_undo_must_say_what_it_takes_back(place: tuple[int, int]) -> None:
    """STK-2."""
    with pytest.raises(AssertionError, match="says what it takes back"):
        entry(Line(*place, on_hand=1), kind=Kind.UNDO)


def test_posting_marks_its_skus_as_changed(db: Database, place: tuple[int, int]) -> None:
    """PSH-10: the intent to push is written in the same transaction; ten marks are one row with its causes united."""
    w, s = place
    db.write(lambda x: put_stock(x, w, s, 3))
    db.write(lambda x: post(x, [entry(Line(w, s, on_hand=-1), kind=Kind.STOCK_OUT, cause=Cause.STOCK_OUT_MANUAL)]))
    with db.read() as session:
        row = session.scalars(select(Changed)).one()
        assert (row.sku_id, row.version) == (s, 2)
        assert unpack(row.causes) == [Cause.STOCK_IN_MANUAL, Cause.STOCK_OUT_MANUAL]


def test_verify_finds_a_figure_changed_without_a_movement(db: Database, place: tuple[int, int]) -> None:
    """STK-2: a list of the differences."""
    w, s = place
    db.write(lambda x: put_stock(x, w, s, 3))
    db.write(lambda x: x.execute(update(Balance).values(on_hand=4)))
    with db.read() as session:
        assert verify(session) == [Difference(w, s, "on_hand", 4, 3)]


def test_statements_do_not_grow_with_lines(db: Database) -> None:
    """STK-3: an entry is set-based."""

    def skus(session, n):
        return [make_sku(session, f"S{n}-{i}") for i in range(n)]

    w = db.write(make_warehouse)
    seen = []
    for n in (2, 500):
        ids = db.write(lambda x, n=n: skus(x, n))
        with counted(db) as statements:
            db.write(lambda x, ids=ids: post(x, [entry(*(Line(w, i, on_hand=3) for i in ids))]))
        seen.append(len(statements))
    assert seen[0] == seen[1] <= 24


def test_many_threads_on_few_skus_never_oversell(db: Database) -> None:
    """STK-4: orders of several lines in random order over few SKUs; nobody deadlocks, nothing goes below zero."""
    w = db.write(make_warehouse)
    ids = db.write(lambda x: [make_sku(x, f"HOT-{i}") for i in range(6)])
    db.write(lambda x: post(x, [entry(*(Line(w, i, on_hand=20) for i in ids))]))

    def take(n: int) -> bool:
        wanted = [ids[(n * k + k) % 6] for k in range(1, 4)]
        try:
            db.write(lambda x: post(x, [entry(*(Line(w, i, allocated=1) for i in wanted), kind=Kind.ALLOCATE)]))
        except NotEnough:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take, range(80)))
    with db.read() as session:
        assert verify(session) == []
        known = [figures(session, w, i) for i in ids]
        assert all(0 <= f.allocated <= f.on_hand == 20 for f in known)
        assert sum(f.allocated for f in known) == sum(session.scalars(select(Movement.allocated)))


def test_locked_figures_are_those_of_the_moment(db: Database, place: tuple[int, int]) -> None:
    """STK-4: who decides by locked figures decides by what is true; a pair without a balance has zeros."""
    w, s = place
    other = db.write(lambda x: make_sku(x, "NK-RED-L"))
    db.write(lambda x: put_stock(x, w, s, 3))
    assert db.write(lambda x: lock_figures(x, [(w, s), (w, other)])) == {
        (w, s): Figures(3),
        (w, other): Figures(),
    }


def test_causes_are_marked_in_one_order(db: Database, place: tuple[int, int]) -> None:
    """PSH-10: of entries with several causes each SKU is marked once, with all of its own, so that two writers lock the
    marks in one order."""
    w, red = place
    blue = db.write(lambda x: make_sku(x, "BLUE"))
    entries = [
        entry(Line(w, blue, on_hand=5), cause=Cause.TRANSFER_IN),
        entry(Line(w, red, on_hand=5), Line(w, blue, on_hand=1), cause=Cause.UNDO),
    ]
    with counted(db) as statements:
        db.write(lambda x: post(x, entries))
    assert sum("INSERT INTO changed" in one for one in statements) == 1
    with db.read() as session:
        marked = dict(session.execute(select(Changed.sku_id, Changed.causes)).all())
    assert {sku: unpack(causes) for sku, causes in marked.items()} == {
        red: [Cause.UNDO],
        blue: [Cause.TRANSFER_IN, Cause.UNDO],
    }
