"""The mapping workbook, through the whole path of an upload."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from server.db.session import Database
from server.outbox.causes import Cause, unpack
from server.outbox.models import Changed
from server.settings import Settings
from server.stores.queries import store_skus
from server.uploads.handlers.protocol import CannotUndo
from tests.factories import make_sku, make_store, make_store_sku, make_warehouse
from tests.support.handing_in import Desk
from tests.support.statements import counted


@pytest.fixture
def desk(db: Database, tmp_path: Path) -> Desk:
    """Stores Shop (listings x, mapped to A, and y) and Web (listing x); SKUs A and B."""

    def make(session):
        make_warehouse(session, "MAIN", default=True)
        shop, web = make_store(session, "Shop"), make_store(session, "Web")
        a = make_sku(session, "A")
        make_sku(session, "B")
        make_store_sku(session, shop, "x", a, name="Shirt", listed=True)
        make_store_sku(session, shop, "y", listed=True)
        make_store_sku(session, web, "x", listed=True)

    db.write(make)
    return Desk(db, Settings(data_dir=tmp_path, database_url=db.url), "mapping")


def mapped(db: Database) -> dict[tuple[str, str], str | None]:
    with db.read() as session:
        return {(row.store, row.code): row.sku for row in store_skus(session)}


def test_mappings_are_made_changed_and_taken_away(db: Database, desk: Desk) -> None:
    """CAT-8: in bulk by workbook; undone (WB-8), the store SKU that was made for it too."""
    before = mapped(db)
    done = desk.hand_in(
        {"store": "shop", "store_sku": "x", "sku": "b"},
        {"store": "Shop", "store_sku": "y", "sku": "A", "action": "ADD"},
        {"store": "Web", "store_sku": "x"},
        {"store": "Web", "store_sku": "new", "sku": "A"},
    )
    assert done.statuses == ["ok", "ok", "unchanged", "warning"]
    assert done.codes[3] == [("store_sku", "store_sku-unlisted")]
    assert done.changes == [[("sku", "A", "b")], [("sku", None, "A")], [], [("sku", None, "A")]]
    after = {("Shop", "x"): "B", ("Shop", "y"): "A", ("Web", "x"): None, ("Web", "new"): "A"}
    assert mapped(db) == after
    removal = desk.hand_in({"store": "Shop", "store_sku": "x", "sku": "A", "action": "REMOVE"})
    assert removal.changes == [[("sku", "B", None)]]
    assert mapped(db)["Shop", "x"] is None
    desk.undo(removal)
    assert mapped(db) == after
    desk.undo(done)
    assert mapped(db) == before


def test_an_action_must_fit_what_is_there(desk: Desk) -> None:
    done = desk.hand_in(
        {"store": "Shop", "store_sku": "x", "sku": "B", "action": "ADD"},
        {"store": "Shop", "store_sku": "y", "sku": "B", "action": "UPDATE"},
        {"store": "Web", "store_sku": "x", "action": "REMOVE"},
        {"store": "Web", "store_sku": "z"},
        {"store": "Nowhere", "store_sku": "x", "sku": "A"},
        {"store": "Web", "store_sku": "w", "action": "ADD"},
        {"store": "Web", "store_sku": "v", "sku": "none"},
        {"store": "Web", "store_sku": "u", "action": "REMOVE"},
    )
    assert done.status == "refused"
    assert done.codes == [
        [("store_sku", "add-exists")],
        [("store_sku", "not-mapped")],
        [("store_sku", "not-mapped")],
        [("store_sku", "unknown-store_sku")],
        [("store", "unknown-store")],
        [("sku", "missing")],
        [("sku", "unknown-merchant_sku")],
        [("store_sku", "missing-record")],
    ]


def test_one_listing_twice_is_an_error_on_both_rows(desk: Desk) -> None:
    """WB-14: a mapping sets a value."""
    done = desk.hand_in(*({"store": "Shop", "store_sku": "y", "sku": sku} for sku in "AB"))
    assert [[code for _, code in row] for row in done.codes] == [["same-keys"], ["same-keys"]]
    assert "also on row 5, with the same Store SKU." in done.texts[0]


def test_store_skus_that_differ_in_case_are_two(db: Database, desk: Desk) -> None:
    """WB-14: a store's own codes are compared to the letter, as the store compares them."""
    done = desk.hand_in(
        *({"store": "Shop", "store_sku": code, "sku": sku} for code, sku in (("n-1", "A"), ("N-1", "B")))
    )
    assert done.status == "applied"
    assert (mapped(db)["Shop", "n-1"], mapped(db)["Shop", "N-1"]) == ("A", "B")


def test_the_same_sku_in_another_case_changes_nothing(desk: Desk) -> None:
    assert desk.hand_in({"store": "Shop", "store_sku": "x", "sku": "a"}).statuses == ["unchanged"]


def test_undoing_has_a_cause_of_its_own(db: Database, desk: Desk) -> None:
    """PSH-7: mapping change is 12, taking it back is `undo`."""
    done = desk.hand_in({"store": "Shop", "store_sku": "y", "sku": "B"})
    desk.undo(done)
    with db.read() as session:
        [row] = session.scalars(select(Changed))
        assert unpack(row.causes) == [Cause.MAPPING, Cause.UNDO]


def test_a_mapping_changed_since_is_not_taken_back(desk: Desk) -> None:
    """WB-8."""
    done = desk.hand_in({"store": "Shop", "store_sku": "x", "sku": "B"})
    desk.hand_in({"store": "Shop", "store_sku": "x", "action": "REMOVE"})
    with pytest.raises(CannotUndo, match="the mapping of 'x' in 'Shop' was changed since"):
        desk.undo(done)


def test_a_mapping_changed_since_its_download_is_a_conflict(desk: Desk) -> None:
    """WB-4: shows both values; mapped and unmapped listings are downloaded, with their names."""
    rows = desk.current()
    assert [(row["store"], row["store_sku"], row["listing"], row["sku"]) for row in rows] == [
        ("Shop", "x", "Shirt", "A"),
        ("Shop", "y", "", None),
        ("Web", "x", "", None),
    ]
    assert desk.hand_in(*rows).statuses == ["unchanged"] * 3
    desk.hand_in({"store": "Shop", "store_sku": "x", "sku": "B"})
    done = desk.hand_in(rows[0])
    assert (done.status, done.codes) == ("refused", [[("sku", "conflict")]])
    assert "'B'" in done.texts[0] and "'A'" in done.texts[0]


def test_statements_do_not_grow_with_rows(db: Database, desk: Desk) -> None:
    """WB-12: long sheets."""
    seen = []
    for n in (2, 300):
        with counted(db) as statements:
            rows = ({"store": "Shop", "store_sku": f"{n}-{i}", "sku": "A"} for i in range(n))
            assert desk.hand_in(*rows).status == "applied"
        seen.append(len(statements))
    assert seen[0] == seen[1]
