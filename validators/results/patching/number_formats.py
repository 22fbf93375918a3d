"""Whether a cell's number format rounds its number: "1.5 is not a whole number" must not stand beside a 2."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from validators.values.cells import shortest

#: Formats that every spreadsheet program has without writing them down, as far as they show plain numbers.
_BUILT_IN = {1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00"}
_FORMAT = re.compile(rb'<numFmt\b[^>]*?\bnumFmtId="(\d+)"[^>]*?\bformatCode="([^"]*)"|'
                     rb'<numFmt\b[^>]*?\bformatCode="([^"]*)"[^>]*?\bnumFmtId="(\d+)"')  # fmt: skip
#: Texts in quotes, escaped and padding letters, colours and conditions: shown, but no part of the number.
_NOISE = re.compile(r'"[^"]*"|\\.|[_*].|\[[^\]]*\]')
_PLACES = re.compile(r"[0#?,]*(?:\.([0#?]*))?")


def formats_of(styles: bytes) -> dict[int, str]:
    """Number -> code of every format of a workbook that shows plain numbers of a fixed length."""
    found = {int(a or d): (b or c).decode() for a, b, c, d in _FORMAT.findall(styles)}
    return {**_BUILT_IN, **{number: code.replace("&quot;", '"') for number, code in found.items()}}


def rounds(code: str, number: bytes) -> bool:
    """Whether a format of that code shows fewer decimals than the number has. Dates and per cents are left alone."""
    bare = _NOISE.sub("", code.split(";")[0]).strip()
    places = _PLACES.fullmatch(bare)
    if not bare or places is None:
        return False
    try:
        value = Decimal(shortest(float(number)))
    except (ValueError, InvalidOperation):
        return False
    if not value.is_finite():
        return False
    decimals = max(0, -int(value.normalize().as_tuple().exponent))
    return decimals > len(places[1] or "") or bare.endswith(",")
