from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import select

from server.db.session import Database
from server.errors import Conflict, NotFound, Refused
from server.ledger.movements import Kind, Line
from server.ledger.posting import post
from server.places.queries import find_shelf, shelves, shelves_of
from server.places.rules import ShelfStatus
from server.places.shelves import (
    ShelfOccupied,
    Wish,
    assign,
    create_shelves,
    delete_shelves,
    free,
    refusals,
)
from server.warehousing.models import StockList, StockListLine
from tests.factories import AT, entry, make_sku, make_warehouse, put_stock
from tests.support.statements import counted

BY = {"by": "anna", "at": AT}


@pytest.fixture
def place(db: Database) -> SimpleNamespace:
    """A warehouse with shelves s1 to s3, and SKUs a, b, c; a lies on s1, 5 of it."""

    def make(session):
        w = make_warehouse(session)
        a, b, c = (make_sku(session, code) for code in "ABC")
        s1, s2, s3 = create_shelves(session, [(w, f"A-0{i}") for i in (1, 2, 3)], **BY)
        assign(session, [Wish(s1, a)], **BY)
        put_stock(session, w, a, 5)
        return SimpleNamespace(w=w, a=a, b=b, c=c, s1=s1, s2=s2, s3=s3)

    return db.write(make)


def statuses(db: Database) -> list[tuple[str, str | None, str]]:
    with db.read() as session:
        return [(row.code, row.sku, row.status.value) for row in shelves(session)]


def put(db: Database, *wishes: tuple[int, int]) -> int:
    return db.write(lambda s: assign(s, [Wish(*wish) for wish in wishes], **BY))


def take_out(db: Database, place: SimpleNamespace, quantity: int, **more: int) -> None:
    line = Line(place.w, place.a, on_hand=-quantity, **more)
    db.write(lambda s: post(s, [entry(line, kind=Kind.STOCK_OUT)]))


def test_a_stock_out_to_0_makes_a_shelf_recyclable_by_itself(db: Database, place: SimpleNamespace) -> None:
    """WH-2: available, occupied, recyclable; nobody sets it."""
    assert statuses(db) == [("A-01", "A", "occupied"), ("A-02", None, "available"), ("A-03", None, "available")]
    take_out(db, place, 4)
    assert statuses(db)[0] == ("A-01", "A", "occupied")
    take_out(db, place, 1)
    assert statuses(db)[0] == ("A-01", "A", "recyclable")
    for status, codes in (("available", ["A-02", "A-03"]), ("recyclable", ["A-01"]), ("occupied", [])):
        with db.read() as session:
            assert [row.code for row in shelves(session, status=ShelfStatus(status))] == codes


def test_defective_units_still_occupy_a_shelf(db: Database, place: SimpleNamespace) -> None:
    """WH-2: they lie there like good ones."""
    take_out(db, place, 5, defective=1)
    assert statuses(db)[0] == ("A-01", "A", "occupied")


def test_an_occupied_shelf_is_refused_with_the_sku_that_holds_it(db: Database, place: SimpleNamespace) -> None:
    """WH-2: nothing is assigned, every refused wish is named."""
    with pytest.raises(ShelfOccupied, match="shelf 'A-01' holds 'A'") as refused:
        put(db, (place.s1, place.b), (place.s2, place.c))
    assert [(one.wish, one.holder) for one in refused.value.taken] == [(Wish(place.s1, place.b), "A")]
    assert statuses(db)[1] == ("A-02", None, "available")


def test_available_and_recyclable_shelves_are_assigned(db: Database, place: SimpleNamespace) -> None:
    """WH-2, WH-3: the former SKU of a recyclable shelf loses it."""
    take_out(db, place, 5)
    assert put(db, (place.s1, place.b), (place.s2, place.c)) == 2
    assert [row[:2] for row in statuses(db)] == [("A-01", "B"), ("A-02", "C"), ("A-03", None)]
    assert put(db, (place.s1, place.b)) == 0


def test_assigning_another_shelf_frees_the_old_one(db: Database, place: SimpleNamespace) -> None:
    """WH-2: a SKU has at most one shelf in a warehouse."""
    put(db, (place.s3, place.a))
    assert [row[:2] for row in statuses(db)] == [("A-01", None), ("A-02", None), ("A-03", "A")]
    with db.read() as session:
        assert shelves_of(session, [(place.w, place.a), (place.w, place.b)]) == {(place.w, place.a): (place.s3, "A-03")}


def test_two_empty_skus_can_swap_their_shelves(db: Database, place: SimpleNamespace) -> None:
    put(db, (place.s2, place.b), (place.s3, place.c))
    assert put(db, (place.s3, place.b), (place.s2, place.c)) == 2
    assert [row[:2] for row in statuses(db)[1:]] == [("A-02", "C"), ("A-03", "B")]


def test_a_sku_has_a_shelf_in_each_warehouse(db: Database, place: SimpleNamespace) -> None:
    other = db.write(lambda s: create_shelves(s, [(make_warehouse(s, "EAST"), "A-01")], **BY))[0]
    put(db, (other, place.a))
    assert [row[:2] for row in statuses(db) if row[1]] == [("A-01", "A"), ("A-01", "A")]


def test_one_shelf_for_two_or_two_for_one_is_refused(db: Database, place: SimpleNamespace) -> None:
    wishes = [Wish(place.s2, place.b), Wish(place.s2, place.c), Wish(place.s3, place.b)]
    with db.read() as session:
        texts = [one.text for one in refusals(session, wishes)]
    assert texts == [
        "shelf 'A-02' is given to 'B' and 'C'; give each its own",
        "'B' is given shelf 'A-03' and another one; a SKU has one shelf in a warehouse",
    ]


def test_freeing_leaves_the_shelf_available(db: Database, place: SimpleNamespace) -> None:
    assert db.write(lambda s: free(s, [(place.w, place.a), (place.w, place.b)], **BY)) == 1
    assert statuses(db)[0] == ("A-01", None, "available")


def test_an_occupied_shelf_is_not_deleted(db: Database, place: SimpleNamespace) -> None:
    """WH-2: named with what holds it; available and recyclable ones go."""
    with pytest.raises(Refused, match="shelf 'A-01' holds 'A'"):
        db.write(lambda s: delete_shelves(s, [place.s1, place.s2], **BY))
    take_out(db, place, 5)
    db.write(lambda s: delete_shelves(s, [place.s1, place.s2], **BY))
    assert [row[0] for row in statuses(db)] == ["A-03"]
    with pytest.raises(NotFound):
        db.write(lambda s: delete_shelves(s, [place.s1], **BY))
    with db.read() as session, pytest.raises(NotFound):
        find_shelf(session, place.s1)


def test_a_stock_list_forgets_a_deleted_shelf_and_stays(db: Database, place: SimpleNamespace) -> None:
    def listed(session):
        row = StockList(
            direction="in", state="completed", warehouse_id=place.w, created_at=AT, created_by="anna", completed_at=AT
        )
        session.add(row)
        session.flush()
        session.add(StockListLine(list_id=row.id, line=1, sku_id=place.a, quantity=1, shelf_id=place.s2))

    db.write(listed)
    db.write(lambda s: delete_shelves(s, [place.s2], **BY))
    with db.read() as session:
        assert session.scalars(select(StockListLine)).one().shelf_id is None


def test_a_code_is_unique_in_its_warehouse(db: Database, place: SimpleNamespace) -> None:
    with pytest.raises(Conflict, match="a-01"):
        db.write(lambda s: create_shelves(s, [(place.w, "a-01 ")], **BY))
    with pytest.raises(Conflict, match="n-1"):
        db.write(lambda s: create_shelves(s, [(place.w, "N-1"), (place.w, "n-1")], **BY))


def test_statements_do_not_grow_with_shelves(db: Database, place: SimpleNamespace) -> None:
    """WH-3: many at a time."""
    seen = []
    for n in (2, 300):

        def make(session, n=n):
            ids = create_shelves(session, [(place.w, f"{n}-{i}") for i in range(n)], **BY)
            return [Wish(shelf, make_sku(session, f"S{n}-{i}")) for i, shelf in enumerate(ids)]

        wishes = db.write(make)
        with counted(db) as statements:
            db.write(lambda s, wishes=wishes: assign(s, wishes, **BY))
        seen.append(len(statements))
    assert seen[0] == seen[1]
