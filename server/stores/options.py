"""What can be chosen per store whatever its channel; kept among the store's settings. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.errors import WrongUse


@dataclass(frozen=True)
class Option:
    """A setting that every store has: what it may be, the first being what it is unless set, and what it does."""

    name: str
    choices: tuple[str, ...]
    help: str

    @property
    def default(self) -> str:
        """What it is unless set."""
        return self.choices[0]


#: CAT-10
MATCH_BY = Option(
    "match_by",
    ("code", "gtin", "name", "none"),
    "How product sync maps a listing that has no mapping: by the merchant SKU of the same code, by GTIN, by title, "
    "or not at all.",
)

#: ORD-8
ON_CANCEL = Option(
    "on_cancel",
    ("release", "return"),
    "What a cancelled order does to stock. release: what it holds is released, and what was deducted comes back by a "
    "return only. return: whoever cancels here says whether the quantity is returned, cancelled at the market it is, "
    "and more than 14 days after the order was placed it never is.",
)
#: ORD-9
SHIPPED_OUTSIDE = Option(
    "shipped_outside",
    ("release", "deduct"),
    "What happens to an order that was not packed here when the store reports it shipped: what it holds is released "
    "and nothing deducted, or it is deducted.",
)

OPTIONS: Mapping[str, Option] = {option.name: option for option in (MATCH_BY, ON_CANCEL, SHIPPED_OUTSIDE)}


def option_of(settings: Mapping[str, Any], option: Option) -> str:
    """What a store with these settings has chosen."""
    return str(settings.get(option.name) or option.default)


def check_option(name: str, value: Any) -> str:
    """A choice as it is kept. Raises `WrongUse` naming the ones there are."""
    chosen = str(value).strip().lower()
    if chosen not in OPTIONS[name].choices:
        raise WrongUse(f"{name} is one of {', '.join(OPTIONS[name].choices)}", field=name)
    return chosen
