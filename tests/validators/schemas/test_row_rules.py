"""Rules between the rows of one workbook, and inside one row."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from validators.columns import name_and_percentage
from validators.registry import WORKBOOKS
from validators.schemas.row_rules import (
    at_most_one_yes,
    not_its_own_component,
    priority_among_stores,
    same_within,
    sku_hygiene,
    sku_is_another_code,
)
from validators.schemas.sku_fields import currency_error, url_error


def frame(rows: dict[int, dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(rows, orient="index").astype(object)


def test_a_combination_has_one_title() -> None:
    """CAT-6: the rows of a combination agree on what they say about it; blanks agree with everything."""
    rule = same_within("combination", "title", "own_stock")
    rows = {
        4: {"combination": "SET", "title": "Pack", "own_stock": "yes"},
        5: {"combination": "set ", "title": None, "own_stock": "yes"},
        6: {"combination": "SET", "title": "Other", "own_stock": "no"},
        7: {"combination": "MUG", "title": "Other", "own_stock": None},
    }
    found = rule(frame(rows))
    assert [(f.code, f.row, f.column, f.facts["other"]) for f in found] == [
        ("rows-disagree", 6, "title", 4),
        ("rows-disagree", 6, "own_stock", 4),
    ]
    assert found[0].text


def test_a_rule_about_a_missing_column_finds_nothing() -> None:
    assert same_within("combination", "title")(frame({4: {"combination": "SET"}})) == []


def test_a_combination_does_not_contain_itself() -> None:
    """CAT-6: cycles are refused; the shortest is seen in the row."""
    rows = {4: {"combination": "SET", "component": "set"}, 5: {"combination": "SET", "component": "MUG"}}
    assert [(f.code, f.row) for f in not_its_own_component(frame(rows))] == [("combination-cycle", 4)]


def test_one_default_warehouse() -> None:
    """WH-1: one warehouse is the default."""
    rows = pd.DataFrame({"default": pd.array([True, None, False, True], dtype="boolean")}, index=[4, 5, 6, 7])
    found = [(f.row, f.code, f.facts["other"]) for f in at_most_one_yes("default")(rows)]
    assert found == [(4, "second-default", 7), (7, "second-default", 4)]
    assert at_most_one_yes("default")(rows.loc[:6]) == []


def test_the_priority_store_is_one_of_the_rules_own() -> None:
    """PSH-5: the priority store is one of the rule's own stores."""
    stores = ("Shopee VN", "Lazada MY=80")
    rows = {
        4: {"priority_store": "lazada my", "stores": stores},
        5: {"priority_store": "Web shop", "stores": stores},
        6: {"priority_store": None, "stores": stores},
        7: {"priority_store": "Web shop", "stores": None},
    }
    assert [(f.code, f.row) for f in priority_among_stores(frame(rows))] == [("priority-outside", 5)]


def test_awkward_skus_get_warnings() -> None:
    """CAT-2: hygiene warnings, and codes that are something else as well, anywhere in the file."""
    rows = {
        4: {"sku": "0 1.2/I3", "gtins": ("4006381333931",), "model_number": None},
        5: {"sku": "4006381333931", "gtins": None, "model_number": "ts-2201"},
        6: {"sku": "TS-2201", "gtins": None, "model_number": None},
        7: {"sku": None, "gtins": None, "model_number": None},
    }
    codes = {f.code for f in sku_hygiene(frame(rows)) if f.row == 4}
    assert codes == {"sku-blank", "sku-slash", "sku-dot", "sku-leading-zero", "sku-ambiguous"}
    found = sku_is_another_code(frame(rows))
    assert [(f.code, f.row, f.column) for f in found] == [("sku-is-gtin", 5, "sku"), ("sku-is-model", 6, "sku")]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("Shopee VN", ("Shopee VN", None)),
        ("Shopee VN=80", ("Shopee VN", Decimal(80))),
        (" A = B = 12.5 % ", ("A = B", Decimal("12.5"))),
        ("A=B", ("A=B", None)),
        ("=80", ("=80", None)),
    ],
)
def test_a_store_may_have_its_own_percentage(value: str, read: tuple[str, Decimal | None]) -> None:
    """PSH-2: a store of the rule may have its own percentage."""
    assert name_and_percentage(value) == read


def test_currencies_and_addresses() -> None:
    assert [currency_error(value) for value in ("USD", "usd", "US", "U5D")] == [None, None, *["currency-unknown"] * 2]
    assert url_error("https://example.com/a.jpg") is None
    assert {url_error(value) for value in ("example.com/a.jpg", "javascript:x", "https://")} == {"url-malformed"}


def test_the_list_of_templates() -> None:
    """WB-2: the workbooks, by the ids that other programs rely on."""
    wanted = (
        "sku_create sku_update combinations mapping warehouses shelves safety_stock quantity_update stock_in stock_out"
    )
    assert {*wanted.split(), "push_rules"} <= set(WORKBOOKS)
