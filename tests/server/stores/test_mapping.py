from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from server.access.models import AuditLine
from server.catalog.models import Gtin
from server.db.session import Database
from server.errors import NotFound
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed, Push
from server.stores.mapping import Mapped, map_many, match
from server.stores.models import Store, StoreSku
from server.stores.queries import skus_without_store, store_skus
from tests.factories import AT, make_sku, make_store, make_store_sku
from tests.support.statements import counted

BY = {"by": "anna", "at": AT}


@pytest.fixture
def shop(db: Database) -> SimpleNamespace:
    """A store with store SKUs x, y, z; merchant SKUs A, B; x is mapped to A."""

    def make(session):
        store, a, b = make_store(session), make_sku(session, "A"), make_sku(session, "B")
        x, y, z = (
            make_store_sku(session, store, "x", a),
            make_store_sku(session, store, "y"),
            make_store_sku(session, store, "z"),
        )
        return SimpleNamespace(store=store, a=a, b=b, x=x, y=y, z=z)

    return db.write(make)


def put(db: Database, wanted: dict[int, int | None]) -> list[Mapped]:
    return db.write(lambda s: map_many(s, wanted, **BY))


def marked(db: Database) -> dict[int, list[Cause]]:
    with db.read() as session:
        return {row.sku_id: unpack(row.causes) for row in session.scalars(select(Changed))}


def test_map_change_and_remove_many_at_once(db: Database, shop: SimpleNamespace) -> None:
    """CAT-8: what changed is told with what was there before, so that waiting orders can be tried (CAT-9)."""
    assert put(db, {shop.y: shop.b, shop.x: shop.b}) == [Mapped(shop.x, shop.a, shop.b), Mapped(shop.y, None, shop.b)]
    assert put(db, {shop.x: None, shop.y: shop.b}) == [Mapped(shop.x, shop.b, None)]
    with db.read() as session:
        assert [(row.code, row.sku) for row in store_skus(session)] == [("x", None), ("y", "B"), ("z", None)]


def test_one_merchant_sku_has_many_store_skus(db: Database, shop: SimpleNamespace) -> None:
    """CAT-8: and a store SKU at most one merchant SKU; the database refuses a second row for it."""
    put(db, {shop.x: shop.a, shop.y: shop.a, shop.z: shop.a})
    with db.read() as session:
        assert [row.code for row in store_skus(session, sku_id=shop.a)] == ["x", "y", "z"]
    with pytest.raises(IntegrityError):
        db.write(lambda s: make_store_sku(s, shop.store, "x", shop.b))


def test_both_sides_are_evaluated_again(db: Database, shop: SimpleNamespace) -> None:
    """PSH-7: cause 12, for the old and the new merchant SKU; what did not change marks nothing."""
    put(db, {shop.x: shop.a})
    assert marked(db) == {}
    put(db, {shop.x: shop.b})
    assert marked(db) == {shop.a: [Cause.MAPPING], shop.b: [Cause.MAPPING]}


def test_what_waits_for_the_old_sku_is_not_sent_any_more(db: Database, shop: SimpleNamespace) -> None:
    """PSH-6: mapping removed, nothing is pushed. What is on its way this moment is left to its answer."""

    def wait(session):
        for number, lease in ((shop.x, None), (shop.y, AT + timedelta(seconds=90)), (shop.z, None)):
            session.add(
                Push(
                    store_sku_id=number, store_id=shop.store, quantity=1, version=1, causes=0, forced=False,
                    created_at=AT, due_at=AT, lease_until=lease,
                )
            )  # fmt: skip

    db.write(wait)
    put(db, {shop.y: shop.a})
    put(db, {shop.x: None, shop.y: None})
    with db.read() as session:
        assert list(session.scalars(select(Push.store_sku_id).order_by(Push.store_sku_id))) == [shop.y, shop.z]


def test_what_is_not_there_is_refused_whole(db: Database, shop: SimpleNamespace) -> None:
    gone = db.write(lambda s: make_sku(s, "GONE", deleted_at=AT))
    for wanted in ({shop.x: shop.b, 999: shop.b}, {shop.x: shop.b, shop.y: gone}):
        with pytest.raises(NotFound):
            put(db, wanted)
    with db.read() as session:
        assert session.get_one(StoreSku, shop.x).sku_id == shop.a


def test_unmapped_ones_are_listed_from_both_sides(db: Database, shop: SimpleNamespace) -> None:
    """CAT-8: store SKUs without a merchant SKU, merchant SKUs without a store SKU; page by page."""
    other = db.write(lambda s: make_store(s, "Other"))
    with db.read() as session:
        assert [row.code for row in store_skus(session, mapped=False)] == ["y", "z"]
        assert [row.code for row in store_skus(session, mapped=False, after=shop.y, limit=1)] == ["z"]
        assert [row.code for row in store_skus(session, mapped=True, store_id=shop.store)] == ["x"]
        assert [row.code for row in store_skus(session, q="Z")] == ["z"]
        assert [row.sku for row in skus_without_store(session)] == ["B"]
        assert [row.sku for row in skus_without_store(session, store_id=other)] == ["A", "B"]
        assert [row.sku for row in skus_without_store(session, store_id=other, after=shop.a)] == ["B"]


@pytest.mark.parametrize(
    ("by", "mapped", "ambiguous"),
    [
        ("code", {"nk-red": "NK-Red"}, []),
        ("gtin", {"other": "NK-Red"}, []),
        ("name", {"nk-red": "MUG"}, ["'twin' fits TWIN-1, TWIN-2; map it by hand"]),
        ("none", {}, []),
    ],
)
def test_matching_maps_by_what_the_store_is_set_to(
    db: Database, by: str, mapped: dict[str, str], ambiguous: list[str]
) -> None:
    """CAT-10: by code unless set otherwise; an ambiguous match maps nothing and says so."""

    def make(session):
        store = make_store(session, settings={} if by == "code" else {"match_by": by})
        red = make_sku(session, "NK-Red")
        make_sku(session, "MUG", title_key="white mug")
        make_sku(session, "TWIN-1", title_key="twin")
        make_sku(session, "TWIN-2", title_key="twin")
        make_sku(session, "DEAD", title_key="dead", deleted_at=AT)
        session.add(Gtin(key="400", value="400", sku_id=red))
        make_store_sku(session, store, "nk-red", name="White  Mug")
        make_store_sku(session, store, "other", gtin="400", name="unlike any")
        make_store_sku(session, store, "twin", name="Twin")
        make_store_sku(session, store, "dead", name="Dead")
        make_store_sku(session, store, "taken", red)
        return store

    store = db.write(make)
    done = db.write(lambda s: match(s, store, **BY))
    assert [one.text for one in done.ambiguous] == ambiguous
    with db.read() as session:
        rows = {row.code: row.sku for row in store_skus(session, mapped=True) if row.code != "taken"}
    assert rows == mapped
    assert len(done.mapped) == len(mapped)


def test_matching_leaves_mapped_ones_alone(db: Database, shop: SimpleNamespace) -> None:
    """CAT-10: a mapping made by hand wins over a code that happens to fit."""
    db.write(lambda s: make_sku(s, "x"))
    db.write(lambda s: make_sku(s, "Y"))
    assert [one.store_sku_id for one in db.write(lambda s: match(s, shop.store, **BY)).mapped] == [shop.y]


def test_every_change_says_who(db: Database, shop: SimpleNamespace) -> None:
    """SEC-2: one line a call, none where nothing changed."""
    put(db, {shop.x: shop.a})
    put(db, {shop.x: shop.b, shop.y: shop.a})
    with db.read() as session:
        [line] = session.scalars(select(AuditLine))
        assert (line.actor, line.action, line.detail["count"]) == ("anna", "mapping.change", 2)


def test_statements_do_not_grow_with_mappings(db: Database, shop: SimpleNamespace) -> None:
    """CAT-8: set-based."""
    seen = []
    for n in (2, 300):
        ids = db.write(lambda s, n=n: [make_store_sku(s, shop.store, f"{n}-{i}") for i in range(n)])
        with counted(db) as statements:
            put(db, dict.fromkeys(ids, shop.a))
        seen.append(len(statements))
    assert seen[0] == seen[1]
    with db.read() as session:
        assert session.get_one(Store, shop.store).name == "Shop"
