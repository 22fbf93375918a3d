"""The variants of a parent SKU, with short codes for their attributes (CAT-7); pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from math import prod
from typing import Any

from server.catalog.errors import WrongSku
from server.catalog.records import NewSku
from validators.values.hygiene import LONGEST_SKU

MAX_VARIANTS = 1_000
_SHORT = 3
_SAFE = "ABCDEFGHJKMNPQRSTUVWXYZ"  # without I, L and O, which are misread beside digits (CAT-2)
#: Short codes that people know; everything else is made from the value's letters.
_KNOWN = {
    "black": "BLK", "white": "WHT", "grey": "GRY", "gray": "GRY", "green": "GRN", "brown": "BRN", "yellow": "YEL",
    "navy": "NVY", "pink": "PNK", "purple": "PUR", "silver": "SLV", "small": "S", "medium": "M", "large": "L",
    "extra small": "XS", "extra large": "XL", "one size": "OS",
}  # fmt: skip
#: Attributes that have a column of their own.
_FIELDS = {"size": "size", "colour": "colour", "color": "colour"}
_BESIDE_DIGITS = re.compile(r"(?<=[0-9])[ILO]|[ILO](?=[0-9])")


def variants(
    parent: str,
    attributes: Mapping[str, Sequence[str]],
    *,
    title: str = "",
    codes: Mapping[str, str] | None = None,
    common: NewSku | None = None,
) -> list[NewSku]:
    """One new SKU for every combination of values: `NK-SP-TS` with Red and M becomes `NK-SP-TS-RED-M`.

    `codes` gives short codes for values (value -> code) where the made ones won't do. `common` holds what all of them
    share. Raises `WrongSku` for no values, too many variants, or codes that grow too long.
    """
    parent = parent.strip()
    lists = {name.strip(): _distinct(values) for name, values in attributes.items()}
    if not parent or not lists or not all(name and values for name, values in lists.items()):
        raise WrongSku("variants need a parent SKU and at least one attribute with values", field="attributes")
    if (count := prod(len(values) for values in lists.values())) > MAX_VARIANTS:
        raise WrongSku(f"{count} variants; at most {MAX_VARIANTS} can be made at once", field="attributes")
    given = {value.strip().casefold(): code.strip() for value, code in (codes or {}).items()}
    short = [short_codes(values, given) for values in lists.values()]
    base = common or NewSku(code=parent)
    made = [
        _variant(base, parent, title, dict(zip(lists, values, strict=True)), short)
        for values in product(*lists.values())
    ]
    long = [sku.code for sku in made if len(sku.code) > LONGEST_SKU]
    if long:
        raise WrongSku(f"'{long[0]}' is longer than {LONGEST_SKU} characters; give shorter codes", field="codes")
    return made


def short_codes(values: Sequence[str], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Value -> short code, no two alike: known ones (White is WHT), short values as they are (XL), else three letters.

    No blanks, slashes or dots, and no I, L or O beside digits, as CAT-2 asks.
    """
    given = given or {}
    made = {value: given[value.casefold()] for value in values if value.casefold() in given}
    taken = {code.casefold() for code in made.values()}
    for value in values:
        if value in made:
            continue
        made[value] = next(code for code in _candidates(value) if code.casefold() not in taken)
        taken.add(made[value].casefold())
    return made


def _variant(
    base: NewSku, parent: str, title: str, values: Mapping[str, str], short: Sequence[Mapping[str, str]]
) -> NewSku:
    code = "-".join([parent, *(codes[value] for codes, value in zip(short, values.values(), strict=True))])
    named = ", ".join([title or base.title or parent, *values.values()])
    own: dict[str, Any] = {
        _FIELDS[name.casefold()]: value for name, value in values.items() if name.casefold() in _FIELDS
    }
    rest = {name: value for name, value in values.items() if name.casefold() not in _FIELDS}
    return replace(
        base, code=code, title=named, parent_sku=parent, attributes={**base.attributes, **rest}, gtins=(), **own
    )


def _distinct(values: Sequence[str]) -> list[str]:
    return list({value.strip().casefold(): value.strip() for value in reversed(values) if value.strip()}.values())[::-1]


def _candidates(value: str) -> Iterator[str]:
    """Codes for a value, the nicest first; never ends."""
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode()
    words = re.findall(r"[A-Za-z0-9]+", plain)
    letters = "".join(words).upper()
    if known := _KNOWN.get(" ".join(words).casefold()):
        yield known
    if letters:
        yield from (_unambiguous(code) for code in _shortenings([word.upper() for word in words], letters))
    stem = _unambiguous(letters)[:_SHORT] or "V"
    if stem[-1] not in _SAFE:
        stem += "V"
    number = 2 if letters else 1
    while True:
        yield f"{stem}{number}"
        number += 1


def _shortenings(words: Sequence[str], letters: str) -> Iterator[str]:
    if len(letters) <= _SHORT or letters[0].isdigit():
        yield letters[: 2 * _SHORT]
    if len(words) > 1:
        yield (words[0][: _SHORT - 1] + words[1])[:_SHORT]
    yield letters[:_SHORT]
    # SUN and SUP rather than SUN and SUN2: a later letter tells them apart
    yield from islice((letters[: _SHORT - 1] + letter for letter in letters[_SHORT:]), 6)


def _unambiguous(code: str) -> str:
    """Without letters that are misread beside a digit: 350ML stays, 10L is 10."""
    while (shorter := _BESIDE_DIGITS.sub("", code)) != code:
        code = shorter
    return code
