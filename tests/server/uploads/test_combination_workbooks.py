"""Combinations, through the whole path of an upload."""

from __future__ import annotations

import pytest

from server.uploads.handlers.protocol import CannotUndo
from tests.factories import put_stock
from tests.server.uploads.conftest import Uploads, combination


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
