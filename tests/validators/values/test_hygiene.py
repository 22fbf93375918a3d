"""SKU hygiene and GTINs."""

from __future__ import annotations

import pytest

from validators.messages import Finding
from validators.values.hygiene import gtin_error, sku_error, sku_warnings


@pytest.mark.parametrize(
    ("sku", "code"),
    [
        ("NK-SP-TS", None),
        ("A" * 64, None),
        ("A" * 65, "text-too-long"),
        ("  ", "missing"),
        ("A\x07", "sku-control"),
        ("A\u200b", "sku-control"),
        ("=A1", "sku-formula"),
        ("-A1", None),
        ("@A1", None),
    ],
)
def test_what_is_no_sku(sku: str, code: str | None) -> None:
    """CAT-2: errors."""
    assert sku_error(sku) == code


@pytest.mark.parametrize(
    ("sku", "codes"),
    [
        ("NK-SP-TS", []),
        ("NK SP", ["sku-blank"]),
        ("NK/SP", ["sku-slash"]),
        ("NK.SP", ["sku-dot"]),
        ("NK;SP", ["sku-separator"]),
        ("NK=SP", []),
        ("0123", ["sku-leading-zero"]),
        ("A1I", ["sku-ambiguous"]),
        ("TS-O2", ["sku-ambiguous"]),
        ("LOCO", []),
        ("L-1", []),
        ("A" * 33, ["sku-long"]),
        ("0 1/l." + "A" * 40, ["sku-blank", "sku-slash", "sku-dot", "sku-leading-zero", "sku-long"]),
    ],
)
def test_what_makes_a_sku_awkward(sku: str, codes: list[str]) -> None:
    """CAT-2: warnings, each with a sentence, none an error."""
    found = [Finding(code, 4, "sku", facts) for code, facts in sku_warnings(sku)]
    assert [finding.code for finding in found] == codes
    assert all(finding.severity == "warning" and finding.text for finding in found)


@pytest.mark.parametrize(
    ("gtin", "right"),
    [
        ("4006381333931", True),
        ("A-_+*9", True),
        ("9" * 50, True),
        ("9" * 51, False),
        ("", False),
        ("4 0", False),
        ("é", False),
    ],
)
def test_what_a_gtin_is(gtin: str, right: bool) -> None:
    """CAT-4: 1 to 50 letters, digits, - _ + *."""
    assert gtin_error(gtin) == (None if right else "gtin-characters")
