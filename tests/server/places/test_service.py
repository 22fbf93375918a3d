from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from server.access.models import AuditLine
from server.db.session import Database
from server.errors import Conflict, NotFound, Refused, WrongUse
from server.ledger.models import Movement
from server.ledger.movements import Kind, Line
from server.ledger.posting import post
from server.places.models import SafetyStock, Shelf, Warehouse
from server.places.queries import default_warehouse, find_warehouse, warehouse_named, warehouses
from server.places.safety_stock import set_safety_stocks
from server.places.service import (
    NewWarehouse,
    WarehouseChange,
    create_warehouses,
    delete_warehouse,
    ensure_default,
    update_warehouses,
)
from server.places.shelves import create_shelves
from tests.factories import AT, entry, make_sku, put_stock

BY = {"by": "anna", "at": AT}


def make(db: Database, *codes: str) -> list[int]:
    return db.write(lambda s: [row.id for row in create_warehouses(s, [NewWarehouse(c) for c in codes], **BY)])


def defaults(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(Warehouse.code).where(Warehouse.is_default)))


def test_set_up_makes_main_the_default_once(db: Database) -> None:
    """WH-1: one warehouse is the default, made at set-up (Main)."""
    first = db.write(lambda s: ensure_default(s, AT).id)
    assert db.write(lambda s: ensure_default(s, AT).id) == first
    with db.read() as session:
        assert (default_warehouse(session).code, session.scalar(select(func.count(Warehouse.id)))) == ("Main", 1)


def test_saying_yes_on_one_takes_the_default_from_the_other(db: Database) -> None:
    """WH-1: exactly one is the default."""
    _main, east = make(db, "MAIN", "EAST")
    assert defaults(db) == ["MAIN"]
    db.write(lambda s: update_warehouses(s, {east: WarehouseChange(default=True)}, **BY))
    assert defaults(db) == ["EAST"]
    db.write(lambda s: create_warehouses(s, [NewWarehouse("WEST", default=True)], **BY))
    assert defaults(db) == ["WEST"]


def test_the_default_can_not_be_given_up_to_none(db: Database) -> None:
    """WH-1: there must be one."""
    main, east = make(db, "MAIN", "EAST")
    with pytest.raises(Refused, match="there must be one"):
        db.write(lambda s: update_warehouses(s, {main: WarehouseChange(default=False)}, **BY))
    both = {main: WarehouseChange(default=False), east: WarehouseChange(default=True)}
    db.write(lambda s: update_warehouses(s, both, **BY))
    assert defaults(db) == ["EAST"]


def test_the_database_refuses_a_second_default(db: Database) -> None:
    """WH-1: whoever asks."""
    make(db, "MAIN", "EAST")
    with pytest.raises(IntegrityError):
        db.write(lambda s: s.query(Warehouse).update({"is_default": True}))


def test_codes_are_compared_without_regard_to_case_and_kept_as_typed(db: Database) -> None:
    make(db, " East ")
    with db.read() as session:
        assert warehouse_named(session, "eAST ").code == "East"
        assert [w.code for w in session.scalars(warehouses(q="as"))] == ["East"]
    for taken in (["EAST"], ["New", "new"]):
        with pytest.raises(Conflict, match="there is already"):
            make(db, *taken)


@pytest.mark.parametrize("code", ["", "  ", "x" * 65, "a\tb"])
def test_a_code_that_can_not_be_is_refused(db: Database, code: str) -> None:
    with pytest.raises(WrongUse):
        make(db, code)


def test_a_change_leaves_alone_what_is_not_given(db: Database) -> None:
    [east] = make(db, "EAST")
    db.write(lambda s: update_warehouses(s, {east: WarehouseChange(name="East side", address="Pier 4")}, **BY))
    db.write(lambda s: update_warehouses(s, {east: WarehouseChange(address="")}, **BY))
    with db.read() as session:
        row = find_warehouse(session, east)
        assert (row.name, row.address, row.is_default) == ("East side", "", True)


def test_a_warehouse_with_stock_is_not_deleted(db: Database) -> None:
    """WH-5: refused while anything is on hand or on the way there, listing the SKUs."""
    _, east = make(db, "MAIN", "EAST")

    def fill(session):
        a, b = make_sku(session, "A"), make_sku(session, "B")
        put_stock(session, east, a, 4)
        post(session, [entry(Line(east, b, on_the_way=2), kind=Kind.TRANSFER_OUT)])

    db.write(fill)
    with pytest.raises(Refused, match=r"A \(4 on hand, 0 on the way\), B \(0 on hand, 2 on the way\)") as refused:
        db.write(lambda s: delete_warehouse(s, east, **BY))
    assert [(e["sku"], e["on_hand"], e["on_the_way"]) for e in refused.value.errors] == [("A", 4, 0), ("B", 0, 2)]


def test_an_emptied_warehouse_goes_with_its_shelves_and_its_movements_stay(db: Database) -> None:
    """WH-5: once every figure is 0 it can be deleted."""
    _, east = make(db, "MAIN", "EAST")

    def fill(session):
        sku = make_sku(session, "A")
        put_stock(session, east, sku, 4)
        post(session, [entry(Line(east, sku, on_hand=-4), kind=Kind.STOCK_OUT)])
        create_shelves(session, [(east, "A-01")], **BY)
        set_safety_stocks(session, {(east, sku): 3}, **BY)

    db.write(fill)
    db.write(lambda s: delete_warehouse(s, east, **BY))
    with db.read() as session:
        assert [w.code for w in session.scalars(warehouses())] == ["MAIN"]
        assert session.scalar(select(func.count(Movement.id))) == 2
        assert session.scalar(select(func.count()).select_from(Shelf)) == 0
        assert session.scalar(select(func.count()).select_from(SafetyStock)) == 0
    make(db, "EAST")  # the code is free again


def test_the_default_is_not_deleted(db: Database) -> None:
    """WH-1, WH-6: the default can't be deleted."""
    [main] = make(db, "MAIN")
    with pytest.raises(Refused, match="default"):
        db.write(lambda s: delete_warehouse(s, main, **BY))
    with pytest.raises(NotFound):
        db.write(lambda s: delete_warehouse(s, main + 99, **BY))


def test_every_change_says_who(db: Database) -> None:
    """SEC-2: made, changed, deleted; what changes nothing is not recorded."""
    _, east = make(db, "MAIN", "EAST")
    for name in ("East side", "East side"):
        db.write(lambda s, name=name: update_warehouses(s, {east: WarehouseChange(name=name)}, **BY))
    db.write(lambda s: delete_warehouse(s, east, **BY))
    with db.read() as session:
        lines = session.scalars(select(AuditLine).order_by(AuditLine.id)).all()
        assert {line.actor for line in lines} == {"anna"}
        assert [line.action for line in lines] == ["warehouse.create", "warehouse.change", "warehouse.delete"]
