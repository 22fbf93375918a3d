"""SKU create, SKU update and combinations, through the whole path of an upload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String

from server.catalog import queries, service
from server.catalog.deleting import delete
from server.catalog.models import MerchantSku
from server.catalog.records import NewSku, SkuChange
from server.db.session import Database
from server.settings import Settings
from server.uploads import outcome, pipeline
from server.uploads.handlers.protocol import CannotUndo
from server.uploads.handlers.registry import HANDLERS
from server.uploads.models import Upload
from server.uploads.pipeline import Request, Who
from server.uploads.sources import keep_rows
from server.uploads.undo import undo
from tests.factories import AT, make_store, make_store_sku, make_warehouse, put_stock
from tests.support.statements import counted

Row = Mapping[str, Any]


@dataclass
class Uploads:
    """Hands rows in, and looks at what came of it."""

    db: Database
    settings: Settings

    def send(self, template: str, *rows: Row, apply: bool = True, good_rows: bool = False) -> tuple[int, str]:
        source = keep_rows(self.settings, {"template": template, "rows": list(rows), "first_row": 4})
        request, who = Request("apply" if apply else "validate", good_rows), Who("anna")
        number = pipeline.receive(self.db, source, request, who)
        pipeline.process(self.db, self.settings, number, source, request, who)
        with self.db.read() as session:
            return number, session.get_one(Upload, number).status

    def rows(self, number: int) -> list[dict[str, Any]]:
        with self.db.read() as session:
            return list(outcome.stored_rows(session, number))

    def codes(self, number: int) -> list[list[tuple[str, str]]]:
        """Per row, (column, code) of each message."""
        return [[(m["key"], m["code"]) for m in row.get("messages", ())] for row in self.rows(number)]

    def undo(self, number: int) -> None:
        self.db.write(lambda session: undo(session, number, by="bob"))

    def current(self, template: str) -> list[dict[str, Any]]:
        """The rows of a download with data, as they would be handed in again."""
        with self.db.read() as session:
            found = HANDLERS[template].current(session)
            return [{**_cells(row.values), "_version": row.version} for row in found]

    def sku(self, code: str) -> MerchantSku | None:
        with self.db.read() as session:
            found = queries.find(session, [code]).get(code.casefold())
            if found is not None:
                session.expunge(found)
            return found

    def recipe(self, code: str) -> dict[str, int]:
        with self.db.read() as session:
            ids = queries.find_ids(session, [code])
            return {
                part.code: part.quantity for parts in queries.parts_of(session, ids.values()).values() for part in parts
            }

    def gtins(self, code: str) -> list[str]:
        with self.db.read() as session:
            (sku_id,) = queries.find_ids(session, [code]).values()
            return queries.gtins_of(session, [sku_id]).get(sku_id, [])


def _cells(values: Row) -> dict[str, Any]:
    def cell(value: Any) -> Any:
        if isinstance(value, Mapping):
            return "; ".join(f"{name}={text}" for name, text in value.items())
        if isinstance(value, tuple):
            return "; ".join(value)
        return str(value) if isinstance(value, Decimal) else value

    return {name: cell(value) for name, value in values.items()}


@pytest.fixture
def uploads(db: Database, tmp_path: Path) -> Uploads:
    """Uploads into an empty company with its default warehouse."""
    db.write(lambda session: make_warehouse(session, "MAIN", default=True))
    return Uploads(db, Settings(data_dir=tmp_path, database_url=db.url))


@pytest.fixture
def singles(uploads: Uploads) -> list[int]:
    """A, B and C."""
    new = [NewSku(code=code, title=f"Single {code}", gtins=[f"GT-{code}"]) for code in "ABC"]
    return uploads.db.write(lambda session: service.create(session, new, by="anna", at=AT))


FULL = {
    "sku": "NK-SP-TS-RED-M", "title": "Sport T-shirt", "parent_sku": "NK-SP-TS", "size": "M", "colour": "Red",
    "attributes": "fit=slim; sleeve=short", "gtins": "4006381333931; 614141999996", "weight_g": "180.5",
    "cost": "4.20", "price": "12.90", "currency": "usd", "default_warehouse": "main", "serial_mode": "full",
    "status": "inactive", "notes": "Summer",
}  # fmt: skip


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


def combination(code: str, component: str, quantity: int, **more: Any) -> dict[str, Any]:
    return {"combination": code, "component": component, "quantity": quantity, **more}


def test_combinations_are_made_and_rewritten_whole(uploads: Uploads, singles: list[int]) -> None:
    """CAT-6: all rows of a combination are its recipe; what is not listed is taken out, and said."""
    rows = (combination("SET", "a", 2, title="Set", own_stock="yes"), combination("set", "B", 1))
    _, status = uploads.send("combinations", *rows)
    assert (status, uploads.recipe("SET")) == ("applied", {"A": 2, "B": 1})
    number, _ = uploads.send("combinations", combination("SET", "A", 2), combination("SET", "C", 4))
    assert uploads.recipe("SET") == {"A": 2, "C": 4}
    assert [row["changes"] for row in uploads.rows(number)] == [
        [{"field": "component", "before": "B", "after": None}],
        [{"field": "quantity", "before": None, "after": 4}],
    ]
    sku = uploads.sku("SET")
    assert sku is not None and (sku.own_stock, sku.title) == (True, "Set")
    number, _ = uploads.send("combinations", combination("SET", "C", 4), combination("SET", "A", 2))
    assert [row["status"] for row in uploads.rows(number)] == ["unchanged", "unchanged"]


def test_combinations_refuse_what_can_not_be(uploads: Uploads, singles: list[int]) -> None:
    """CAT-6: combinations of combinations, cycles, singles with stock, each at its own cell."""
    uploads.send("combinations", combination("SET", "A", 1, title="Set"))
    uploads.db.write(lambda session: put_stock(session, 1, singles[1], 5))
    rows = (
        combination("ONE", "SET", 1, title="One"),
        combination("TWO", "two", 1, title="Two"),
        combination("THREE", "C", 1),
        combination("B", "C", 1),
        combination("A", "C", 1),
        combination("FOUR", "NONE", 1, title="Four"),
    )
    number, status = uploads.send("combinations", *rows)
    assert status == "refused"
    codes = uploads.codes(number)
    assert codes[0] == [("component", "combination-nested")]
    assert ("component", "combination-cycle") in codes[1]
    assert codes[2] == [("title", "recipe-no-title")]
    assert codes[3] == [("combination", "single-in-use")]
    assert codes[4] == [("combination", "single-is-component")]
    assert codes[5] == [("component", "unknown-merchant_sku")]


def test_a_recipe_is_never_applied_in_part(uploads: Uploads, singles: list[int]) -> None:
    """CAT-6, WB-6: with *apply good rows* a combination with one bad row is left alone as a whole."""
    rows = (
        combination("SET", "A", 1, title="Set"),
        combination("SET", "NONE", 1),
        combination("OTHER", "A", 1, title="Other"),
        combination("BAD", "OTHER", 1, title="Bad"),
        combination("BAD", "B", 1),
    )
    number, status = uploads.send("combinations", *rows, good_rows=True)
    assert status == "partly_applied"
    assert uploads.codes(number) == [
        [("combination", "companion-bad")],
        [("component", "unknown-merchant_sku")],
        [],
        [("component", "unknown-merchant_sku")],
        [("combination", "companion-bad")],
    ]
    assert uploads.sku("SET") is None and uploads.sku("BAD") is None and uploads.recipe("OTHER") == {"A": 1}


def test_combinations_with_data_are_versioned_by_the_whole_recipe(uploads: Uploads, singles: list[int]) -> None:
    """WB-4: a change to one component makes every row of the combination a conflict."""
    rows = (
        combination("SET", "A", 2, title="Set"),
        combination("SET", "B", 1),
        combination("TWO", "C", 1, title="Two"),
    )
    uploads.send("combinations", *rows)
    given = uploads.current("combinations")
    assert [(row["combination"], row["component"], row["quantity"]) for row in given] == [
        ("SET", "A", 2), ("SET", "B", 1), ("TWO", "C", 1),
    ]  # fmt: skip
    number, _ = uploads.send("combinations", *given)
    assert [row["status"] for row in uploads.rows(number)] == ["unchanged"] * 3
    uploads.send("combinations", combination("SET", "A", 2), combination("SET", "B", 5))
    given[2]["title"] = "Two times"
    number, status = uploads.send("combinations", *given)
    assert status == "refused"
    assert [row["status"] for row in uploads.rows(number)] == ["conflict", "conflict", "ok"]


def test_combinations_are_undone(uploads: Uploads, singles: list[int]) -> None:
    """WB-8: new ones go, changed ones get their recipe back, a single is a single again; refused if changed since."""
    uploads.send("combinations", combination("OLD", "A", 1, title="Old", own_stock="yes"))
    before = uploads.current("combinations")
    rows = (
        combination("OLD", "B", 7, title="Renamed", own_stock="no"),
        combination("NEW", "A", 1, title="New"),
        combination("C", "A", 3),
    )
    number, status = uploads.send("combinations", *rows)
    assert status == "applied" and uploads.recipe("C") == {"A": 3}
    uploads.undo(number)
    assert uploads.current("combinations") == before
    assert uploads.sku("NEW") is None
    sku = uploads.sku("C")
    assert sku is not None and sku.kind == "single"
    number, _ = uploads.send("combinations", combination("OLD", "B", 7))
    uploads.send("combinations", combination("OLD", "B", 8))
    with pytest.raises(CannotUndo, match="'OLD' was changed since"):
        uploads.undo(number)


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
