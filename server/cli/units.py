"""Units of SKUs as words of a command: RED-M=12."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from server.catalog.queries import require_ids
from server.errors import WrongUse

Units = Annotated[list[str], typer.Argument(metavar="SKU=UNITS...", help="Such as RED-M=12, several if need be.")]
_LONGEST_NUMBER = 8


def parted(word: str, *, least: int = 1) -> tuple[str, int]:
    """(SKU, units) out of RED-M=12; a SKU may itself contain `=`. Raises `WrongUse`, for less than `least` too."""
    code, _, number = word.rpartition("=")
    written = code and number.isascii() and number.isdecimal() and len(number) <= _LONGEST_NUMBER
    if not written or int(number) < least:
        raise WrongUse(f"'{word[:100]}' is not SKU=UNITS, such as RED-M=12")
    return code, int(number)


def units_of(session: Session, words: Sequence[str], *, least: int = 1) -> list[tuple[int, int]]:
    """(the SKU's number, units) for each word. Raises `WrongUse`, and `NotFound` for SKUs that do not exist."""
    pairs = [parted(word, least=least) for word in words]
    skus = require_ids(session, [code for code, _ in pairs])
    return [(sku, units) for sku, (_, units) in zip(skus, pairs, strict=True)]
