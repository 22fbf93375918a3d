"""Warehouses, shelves, safety stock & shelf, through the whole path of an upload."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from server.db.session import Database
from server.ledger.movements import Kind, Line
from server.ledger.posting import post
from server.places import queries, shelves
from server.places.models import Warehouse
from server.places.shelves import Wish
from server.settings import Settings
from server.stores.models import Store
from server.uploads.handlers.protocol import CannotUndo
from server.warehousing.service import ListLine, NewList, create_list
from tests.factories import AT, entry, make_sku, make_store, make_warehouse, put_stock
from tests.support.handing_in import Desk
from tests.support.statements import counted

BY = {"by": "anna", "at": AT}


@pytest.fixture
def company(db: Database, tmp_path: Path) -> Settings:
    """Warehouses MAIN (the default, 1) and EAST (2), SKUs A (1) and B (2)."""

    def make(session):
        make_warehouse(session, "MAIN", default=True), make_warehouse(session, "EAST")
        make_sku(session, "A"), make_sku(session, "B")

    db.write(make)
    return Settings(data_dir=tmp_path, database_url=db.url)


# -- warehouses -------------------------------------------------------------------------------------------------------


@pytest.fixture
def warehouses(db: Database, company: Settings) -> Desk:
    return Desk(db, company, "warehouses")


def named(db: Database) -> dict[str, tuple[str, str, bool]]:
    with db.read() as session:
        rows = session.scalars(queries.warehouses().order_by(Warehouse.key))
        return {row.code: (row.name, row.address, row.is_default) for row in rows}


def test_warehouses_are_made_changed_and_deleted(db: Database, warehouses: Desk) -> None:
    """WB-2, WH-1: one sheet; yes on one takes the default from the other; all of it is undone (WB-8)."""
    before = named(db)
    done = warehouses.hand_in(
        {"code": "WEST", "address": "Pier 4", "default": "yes"},
        {"code": "main", "name": "Head"},
        {"code": "EAST", "action": "REMOVE"},
    )
    assert (done.status, done.codes) == ("applied", [[], [], []])
    assert done.changes == [
        [("address", None, "Pier 4"), ("default", None, True)],
        [("name", "Main", "Head")],
        [("code", "EAST", None)],
    ]
    assert named(db) == {"MAIN": ("Head", "", False), "WEST": ("WEST", "Pier 4", True)}
    warehouses.undo(done)
    assert named(db) == before


def test_validating_warehouses_changes_nothing(db: Database, warehouses: Desk) -> None:
    """WB-5."""
    before = named(db)
    assert warehouses.hand_in({"code": "WEST"}, {"code": "EAST", "action": "REMOVE"}, apply=False).status == "validated"
    assert named(db) == before


@pytest.mark.parametrize("code", ["A;B", "A=80"])
def test_a_code_that_lists_would_part_is_refused(warehouses: Desk, code: str) -> None:
    """PSH-2: the push-rule workbook could not name that warehouse."""
    assert warehouses.hand_in({"code": code}).codes == [[("code", "code-separator")]]


def test_an_action_must_fit_what_is_there(warehouses: Desk) -> None:
    done = warehouses.hand_in(
        {"code": "EAST", "action": "ADD"},
        {"code": "X", "action": "UPDATE"},
        {"code": "Y", "action": "REMOVE"},
        {"code": "main", "default": "no"},
    )
    assert done.codes == [
        [("code", "add-exists")],
        [("code", "missing-record")],
        [("code", "missing-record")],
        [("default", "default-needed")],
    ]


def test_what_keeps_a_warehouse_from_going_is_said_on_its_row(db: Database, warehouses: Desk) -> None:
    """WH-5: with the SKUs that are there; the default."""

    def fill(session):
        put_stock(session, 2, 1, 3)
        post(session, [entry(Line(2, 2, on_the_way=2), kind=Kind.TRANSFER_OUT)])

    db.write(fill)
    done = warehouses.hand_in(*({"code": code, "action": "REMOVE"} for code in ("EAST", "MAIN")))
    assert done.status == "refused"
    assert done.texts == [
        "can't be removed: it holds A (3 on hand, 0 on the way), B (0 on hand, 2 on the way).",
        "can't be removed: it is the default.",
    ]


def test_what_follows_from_removing_a_warehouse_is_said(db: Database, warehouses: Desk) -> None:
    """WH-6: a warning names who uses it; they fall back, and the undo gives it back to them (WB-8)."""
    store = db.write(lambda s: make_store(s, warehouse_id=2))
    row = {"code": "EAST", "action": "REMOVE"}
    done = warehouses.hand_in(row)
    assert (done.status, done.codes) == ("applied", [[("code", "warehouse-used")]])
    assert done.texts[0].startswith("still used by 1 store. Orders go to the default warehouse")
    with db.read() as session:
        assert session.get_one(Store, store).warehouse_id is None
    warehouses.undo(done)
    with db.read() as session:
        assert session.get_one(Store, store).warehouse_id == 2


def test_a_removal_that_dropped_a_list_is_not_taken_back(db: Database, warehouses: Desk) -> None:
    """WB-8, WH-6: refused with the reason; the warehouse stays deleted."""
    db.write(lambda s: create_list(s, NewList("in", 2, [ListLine(1, 5)]), **BY))
    done = warehouses.hand_in({"code": "EAST", "action": "REMOVE"})
    with pytest.raises(CannotUndo, match="stock lists 1 that were to do went with it"):
        warehouses.undo(done)
    assert "EAST" not in named(db)


def test_a_removed_warehouse_comes_back_with_its_shelves(db: Database, company: Settings, warehouses: Desk) -> None:
    """WB-8: and with its safety stock."""
    db.write(lambda s: shelves.assign(s, [Wish(shelves.create_shelves(s, [(2, "E-1")], **BY)[0], 1)], **BY))
    Desk(db, company, "safety_stock").hand_in({"sku": "B", "warehouse": "EAST", "safety_stock": 4})
    done = warehouses.hand_in({"code": "EAST", "action": "REMOVE"})
    with db.read() as session:
        assert queries.shelves(session) == [] and queries.safety_rows(session) == []
    warehouses.undo(done)
    with db.read() as session:
        assert [(row.code, row.sku) for row in queries.shelves(session)] == [("E-1", "A")]
        assert [(row.sku, row.safety_stock) for row in queries.safety_rows(session)] == [("B", 4)]


def test_a_made_warehouse_in_use_is_not_taken_back(db: Database, warehouses: Desk) -> None:
    """WB-8: refused with the reason; nothing is undone."""
    done = warehouses.hand_in({"code": "WEST"}, {"code": "EAST", "name": "New"})
    db.write(lambda s: put_stock(s, queries.warehouse_named(s, "WEST").id, 1, 3))
    with pytest.raises(CannotUndo, match="not empty"):
        warehouses.undo(done)
    assert named(db)["EAST"][0] == "New"
    other = warehouses.hand_in({"code": "SOUTH"})
    db.write(lambda s: make_store(s, warehouse_id=queries.warehouse_named(s, "SOUTH").id))
    with pytest.raises(CannotUndo, match="is used by 1 store"):
        warehouses.undo(other)


def test_a_value_changed_since_is_not_taken_back(db: Database, warehouses: Desk) -> None:
    """WB-8: the field no longer has the value the upload set; nor is the default moved back over another's choice."""
    first = warehouses.hand_in({"code": "EAST", "name": "First", "default": "yes"})
    warehouses.hand_in({"code": "EAST", "name": "Second"}, {"code": "MAIN", "default": "yes"})
    with pytest.raises(CannotUndo) as refused:
        warehouses.undo(first)
    assert refused.value.reasons == ["'EAST': name was changed since", "another warehouse was made the default since"]


def test_a_row_that_changed_since_its_download_is_a_conflict(db: Database, warehouses: Desk) -> None:
    """WB-4: shows what is there now; rows handed in as they came are unchanged; a deleted one is gone."""
    rows = warehouses.current()
    assert [row["code"] for row in rows] == ["EAST", "MAIN"]
    assert warehouses.hand_in(*rows).statuses == ["unchanged", "unchanged"]
    warehouses.hand_in({"code": "EAST", "name": "Other"})
    done = warehouses.hand_in({**rows[0], "name": "Mine"})
    assert (done.status, done.codes) == ("refused", [[("name", "conflict")]])
    assert "'Other'" in done.texts[0] and "'Mine'" in done.texts[0]
    warehouses.hand_in({"code": "EAST", "action": "REMOVE"})
    assert warehouses.hand_in(rows[0]).codes == [[("code", "conflict-gone")]]
    assert warehouses.hand_in({**rows[1], "code": "EAST"}).codes == [[("code", "version-other-key")]]


# -- shelves ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def racks(db: Database, company: Settings) -> Desk:
    """S-1 in MAIN holds 3 of A; S-2 is available."""

    def fill(session):
        first, _ = shelves.create_shelves(session, [(1, "S-1"), (1, "S-2")], **BY)
        shelves.assign(session, [Wish(first, 1)], **BY)
        put_stock(session, 1, 1, 3)

    db.write(fill)
    return Desk(db, company, "shelves")


def stand(db: Database) -> list[tuple[str, str, str | None]]:
    with db.read() as session:
        rows = queries.shelves(session)
        return sorted((row.warehouse, row.code, row.sku) for row in rows)


def test_shelves_are_made_and_deleted(db: Database, racks: Desk) -> None:
    """WH-2: blank means the default warehouse; a shelf that is there is left as it is; undone (WB-8)."""
    before = stand(db)
    done = racks.hand_in(
        {"shelf": "S-3"},
        {"warehouse": "east", "shelf": "S-1", "action": "ADD"},
        {"warehouse": "MAIN", "shelf": "s-2", "action": "REMOVE"},
        {"warehouse": "MAIN", "shelf": "S-1"},
    )
    assert (done.status, done.statuses) == ("applied", ["ok", "ok", "ok", "unchanged"])
    assert stand(db) == [("EAST", "S-1", None), ("MAIN", "S-1", "A"), ("MAIN", "S-3", None)]
    racks.undo(done)
    assert stand(db) == before


def test_an_occupied_shelf_is_not_removed(racks: Desk) -> None:
    """WH-2: refused with the SKU that holds it; good rows can be applied without it (WB-6)."""
    rows = (
        {"shelf": "S-1", "action": "REMOVE"},
        {"shelf": "S-2", "action": "REMOVE"},
        {"shelf": "S-9", "action": "UPDATE"},
    )
    done = racks.hand_in(*rows)
    assert done.codes == [[("shelf", "shelf-occupied")], [], [("shelf", "missing-record")]]
    assert done.texts[0].startswith("shelf 'S-1' holds 'A'")
    assert racks.hand_in(*rows, good_rows=True).status == "partly_applied"


def test_a_recyclable_shelf_comes_back_with_its_sku(db: Database, racks: Desk) -> None:
    """WB-8: unless that has found another place since."""
    db.write(lambda s: post(s, [entry(Line(1, 1, on_hand=-3), kind=Kind.STOCK_OUT)]))
    done = racks.hand_in({"shelf": "S-1", "action": "REMOVE"})
    racks.undo(done)
    assert ("MAIN", "S-1", "A") in stand(db)


def test_a_made_shelf_in_use_is_not_taken_back(db: Database, racks: Desk) -> None:
    """WB-8."""
    done = racks.hand_in({"shelf": "S-3"})
    db.write(lambda s: shelves.assign(s, [Wish(queries.shelf_ids(s, [(1, "S-3")])[1, "s-3"], 2)], **BY))
    with pytest.raises(CannotUndo, match="'B' was put on shelf 'S-3' since"):
        racks.undo(done)


def test_a_shelf_deleted_since_the_download_is_a_conflict(racks: Desk) -> None:
    """WB-4: it is not made anew by an old sheet."""
    rows = racks.current()
    assert [(row["shelf"], row["sku"], row["status"]) for row in rows] == [
        ("S-1", "A", "occupied"),
        ("S-2", None, "available"),
    ]
    assert racks.hand_in(*rows).statuses == ["unchanged", "unchanged"]
    racks.hand_in({"shelf": "S-2", "action": "REMOVE"})
    assert racks.hand_in(*rows, again=True).codes == [[], [("warehouse", "conflict-gone")]]


# -- safety stock & shelf ---------------------------------------------------------------------------------------------


@pytest.fixture
def levels(racks: Desk) -> Desk:
    return Desk(racks.db, racks.settings, "safety_stock")


def levels_now(db: Database) -> dict[tuple[str, str], tuple[int | None, str | None]]:
    with db.read() as session:
        return {(row.sku, row.warehouse): (row.safety_stock, row.shelf) for row in queries.place_rows(session)}


def test_safety_stock_and_shelf_are_set_and_cleared(db: Database, levels: Desk) -> None:
    """WH-3, WH-4: blank leaves a value alone, #CLEAR empties it, blank warehouse is the default; undone (WB-8)."""
    before = levels_now(db)
    done = levels.hand_in(
        {"sku": "a", "safety_stock": 5, "shelf": "S-2"},
        {"sku": "A", "warehouse": "EAST", "safety_stock": 0},
    )
    assert (done.status, done.changes) == (
        "applied",
        [[("safety_stock", None, 5), ("shelf", "S-1", "S-2")], [("safety_stock", None, 0)]],
    )
    assert levels_now(db) == {("A", "MAIN"): (5, "S-2"), ("A", "EAST"): (0, None)}
    again = levels.hand_in({"sku": "A", "safety_stock": "#CLEAR", "shelf": "#CLEAR"})
    assert levels_now(db)["A", "MAIN"] == (None, None)
    levels.undo(again)
    levels.undo(done)
    assert levels_now(db) == before


def test_a_shelf_that_holds_another_is_refused(levels: Desk) -> None:
    """WH-2: with the SKU that holds it; an unknown shelf, and one for two (WB-14's kin), are named too."""
    done = levels.hand_in({"sku": "B", "shelf": "S-1"}, {"sku": "A", "shelf": "nowhere"})
    assert done.codes == [[("shelf", "shelf-occupied")], [("shelf", "unknown-shelf")]]
    assert done.texts[0].startswith("shelf 'S-1' holds 'A'")
    twice = levels.hand_in({"sku": "A", "shelf": "S-2"}, {"sku": "B", "shelf": "S-2"})
    assert [("shelf", "shelf-twice")] in twice.codes


def test_the_same_values_in_another_case_change_nothing(levels: Desk) -> None:
    assert levels.hand_in({"sku": "a", "warehouse": "main", "shelf": "s-1"}).statuses == ["unchanged"]


def test_a_safety_stock_changed_since_is_not_taken_back(db: Database, levels: Desk) -> None:
    """WB-8: nor a SKU that was moved meanwhile."""
    done = levels.hand_in({"sku": "A", "safety_stock": 5})
    levels.hand_in({"sku": "A", "safety_stock": 6})
    with pytest.raises(CannotUndo, match="safety stock of 'A' was changed since"):
        levels.undo(done)
    freed = levels.hand_in({"sku": "A", "shelf": "#CLEAR"})
    levels.hand_in({"sku": "A", "shelf": "S-2"})
    with pytest.raises(CannotUndo, match="'A' was put on another shelf since"):
        levels.undo(freed)


def test_a_safety_stock_changed_since_its_download_is_a_conflict(levels: Desk) -> None:
    """WB-4: safety stock and shelf make the version; on hand does not."""
    [row] = levels.current()
    assert (row["sku"], row["shelf"], row["on_hand"]) == ("A", "S-1", 3)
    levels.db.write(lambda s: put_stock(s, 1, 1, 1))
    assert levels.hand_in(row).statuses == ["unchanged"]
    levels.hand_in({"sku": "A", "safety_stock": 6})
    assert levels.hand_in({**row, "safety_stock": 7}).codes == [[("safety_stock", "conflict")]]


def test_statements_do_not_grow_with_rows(db: Database, levels: Desk) -> None:
    """WB-12: long sheets."""
    seen = []
    for n in (2, 300):
        db.write(lambda s, n=n: [make_sku(s, f"S{n}-{i}") for i in range(n)])
        db.write(lambda s, n=n: shelves.create_shelves(s, [(1, f"R{n}-{i}") for i in range(n)], **BY))
        with counted(db) as statements:
            rows = ({"sku": f"S{n}-{i}", "safety_stock": 3, "shelf": f"R{n}-{i}"} for i in range(n))
            assert levels.hand_in(*rows).status == "applied"
        seen.append(len(statements))
    assert seen[0] == seen[1]
    with db.read() as session:
        assert len(session.scalars(select(Warehouse.id)).all()) == 2
