from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from server.access.models import AuditLine
from server.catalog import deleting, queries, service
from server.catalog.errors import GtinsTaken, RecipesRefused, SkusExist, SkusInUse, UnknownSkus, WrongSku
from server.catalog.models import Gtin, MerchantSku
from server.catalog.records import EMPTY, NewSku, SkuChange
from server.db.session import Database
from server.ledger.movements import Line
from server.ledger.posting import post
from tests.factories import AT, entry, make_sku, make_warehouse, put_stock
from tests.support.statements import counted


def create(db: Database, *skus: NewSku) -> list[int]:
    return db.write(lambda s: service.create(s, skus, by="anna", at=AT))


def update(db: Database, *changes: SkuChange, **more: bool) -> int:
    return db.write(lambda s: service.update_many(s, changes, by="anna", at=AT, **more))


def get(db: Database, code: str) -> MerchantSku:
    with db.read() as session:
        found = queries.find(session, [code])[code.strip().casefold()]
        session.expunge(found)  # else the end of reading would empty it
        return found


def gtins(db: Database, sku_id: int) -> Sequence[str]:
    with db.read() as session:
        return queries.gtins_of(session, [sku_id]).get(sku_id, [])


SHIRT = NewSku(
    code="NK-SP-TS-RED-M",
    title="Sport T-shirt,  red, M",
    parent_sku="NK-SP-TS",
    size="M",
    colour="Red",
    attributes={"fit": "slim"},
    gtins=["4006381333931", "A+1"],
    weight_g=Decimal("180.5"),
    cost=Decimal("4.20"),
    price=Decimal("12.90"),
    currency="USD",
    serial_mode="full",
)


def test_every_field_is_kept(db: Database) -> None:
    """CAT-3: what is handed in comes back, decimals exactly."""
    warehouse = db.write(make_warehouse)
    SHIRT.default_warehouse_id = warehouse
    (sku_id,) = create(db, SHIRT)
    row = get(db, SHIRT.code)
    for name in EMPTY:
        assert getattr(row, name) == getattr(SHIRT, name), name
    assert (row.id, row.kind, row.own_stock) == (sku_id, "single", False)
    assert gtins(db, sku_id) == ["4006381333931", "A+1"]
    SHIRT.default_warehouse_id = None


def test_codes_are_unique_without_regard_to_case_and_blanks(db: Database) -> None:
    """CAT-1: kept as typed, compared folded; the refusal names every one."""
    create(db, NewSku(code="Straße-1"), NewSku(code="B"))
    assert get(db, " STRASSE-1 ").code == "Straße-1"
    with pytest.raises(SkusExist) as refused:
        create(db, NewSku(code="strasse-1"), NewSku(code="b"), NewSku(code="C"))
    assert refused.value.codes == ["strasse-1", "b"]
    with pytest.raises(SkusExist):
        create(db, NewSku(code="D"), NewSku(code="d "))


@pytest.mark.parametrize("code", ["", "  ", "x" * 65, "ΐ" * 65])
def test_a_code_has_1_to_64_characters(db: Database, code: str) -> None:
    """CAT-1: counted as typed, however long folding makes it."""
    with pytest.raises(WrongSku):
        create(db, NewSku(code=code))


def test_the_database_refuses_a_second_living_sku(db: Database) -> None:
    """CAT-1: the last line of defence."""
    create(db, NewSku(code="A"))
    with pytest.raises(IntegrityError):
        db.write(lambda s: make_sku(s, "a"))


def test_a_gtin_belongs_to_one_sku(db: Database) -> None:
    """CAT-4: a taken GTIN is refused, naming its SKU; one SKU may have several."""
    create(db, NewSku(code="A", gtins=["111", "abc"]))
    with pytest.raises(GtinsTaken) as refused:
        create(db, NewSku(code="B", gtins=["222", "ABC"]))
    assert refused.value.taken == {"ABC": "A"}
    with pytest.raises(GtinsTaken):
        create(db, NewSku(code="C", gtins=["333"]), NewSku(code="D", gtins=["333"]))
    with db.read() as session:
        assert queries.find(session, ["B", "C", "D"]) == {}


def test_an_update_changes_what_it_names_and_nothing_else(db: Database) -> None:
    """CAT-5: a field that is not named stays; its empty value empties it."""
    first, second = create(db, SHIRT, NewSku(code="MUG", title="Mug", notes="old"))
    changed = update(
        db,
        SkuChange(first, {"title": "Shirt", "weight_g": Decimal("0.1"), "attributes": {}}),
        SkuChange(second, {"notes": EMPTY["notes"], "cost": Decimal("1.85")}),
    )
    assert changed == 2
    shirt, mug = get(db, SHIRT.code), get(db, "mug")
    assert (shirt.title, shirt.title_key, shirt.weight_g) == ("Shirt", "shirt", Decimal("0.1"))
    assert (shirt.attributes, shirt.colour, shirt.cost) == ({}, "Red", Decimal("4.2"))
    assert (mug.title, mug.notes, mug.cost, mug.weight_g) == ("Mug", "", Decimal("1.85"), None)


def test_an_update_that_changes_nothing_leaves_no_trace(db: Database) -> None:
    """SEC-2: only changes are audited."""
    (sku_id,) = create(db, SHIRT)
    same = SkuChange(sku_id, {"title": SHIRT.title, "price": Decimal("12.9")}, gtins=list(SHIRT.gtins))
    assert update(db, same) == 0
    with db.read() as session:
        assert session.scalars(select(AuditLine.action)).all() == ["sku.create"]


def test_gtins_are_replaced_whole_and_can_change_hands(db: Database) -> None:
    """CAT-4: in one call one SKU gives a GTIN up and another takes it."""
    first, second = create(db, NewSku(code="A", gtins=["1", "2"]), NewSku(code="B", gtins=["3"]))
    update(db, SkuChange(first, gtins=["3", "1"]), SkuChange(second, gtins=["2"]))
    assert (gtins(db, first), gtins(db, second)) == (["3", "1"], ["2"])
    with pytest.raises(GtinsTaken):
        update(db, SkuChange(second, gtins=["1"]))
    update(db, SkuChange(first, gtins=[]))
    assert gtins(db, first) == []


def test_combinations_are_not_updated_as_singles(db: Database) -> None:
    """CAT-5: import & update is for singles."""
    sku_id = db.write(lambda s: make_sku(s, "SET", kind="combination"))
    with pytest.raises(RecipesRefused, match="'SET' is a combination"):
        update(db, SkuChange(sku_id, {"title": "x"}), singles_only=True)
    assert update(db, SkuChange(sku_id, {"title": "x"})) == 1
    with pytest.raises(WrongSku, match="serial"):
        update(db, SkuChange(sku_id, {"serial_mode": "full"}))


def test_a_deleted_sku_frees_its_code_and_gtins(db: Database) -> None:
    """CAT-2, CAT-13: the row stays for the ledger's sake; code and GTINs may be used again."""
    (first,) = create(db, SHIRT)
    db.write(lambda s: deleting.delete(s, [first], by="anna", at=AT))
    (second,) = create(db, SHIRT)
    assert second != first and get(db, SHIRT.code).id == second
    with db.read() as session:
        assert session.scalars(select(Gtin.sku_id).distinct()).all() == [second]
    with pytest.raises(UnknownSkus):
        update(db, SkuChange(first, {"title": "x"}))


@pytest.mark.parametrize("figure", ["on_hand", "defective"])
def test_a_sku_with_stock_is_not_deleted(db: Database, figure: str) -> None:
    """CAT-13: refused with the reason; the others of the call stay too."""
    first, second = create(db, NewSku(code="A"), NewSku(code="B"))
    warehouse = db.write(make_warehouse)
    db.write(lambda s: post(s, [entry(Line(warehouse, second, **{figure: 1}))]))
    with pytest.raises(SkusInUse) as refused:
        db.write(lambda s: deleting.delete(s, [first, second], by="anna", at=AT))
    assert refused.value.reasons == {"B": ["it has stock"]}
    assert get(db, "A").deleted_at is None


def test_stock_that_came_and_went_does_not_keep_a_sku(db: Database) -> None:
    """CAT-13: figures of 0 are no stock."""
    (sku_id,) = create(db, NewSku(code="A"))
    warehouse = db.write(make_warehouse)
    db.write(lambda s: put_stock(s, warehouse, sku_id, 2))
    db.write(lambda s: post(s, [entry(Line(warehouse, sku_id, on_hand=-2))]))
    assert db.write(lambda s: deleting.delete(s, [sku_id], by="anna", at=AT)) == 1


def test_every_change_says_who(db: Database) -> None:
    """SEC-2: one line for one call, with values before and after where it is one SKU."""
    ids = create(db, *(NewSku(code=f"S-{n}", title="t") for n in range(60)))
    update(db, SkuChange(ids[0], {"title": "new", "cost": Decimal("1.5")}, gtins=["77"]))
    update(db, *(SkuChange(sku_id, {"brand": "b"}) for sku_id in ids[:3]))
    db.write(lambda s: deleting.delete(s, ids, by="bob", at=AT))
    with db.read() as session:
        lines = session.scalars(select(AuditLine).order_by(AuditLine.id)).all()
        session.expunge_all()
    assert [(line.actor, line.action, line.subject) for line in lines] == [
        ("anna", "sku.create", "60 SKUs"),
        ("anna", "sku.update", "S-0"),
        ("anna", "sku.update", "3 SKUs"),
        ("bob", "sku.delete", "60 SKUs"),
    ]
    assert lines[0].detail["count"] == 60 and len(lines[0].detail["skus"]) == 50
    assert lines[1].detail["before"] == {"title": "t", "cost": None, "gtins": []}
    assert lines[1].detail["after"] == {"title": "new", "cost": "1.5", "gtins": ["77"]}
    assert lines[2].detail["fields"] == ["brand"]


def test_statements_do_not_grow_with_skus(db: Database) -> None:
    """CAT-5: creating, updating and deleting are set-based."""
    seen = []
    for n in (2, 300):
        with counted(db) as statements:
            ids = create(db, *(NewSku(code=f"{n}-{i}", gtins=[f"g{n}{i}"]) for i in range(n)))
            update(db, *(SkuChange(i, {"title": "t"}, gtins=[f"h{i}"]) for i in ids))
            db.write(lambda s, ids=ids: deleting.delete(s, ids, by="anna", at=AT))
        seen.append(len(statements))
    assert seen[0] == seen[1]
