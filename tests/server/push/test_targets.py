from __future__ import annotations

from decimal import Decimal

from sqlalchemy import update
from sqlalchemy.orm import Session

from server.catalog.models import Component
from server.db.session import Database
from server.ledger.movements import Kind, Line
from server.ledger.posting import post
from server.places.models import SafetyStock, Warehouse
from server.push.rules import Result
from server.push.targets import Target, affected, targets
from server.stores.models import StoreSku
from server.switches import service as switches
from tests.factories import AT, entry, make_sku, make_store, make_store_sku, make_warehouse, put_stock
from tests.server.push.conftest import Company, make_rule
from tests.support.statements import counted


def of(session: Session, *sku_ids: int) -> dict[int, Target]:
    """The targets of these SKUs' store SKUs."""
    return {target.listing.id: target for target in targets(session, affected(session, sku_ids))}


def quantities(db: Database, *sku_ids: int) -> dict[int, int | None]:
    """The quantities of these SKUs' store SKUs."""
    with db.read() as session:
        return {listing: target.quantity for listing, target in of(session, *sku_ids).items()}


def test_every_store_shows_the_sum_of_the_warehouses(company: Company) -> None:
    """PSH-3, PSH-4: warehouse A 10 and B 20 at 100 % show 30 in each store; a sale of 2 brings 28 to all."""
    c = company
    c.db.write(lambda s: (put_stock(s, c.main, c.sku, 10), put_stock(s, c.east, c.sku, 20)))
    assert quantities(c.db, c.sku) == {c.listings["shop"]: 30, c.listings["web"]: 30}
    sale = entry(Line(c.main, c.sku, allocated=2), kind=Kind.ALLOCATE)
    c.db.write(lambda s: post(s, [sale]))
    assert quantities(c.db, c.sku) == {c.listings["shop"]: 28, c.listings["web"]: 28}


def test_a_warehouse_that_is_no_source_does_not_count(company: Company) -> None:
    """PSH-2: source warehouses only; a deleted one is none."""
    c = company
    other = c.db.write(lambda s: make_warehouse(s, "WEST"))
    c.db.write(lambda s: (put_stock(s, other, c.sku, 10), put_stock(s, c.main, c.sku, 1)))
    assert quantities(c.db, c.sku)[c.listings["shop"]] == 1
    c.db.write(lambda s: s.execute(update(Warehouse).where(Warehouse.id == c.main).values(deleted_at=AT)))
    assert quantities(c.db, c.sku)[c.listings["shop"]] == 0


def test_hold_back_reads_safety_stock(company: Company) -> None:
    """PSH-3, WH-4: a rule may hold back the SKUs' safety stock, per warehouse."""
    c = company

    def prepare(s: Session) -> None:
        put_stock(s, c.main, c.sku, 10)
        put_stock(s, c.east, c.sku, 2)
        s.add(SafetyStock(warehouse_id=c.main, sku_id=c.sku, quantity=4))
        s.add(SafetyStock(warehouse_id=c.east, sku_id=c.sku, quantity=4))
        make_rule(s, "Careful", warehouses=[c.main, c.east], stores=[c.web], skus=[c.sku], hold_back_safety_stock=True)

    c.db.write(prepare)
    assert quantities(c.db, c.sku) == {c.listings["shop"]: 12, c.listings["web"]: 6}


def test_a_component_changes_what_its_combinations_show(company: Company) -> None:
    """CAT-6: the store SKUs of combinations that contain a SKU are affected by it."""
    c = company

    def prepare(s: Session) -> int:
        other = make_sku(s, "MUG")
        pair = make_sku(s, "SET", kind="combination")
        s.add_all(
            [
                Component(combination_id=pair, component_id=c.sku, quantity=2),
                Component(combination_id=pair, component_id=other, quantity=1),
            ]
        )
        put_stock(s, c.main, c.sku, 9)
        put_stock(s, c.main, other, 3)
        put_stock(s, c.east, c.sku, 9)
        return make_store_sku(s, c.shop, "SET", pair)

    listing = c.db.write(prepare)
    assert quantities(c.db, c.sku)[listing] == 3


def test_why_nothing_is_pushed(company: Company) -> None:
    """PSH-6, CH-4, PSH-13: no rule, rule off, not synced, store off, switch off: nothing is pushed."""
    c = company

    def prepare(s: Session) -> dict[str, int]:
        made = {
            "no_rule": make_store_sku(s, make_store(s, "Free"), "X", c.sku),
            "store_off": make_store_sku(s, make_store(s, "Closed", active=False), "X", c.sku),
            "not_synced": make_store_sku(s, c.shop, "X", c.sku, synced=False),
        }
        off = make_store(s, "Off")
        make_rule(s, "Off", warehouses=[c.main], stores=[off], active=False)
        return {**made, "rule_off": make_store_sku(s, off, "X", c.sku)}

    made = c.db.write(prepare)
    with c.db.read() as session:
        found = of(session, c.sku)
    assert {name: found[listing].why_not for name, listing in made.items()} == {
        "no_rule": Result.NO_RULE,
        "store_off": Result.STORE_OFF,
        "not_synced": Result.NOT_SYNCED,
        "rule_off": Result.RULE_OFF,
    }
    c.db.write(lambda s: switches.turn(s, "inventory_features", False, by="test"))
    with c.db.read() as session:
        assert {target.why_not for target in of(session, c.sku).values()} == {Result.SWITCH_OFF}


def test_an_unmapped_store_sku_has_no_target(company: Company) -> None:
    """PSH-6: mapping removed: nothing is pushed."""
    c = company
    c.db.write(lambda s: s.get_one(StoreSku, c.listings["web"]).__setattr__("sku_id", None))
    assert list(quantities(c.db, c.sku)) == [c.listings["shop"]]


def test_a_store_of_a_rule_may_have_its_own_percentage(company: Company) -> None:
    """PSH-2: percentage per store; a scoped rule beats the unscoped one."""
    c = company

    def prepare(s: Session) -> None:
        put_stock(s, c.main, c.sku, 15)
        make_rule(
            s, "Half", warehouses=[c.main], stores={c.shop: None, c.web: Decimal("12.5")}, skus=[c.sku],
            percentage=Decimal(50),
        )  # fmt: skip

    c.db.write(prepare)
    assert quantities(c.db, c.sku) == {c.listings["shop"]: 7, c.listings["web"]: 1}


def test_statements_do_not_grow_with_skus(company: Company) -> None:
    """PSH-4: one SKU or a thousand: as many statements."""
    c = company

    def prepare(s: Session) -> list[int]:
        skus = [make_sku(s, f"S{n}") for n in range(1_000)]
        for sku in skus:
            make_store_sku(s, c.shop, f"S{sku}", sku)
        post(s, [entry(*(Line(c.main, sku, on_hand=3) for sku in skus))])
        return skus

    skus = c.db.write(prepare)
    counts = []
    for wanted in (skus[:1], skus):
        with c.db.read() as session, counted(c.db) as seen:
            found = targets(session, affected(session, wanted))
        assert {target.quantity for target in found} == {3} and len(found) == len(wanted)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 30
