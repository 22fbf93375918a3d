"""What the catalogue refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.errors import Conflict, NotFound, Refused, WrongUse

_NAMED = 5


def named(codes: Sequence[str]) -> str:
    """The first few codes as people read them: 'A', 'B' and 7 more."""
    shown = ", ".join(f"'{code}'" for code in codes[:_NAMED])
    more = len(codes) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown


class SkusExist(Conflict):
    """Codes that living SKUs have already (CAT-1); `codes` as handed in."""

    code = "sku-exists"

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(
            f"there is already a SKU {named(codes)}; a SKU is unique without regard to capitals",
            errors=[{"place": "sku", "value": code, "text": "exists already"} for code in codes],
        )
        self.codes = list(codes)


class UnknownSkus(NotFound):
    """There are no such living SKUs."""

    code = "unknown-sku"

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(
            f"no merchant SKU {named(codes)}",
            errors=[{"place": "sku", "value": code, "text": "no such SKU"} for code in codes],
        )
        self.codes = list(codes)


class WrongSku(WrongUse):
    """A code that can't be one, or a field that can't have that value."""

    code = "wrong-sku"


class GtinsTaken(Conflict):
    """GTINs that belong to other SKUs (CAT-4): GTIN -> the other SKU's code."""

    code = "gtin-taken"

    def __init__(self, taken: Mapping[str, str]) -> None:
        value, other = next(iter(taken.items()))
        more = f", and {len(taken) - 1} more" if len(taken) > 1 else ""
        super().__init__(
            f"GTIN '{value}' belongs to SKU '{other}'{more}; a GTIN belongs to one SKU",
            errors=[
                {"place": "gtins", "value": gtin, "text": f"belongs to SKU '{sku}'"} for gtin, sku in taken.items()
            ],
        )
        self.taken = dict(taken)


class RecipesRefused(Refused):
    """Recipes that can't be (CAT-6): one problem per combination and component."""

    code = "recipe-refused"

    def __init__(self, problems: Sequence[dict[str, Any]]) -> None:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]['text']}{more}", errors=problems)
        self.problems = list(problems)


class SkusInUse(Refused):
    """SKUs that can't be deleted now (CAT-13): code -> the reasons, each a sentence's end."""

    code = "sku-in-use"

    def __init__(self, reasons: Mapping[str, Sequence[str]]) -> None:
        code, first = next(iter(reasons.items()))
        more = f" (and {len(reasons) - 1} more SKUs)" if len(reasons) > 1 else ""
        super().__init__(
            f"'{code}' can't be deleted: {'; '.join(first)}{more}",
            errors=[{"place": "sku", "value": sku, "text": "; ".join(why)} for sku, why in reasons.items()],
        )
        self.reasons = {sku: list(why) for sku, why in reasons.items()}


class TooManyNames(WrongUse):
    """More names in one search than are looked up at once (CAT-12)."""

    code = "too-many-names"
