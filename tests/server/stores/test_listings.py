from __future__ import annotations

import pytest
from sqlalchemy import select

from server.channels.protocol import Listing
from server.db.session import Database
from server.errors import NotFound, WrongUse
from server.outbox.models import Changed
from server.stores.listings import choose_synced, drop_unseen, ensure_store_skus, take_listings
from server.stores.models import StoreSku
from server.stores.queries import same_product, store_skus
from tests.factories import AT, make_sku, make_store, make_store_sku
from tests.support.statements import counted

BY = {"by": "sync", "at": AT}


@pytest.fixture
def store(db: Database) -> int:
    return db.write(make_store)


def take(db: Database, store: int, *listings: Listing):
    return db.write(lambda s: take_listings(s, store, listings, **BY))


def test_listings_become_store_skus(db: Database, store: int) -> None:
    """CAT-8: with name, GTIN and the market's own references."""
    done = take(db, store, Listing("a", "Shirt\x00", 3, {"product": "p1"}, "4006381333931"), Listing("b", "Mug", None))
    assert (done.made, done.known) == (2, 0)
    with db.read() as session:
        a, b = session.scalars(select(StoreSku).order_by(StoreSku.code))
        assert (a.code, a.name, a.gtin, a.references, a.listed, a.synced) == (
            "a", "Shirt", "4006381333931", {"product": "p1"}, True, True,
        )  # fmt: skip
        assert (b.references, b.sku_id) == ({}, None)


def test_taking_again_changes_what_changed_and_no_mapping(db: Database, store: int) -> None:
    def known(session):
        return make_store_sku(session, store, "a", make_sku(session, "A"), name="Old", synced=False)

    number = db.write(known)
    done = take(db, store, Listing("a", "Older", 1), Listing("a", "New", 1, {"product": "p9"}))
    assert (done.made, done.known) == (0, 1)
    with db.read() as session:
        row = session.get_one(StoreSku, number)
        assert (row.name, row.references, row.listed, row.synced) == ("New", {"product": "p9"}, True, False)
        assert row.sku_id is not None


def test_codes_that_fit_nowhere_are_named(db: Database, store: int) -> None:
    done = take(db, store, Listing(" ", "x", 1), Listing("y" * 121, "y", 1), Listing("ok", "ok", 1))
    assert (done.made, list(done.skipped)) == (1, [" ", "y" * 120])
    with pytest.raises(NotFound):
        take(db, store + 1, Listing("a", "a", 1))


def test_what_is_listed_no_more_keeps_its_mapping(db: Database, store: int) -> None:
    take(db, store, *(Listing(code, code, 1) for code in "abc"))
    assert db.write(lambda s: drop_unseen(s, store, ["a", "c"])) == 1
    assert db.write(lambda s: drop_unseen(s, store, ["a", "c"])) == 0
    with db.read() as session:
        assert [(row.code, row.listed) for row in store_skus(session)] == [("a", True), ("b", False), ("c", True)]


def test_codes_met_in_orders_are_made_once(db: Database, store: int) -> None:
    other = db.write(lambda s: make_store(s, "Other"))
    wanted = [(store, "a"), (other, "a"), (store, "A")]
    first = db.write(lambda s: ensure_store_skus(s, wanted, at=AT))
    assert sorted(first) == sorted(wanted) and len(set(first.values())) == 3
    assert db.write(lambda s: ensure_store_skus(s, [*wanted, (store, "b")], at=AT)).items() > first.items()
    with db.read() as session:
        assert not any(row.listed or row.sku_id for row in store_skus(session))


def test_a_store_s_code_is_kept_to_the_letter(db: Database, store: int) -> None:
    """The store finds its listing by it; what can't be one is refused."""
    take(db, store, Listing("a ", "x", 1), Listing("a", "y", 1))
    with db.read() as session:
        assert [row.code for row in store_skus(session)] == ["a", "a "]
    for wrong in (" ", "x" * 121, "a\tb"):
        with pytest.raises(WrongUse, match="can't be a store SKU"):
            db.write(lambda s, wrong=wrong: ensure_store_skus(s, [(store, wrong)], at=AT))


def test_which_are_synced_can_be_chosen(db: Database, store: int) -> None:
    """CH-4: what is pushed again is evaluated again."""
    sku = db.write(lambda s: make_sku(s, "A"))
    a, b = db.write(lambda s: (make_store_sku(s, store, "a", sku), make_store_sku(s, store, "b")))
    assert db.write(lambda s: choose_synced(s, [a, b], False, **BY)) == 2
    assert db.write(lambda s: choose_synced(s, [a], False, **BY)) == 0
    assert db.write(lambda s: choose_synced(s, [a, b], True, **BY)) == 2
    with db.read() as session:
        assert list(session.scalars(select(Changed.sku_id))) == [sku]
    with pytest.raises(NotFound):
        db.write(lambda s: choose_synced(s, [a, 999], False, **BY))


def test_one_product_is_what_the_market_says(db: Database, store: int) -> None:
    """CAT-8: all of a store SKU's product at once."""
    other = db.write(lambda s: make_store(s, "Other"))
    take(db, store, *(Listing(code, code, 1, {"product": "p1"}) for code in "ab"), Listing("c", "c", 1))
    take(db, other, Listing("d", "d", 1, {"product": "p1"}))
    with db.read() as session:
        codes = {row.id: row.code for row in store_skus(session)}
        by_code = {code: number for number, code in codes.items()}
        assert [codes[n] for n in same_product(session, by_code["a"])] == ["a", "b"]
        assert [codes[n] for n in same_product(session, by_code["c"])] == ["c"]


def test_statements_do_not_grow_with_listings(db: Database, store: int) -> None:
    """CAT-8: a page of listings is a handful of statements."""
    seen = []
    for n in (2, 300):
        with counted(db) as statements:
            take(db, store, *(Listing(f"{n}-{i}", "x", 1) for i in range(n)))
        seen.append(len(statements))
    assert seen[0] == seen[1]
