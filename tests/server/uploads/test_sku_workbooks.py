"""SKU create and SKU update, through the whole path of an upload."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import String

from server.catalog import service
from server.catalog.deleting import delete
from server.catalog.models import MerchantSku
from server.catalog.records import SkuChange
from server.uploads.handlers.protocol import CannotUndo
from server.uploads.handlers.registry import HANDLERS
from tests.factories import AT, make_store, make_store_sku, make_warehouse
from tests.server.uploads.conftest import FULL, Uploads, combination
from tests.support.statements import counted


def test_sku_create_makes_skus_with_every_field(uploads: Uploads) -> None:
    """CAT-3, CAT-5: the whole row arrives; what is blank has its default."""
    number, status = uploads.send("sku_create", FULL, {"sku": "MUG", "title": "Mug"})
    assert (status, uploads.codes(number)) == ("applied", [[], []])
    sku, mug = uploads.sku("nk-sp-ts-red-m"), uploads.sku("MUG")
    assert sku is not None and mug is not None
    assert (sku.attributes, sku.weight_g, sku.currency) == ({"fit": "slim", "sleeve": "short"}, Decimal("180.5"), "USD")
    assert (sku.default_warehouse_id, sku.serial_mode, sku.status) == (1, "full", "inactive")
    assert uploads.gtins(sku.code) == ["4006381333931", "614141999996"]
    assert (mug.serial_mode, mug.status, mug.cost, mug.attributes) == ("off", "active", None, {})


def test_sku_create_validates_without_writing(uploads: Uploads) -> None:
    """WB-5: validate says what would be set and makes nothing."""
    number, status = uploads.send("sku_create", {"sku": "A", "title": "Cap", "cost": "1.50"}, apply=False)
    assert status == "validated" and uploads.sku("A") is None
    assert uploads.rows(number)[0]["changes"] == [
        {"field": "title", "before": None, "after": "Cap"},
        {"field": "cost", "before": None, "after": "1.5"},
    ]


def test_sku_create_names_what_is_taken(uploads: Uploads, singles: list[int]) -> None:
    """CAT-1, CAT-4: SKUs and GTINs that exist, and a GTIN twice in one sheet."""
    rows = (
        {"sku": "a", "title": "x"},
        {"sku": "D", "title": "y", "gtins": "gt-b"},
        {"sku": "E", "title": "z", "gtins": "777"},
        {"sku": "F", "title": "w", "gtins": "888;777"},
    )
    number, status = uploads.send("sku_create", *rows)
    assert status == "refused"
    codes = uploads.codes(number)
    assert codes == [[("sku", "exists")], [("gtins", "gtin-taken")], [], [("gtins", "gtin-taken")]]
    assert "belongs to SKU 'E'" in uploads.rows(number)[3]["messages"][0]["text"]
    number, status = uploads.send("sku_create", *rows, good_rows=True)
    assert status == "partly_applied" and uploads.sku("E") is not None and uploads.sku("D") is None


def test_sku_create_warns_and_goes_on(uploads: Uploads, singles: list[int]) -> None:
    """CAT-2: warnings are shown in the row and never block."""
    uploads.db.write(lambda session: delete(session, singles[2:], by="anna", at=AT))
    rows = (
        {"sku": "C", "title": "New"},
        {"sku": "0 X/1O", "title": "single a"},
        {"sku": "GT-B", "title": "Other", "model_number": "gt-b"},
    )
    number, status = uploads.send("sku_create", *rows)
    assert status == "applied"
    first, second, third = uploads.codes(number)
    assert first == [("sku", "sku-reused")]
    assert [code for _, code in second] == [
        "sku-blank", "sku-slash", "sku-leading-zero", "sku-ambiguous", "title-elsewhere",
    ]  # fmt: skip
    assert sorted(code for _, code in third) == ["sku-is-gtin", "sku-is-model"]


def test_sku_create_is_undone_unless_in_use(uploads: Uploads) -> None:
    """WB-8: made records go again; refused with the reason while one is in use."""
    number, _ = uploads.send("sku_create", {"sku": "A", "title": "x"}, {"sku": "B", "title": "y"})
    sku = uploads.sku("A")
    assert sku is not None

    def use(session: Any) -> int:
        return make_store_sku(session, make_store(session, "Web"), "web-a", sku.id)

    uploads.db.write(use)
    with pytest.raises(CannotUndo) as refused:
        uploads.undo(number)
    assert refused.value.reasons == ["'A': mapped to store SKUs: Web: web-a"]
    other, _ = uploads.send("sku_create", {"sku": "C", "title": "x"}, {"sku": "D", "title": "y"})
    uploads.undo(other)
    assert uploads.sku("C") is None and uploads.sku("A") is not None


def test_sku_update_changes_only_what_is_written(uploads: Uploads) -> None:
    """CAT-5: a blank cell leaves the value alone, #CLEAR empties it."""
    uploads.send("sku_create", FULL)
    row = {
        "sku": FULL["sku"].lower(),
        "weight_g": "190",
        "notes": "#CLEAR",
        "status": "#CLEAR",
        "gtins": "4006381333931",
    }
    number, status = uploads.send("sku_update", {**row, "default_warehouse": "Main", "currency": "USD"})
    assert status == "applied"
    assert uploads.rows(number)[0]["changes"] == [
        {"field": "gtins", "before": ["4006381333931", "614141999996"], "after": ["4006381333931"]},
        {"field": "weight_g", "before": "180.5", "after": "190"},
        {"field": "status", "before": "inactive", "after": "active"},
        {"field": "notes", "before": "Summer", "after": None},
    ]
    sku = uploads.sku(FULL["sku"])
    assert sku is not None
    assert (sku.weight_g, sku.notes, sku.status, sku.title) == (Decimal(190), "", "active", "Sport T-shirt")
    number, status = uploads.send(
        "sku_update", {"sku": FULL["sku"], "notes": "#CLEAR", "status": "#CLEAR", "cost": "4.2"}
    )
    assert [row["status"] for row in uploads.rows(number)] == ["unchanged"]


def test_sku_update_refuses_what_is_not_its_own(uploads: Uploads, singles: list[int]) -> None:
    """CAT-4, CAT-5: unknown SKUs, combinations and GTINs of others; but two rows may exchange theirs."""
    uploads.send("combinations", {"combination": "SET", "title": "Set", "component": "A", "quantity": 1})
    rows = (
        {"sku": "NONE", "title": "x"},
        {"sku": "SET", "notes": "x"},
        {"sku": "A", "gtins": "GT-C"},
        {"sku": "B", "title": "#CLEAR"},
    )
    number, status = uploads.send("sku_update", *rows)
    assert status == "refused"
    assert uploads.codes(number) == [
        [("sku", "unknown-merchant_sku")],
        [("sku", "combination-kind")],
        [("gtins", "gtin-taken")],
        [("title", "clear-not-allowed")],
    ]
    _, status = uploads.send("sku_update", {"sku": "A", "gtins": "GT-C"}, {"sku": "C", "gtins": "GT-A"})
    assert (status, uploads.gtins("A"), uploads.gtins("C")) == ("applied", ["GT-C"], ["GT-A"])


def test_sku_update_with_data_notices_other_changes(uploads: Uploads, singles: list[int]) -> None:
    """WB-4: the downloaded rows come out unchanged; one whose SKU changed meanwhile is a conflict, an error of WB-6."""
    uploads.send("sku_update", {"sku": "A", "attributes": "b=2; a=1", "cost": "4.20", "default_warehouse": "MAIN"})
    rows = uploads.current("sku_update")
    number, _ = uploads.send("sku_update", *rows)
    assert [row["status"] for row in uploads.rows(number)] == ["unchanged"] * 3
    uploads.db.write(lambda s: service.update_many(s, [SkuChange(singles[0], {"brand": "x"})], by="bob", at=AT))
    rows[0]["title"], rows[1]["title"] = "Mine", "Also mine"
    number, status = uploads.send("sku_update", *rows)
    assert status == "refused"
    assert [row["status"] for row in uploads.rows(number)] == ["conflict", "ok", "unchanged"]
    rows[1]["_version"] = rows[2]["_version"]
    number, _ = uploads.send("sku_update", rows[1])
    assert uploads.codes(number) == [[("sku", "version-other-key")]]


def test_sku_update_is_undone_unless_changed_since(uploads: Uploads) -> None:
    """WB-8: values, decimals and GTINs as they were; refused where one is no longer what the upload set."""
    uploads.send("sku_create", FULL)
    before = uploads.current("sku_update")
    change = {"sku": FULL["sku"], "title": "New", "cost": "9", "attributes": "#CLEAR", "gtins": "1", "status": "active"}
    number, _ = uploads.send("sku_update", change)
    uploads.undo(number)
    assert uploads.current("sku_update") == before
    number, _ = uploads.send("sku_update", {"sku": FULL["sku"], "brand": "A", "size": "L"})
    uploads.send("sku_update", {"sku": FULL["sku"], "brand": "B"})
    with pytest.raises(CannotUndo) as refused:
        uploads.undo(number)
    assert refused.value.reasons == [f"'{FULL['sku']}': brand was changed since"]


@pytest.mark.parametrize("template", ["sku_create", "sku_update", "combinations"])
def test_the_example_rows_pass(uploads: Uploads, template: str) -> None:
    """WB-3: what the example sheet shows can be applied, one workbook after the other."""
    uploads.db.write(lambda session: make_warehouse(session, "EAST"))
    for name in ("sku_create", "sku_update", "combinations"):
        _, status = uploads.send(name, *HANDLERS[name].workbook.examples)
        assert status == "applied"
        if name == template:
            break


def test_what_a_sheet_lets_in_fits_the_table() -> None:
    """WB-3: no cell that passes the checks is too long for its column."""
    for column in HANDLERS["sku_create"].workbook.columns:
        field = MerchantSku.__table__.columns.get(column.name)
        if field is not None and isinstance(field.type, String):
            longest = max(map(len, column.choices)) if column.choices else column.max_length
            assert field.type.length is not None and longest <= field.type.length, column.name


def test_statements_do_not_grow_with_rows(uploads: Uploads) -> None:
    """WB-5: plan and apply are set-based."""
    seen = []
    for n in (3, 200):
        with counted(uploads.db) as statements:
            uploads.send(
                "sku_create", *({"sku": f"{n}-{i}", "title": f"{n} {i}", "gtins": f"g{n}{i}"} for i in range(n))
            )
            uploads.send("sku_update", *({"sku": f"{n}-{i}", "notes": "x", "gtins": f"h{n}{i}"} for i in range(n)))
            uploads.send("combinations", *(combination(f"S{n}-{i}", f"{n}-{i}", 1, title="s") for i in range(n)))
        seen.append(len(statements))
    assert seen[0] == seen[1]
