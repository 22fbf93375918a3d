from __future__ import annotations

from itertools import islice

import pytest

from server.catalog import hygiene
from server.catalog.deleting import delete
from server.catalog.hygiene import Subject
from server.catalog.records import NewSku, SkuChange
from server.catalog.service import create, update_many
from server.db.session import Database
from tests.factories import AT
from tests.support.statements import counted, counted_reads


@pytest.fixture
def known(db: Database) -> list[int]:
    """A small catalogue, one SKU of it deleted."""
    skus = [
        NewSku(code="NK-10", title="Sport  T-shirt", gtins=["4006381333931"], model_number="TS-2201-R"),
        NewSku(code="MUG", title="Mug"),
        NewSku(code="OLD", title="Gone"),
    ]
    ids = db.write(lambda s: create(s, skus, by="anna", at=AT))
    db.write(lambda s: delete(s, ids[2:], by="anna", at=AT))
    return ids


def codes(db: Database, *subjects: Subject) -> list[list[str]]:
    with db.read() as session:
        return [[hint.code for hint in found] for found in hygiene.hints(session, subjects)]


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (Subject("4006381333931"), ["sku-is-gtin"]),
        (Subject("ts-2201-r"), ["sku-is-model"]),
        (Subject("OWN", model_number="own"), ["sku-is-model"]),
        (Subject("77", gtins=["77"]), ["sku-is-gtin"]),
        (Subject("old", title="Gone"), ["sku-reused"]),
        (Subject("NK-1O"), ["sku-lookalike"]),
        (Subject("NEW", title="sport t-SHIRT"), ["title-elsewhere"]),
        (Subject("NEW", title="Something else"), []),
        (Subject("NEW"), []),
    ],
)
def test_what_only_the_others_can_tell(db: Database, known: list[int], subject: Subject, expected: list[str]) -> None:
    """CAT-2: warnings about GTINs, model numbers, deleted SKUs, titles and look-alikes."""
    assert codes(db, subject) == [expected]


def test_rows_of_one_sheet_are_compared_with_each_other(db: Database, known: list[int]) -> None:
    """CAT-2: two new SKUs with one title, or easily taken for each other; one GTIN is another's code."""
    found = codes(db, Subject("A-1", "Cap"), Subject("A-I", "Hat", gtins=["b"]), Subject("B", "cap"))
    assert found == [["sku-lookalike", "title-elsewhere"], ["sku-lookalike"], ["sku-is-gtin", "title-elsewhere"]]


def test_a_hint_names_the_other(db: Database, known: list[int]) -> None:
    """CAT-2: in words that help."""
    with db.read() as session:
        (found,) = hygiene.hints(session, [Subject("old", "Mug")])
    assert [hint.text for hint in found] == [
        "reuses the code of a SKU that was deleted on 2026-04-20.",
        "the same title exists under SKU 'MUG'.",
    ]


def test_the_health_of_the_whole_catalogue(db: Database, known: list[int]) -> None:
    """CAT-2: every SKU with a warning, those of its own code included."""
    more = [NewSku(code="0 NK/1O", title="mug"), NewSku(code="FINE", title="Fine"), NewSku(code="NK-1O")]
    db.write(lambda s: create(s, more, by="anna", at=AT))
    with db.read() as session:
        found = {one.code: [hint.code for hint in one.hints] for one in hygiene.health(session)}
    assert found == {
        "NK-10": ["sku-lookalike"],
        "MUG": ["title-elsewhere"],
        "0 NK/1O": ["sku-blank", "sku-slash", "sku-leading-zero", "sku-ambiguous", "title-elsewhere"],
        "NK-1O": ["sku-ambiguous", "sku-lookalike"],
    }


def test_health_is_read_on_from_where_it_stopped(db: Database) -> None:
    """CAT-2: a page costs what it shows; the first of two that are alike names the other, whichever page it is on."""
    twins = [NewSku(code=f"{kind}-{number}", title=f"Title {number}") for kind in "AB" for number in range(700)]
    db.write(lambda s: create(s, twins, by="anna", at=AT))
    with db.read() as session:
        with counted_reads(db) as statements:
            page = list(islice(hygiene.health(session), 100))
        assert len(statements) < 15
        everything = list(hygiene.health(session))
        assert list(hygiene.health(session, after=page[-1].id)) == everything[100:]
    assert [one.code for one in everything] == [sku.code for sku in twins]
    others = {one.code: one.hints[0].facts["other"] for one in everything}
    assert others["A-5"] == "B-5" and others["B-5"] == "A-5"


def test_what_changes_is_looked_up_as_it_is_now(db: Database) -> None:
    """CAT-2: a title and a model number that were changed."""
    (plain, _) = db.write(lambda s: create(s, [NewSku(code="M"), NewSku(code="X9", title="Mug")], by="a", at=AT))
    changes = [SkuChange(plain, {"title": " MUG", "model_number": "x9"})]
    db.write(lambda s: update_many(s, changes, by="anna", at=AT))
    with db.read() as session:
        found = {one.code: [hint.code for hint in one.hints] for one in hygiene.health(session)}
    assert found == {"M": ["title-elsewhere"], "X9": ["sku-is-model", "title-elsewhere"]}


def test_statements_do_not_grow_with_subjects(db: Database, known: list[int]) -> None:
    """CAT-2: set-based."""
    seen = []
    for n in (2, 300):
        with counted(db) as statements:
            db.write(lambda s, n=n: hygiene.hints(s, [Subject(f"{i}", f"t{i}") for i in range(n)]))
        seen.append(len(statements))
    assert seen[0] == seen[1]
