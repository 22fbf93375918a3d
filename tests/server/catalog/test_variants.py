from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.catalog.errors import WrongSku
from server.catalog.records import NewSku
from server.catalog.variants import MAX_VARIANTS, short_codes, variants
from validators.values.hygiene import sku_error, sku_warnings


def test_a_parent_and_attributes_make_variants() -> None:
    """CAT-7: NK-SP-TS with Red and M becomes NK-SP-TS-RED-M, grouped by its parent."""
    made = variants("NK-SP-TS", {"colour": ["Red", "Blue"], "size": ["M", "L"]}, title="Sport T-shirt")
    assert [sku.code for sku in made] == ["NK-SP-TS-RED-M", "NK-SP-TS-RED-L", "NK-SP-TS-BLU-M", "NK-SP-TS-BLU-L"]
    first = made[0]
    assert (first.title, first.parent_sku) == ("Sport T-shirt, Red, M", "NK-SP-TS")
    assert (first.colour, first.size, first.attributes) == ("Red", "M", {})


def test_free_attributes_and_what_all_share() -> None:
    """CAT-7: attributes without a column of their own are kept by name; common fields are on every variant."""
    common = NewSku(code="x", brand="Nordkap", attributes={"sleeve": "short"}, gtins=["1"])
    (sku,) = variants("TS", {"Fit": ["Slim"]}, common=common)
    assert (sku.code, sku.brand, sku.gtins) == ("TS-SLI", "Nordkap", ())
    assert sku.attributes == {"sleeve": "short", "Fit": "Slim"}


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("White", "WHT"), ("Blue", "BLU"), ("XL", "XL"), ("Ocean blue", "OCB"), ("Extra large", "XL"),
        ("350 ml", "350ML"), ("10 l", "10"), ("Đỏ", "O"), ("Crème", "CRE"), ("红", "V1"), ("½", "12"), ("1/2", "12"),
    ],
)  # fmt: skip
def test_short_codes(value: str, code: str) -> None:
    """CAT-7: known ones, short values as they are, else three letters; no I, L or O beside digits."""
    assert short_codes([value]) == {value: code}


def test_short_codes_of_one_attribute_differ() -> None:
    """CAT-7: a later letter tells them apart, at last a number."""
    assert list(short_codes(["Marine", "Maroon", "Mars", "Mar"]).values()) == ["MAR", "MAO", "MAS", "MAR2"]
    assert list(short_codes(["红", "蓝"]).values()) == ["V1", "V2"]


def test_a_given_code_wins() -> None:
    """CAT-7: where the made one won't do."""
    assert short_codes(["Ocean blue", "OCN"], {"ocean blue": "OCN"}) == {"Ocean blue": "OCN", "OCN": "OCN2"}


@pytest.mark.parametrize("attributes", [{}, {"size": []}, {"size": [" "]}, {" ": ["M"]}])
def test_variants_need_values(attributes: dict[str, list[str]]) -> None:
    """CAT-7: said clearly."""
    with pytest.raises(WrongSku, match="at least one attribute"):
        variants("NK", attributes)


def test_too_many_or_too_long_is_refused() -> None:
    """CAT-1, CAT-7: 64 characters is the most."""
    with pytest.raises(WrongSku, match=f"at most {MAX_VARIANTS}"):
        variants("NK", {name: [str(n) for n in range(20)] for name in "abc"})
    with pytest.raises(WrongSku, match="longer than 64"):
        variants("N" * 63, {"size": ["M"]})


_values = st.lists(st.text(min_size=1, max_size=12).filter(str.strip), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@given(_values, _values)
def test_variants_are_distinct_and_clean(first: list[str], second: list[str]) -> None:
    """CAT-2, CAT-7: whatever the values are, no code stands twice, none is an error or has a warning."""
    made = variants("NK-SP", {"a": first, "b": second})
    assert len({sku.code.casefold() for sku in made}) == len(made)
    for sku in made:
        assert sku_error(sku.code) is None
        assert sku_warnings(sku.code) == []
