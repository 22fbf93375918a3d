"""What makes a good SKU (CAT-2), a GTIN (CAT-4) and a name for lists. Pure: nothing here asks what exists already."""

from __future__ import annotations

import re
from typing import Any

from validators.columns import SEPARATOR
from validators.values.tidying import invisible

LONGEST_SKU, LONG_SKU, LONGEST_GTIN = 64, 32, 50

#: What stands between a store in a list and its own percentage.
_EQUALS = "="
_GTIN = re.compile(rf"[A-Za-z0-9_+*-]{{1,{LONGEST_GTIN}}}", re.ASCII)
#: Quick to look for; most SKUs have none of these.
_AWKWARD = re.compile(r"[\s/\\.;]|^0")
_BESIDE_DIGITS = re.compile(r"(?<=[0-9])[ILO]|[ILO](?=[0-9])", re.IGNORECASE)
_EITHER = re.compile(f"{_AWKWARD.pattern}|{_BESIDE_DIGITS.pattern}", re.IGNORECASE)


def sku_error(value: str) -> str | None:
    """Code of what forbids a SKU, or None."""
    if not value.strip():
        return "missing"
    if len(value) > LONGEST_SKU:
        return "text-too-long"
    if invisible(value):
        return "sku-control"
    return "sku-formula" if value.startswith("=") else None


def sku_warnings(value: str) -> list[tuple[str, dict[str, Any]]]:
    """Codes and facts of what makes a SKU awkward; never a reason to refuse it."""
    found: list[tuple[str, dict[str, Any]]] = []
    if len(value) <= LONG_SKU and not _EITHER.search(value):
        return found
    if _AWKWARD.search(value):
        if any(character.isspace() for character in value):
            found.append(("sku-blank", {}))
        if "/" in value or "\\" in value:
            found.append(("sku-slash", {}))
        if "." in value:
            found.append(("sku-dot", {}))
        if SEPARATOR in value:
            found.append(("sku-separator", {}))
        if value.startswith("0"):
            found.append(("sku-leading-zero", {}))
    if letters := dict.fromkeys(letter.upper() for letter in _BESIDE_DIGITS.findall(value)):
        found.append(("sku-ambiguous", {"letters": ", ".join(letters)}))
    if len(value) > LONG_SKU:
        found.append(("sku-long", {"length": len(value)}))
    return found


def listed_error(value: str) -> str | None:
    """Code of what forbids the name of something that is named in lists (a warehouse's code, a store's name), or
    None."""
    return "code-separator" if SEPARATOR in value or _EQUALS in value else None


def gtin_error(value: str) -> str | None:
    """Code of what forbids a GTIN, or None: 1 to 50 letters, digits or `-_+*`."""
    return None if _GTIN.fullmatch(value) else "gtin-characters"
