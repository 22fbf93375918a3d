"""What a combination has available, and which codes look alike; pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

#: Letters that people misread for a digit or for a letter of another alphabet, as what they are misread for.
_CONFUSED = str.maketrans(
    {
        "o": "0", "i": "1", "l": "1", "|": "1",
        "а": "a", "в": "b", "с": "c", "е": "e", "н": "h", "к": "k", "м": "m", "о": "0", "р": "p", "т": "t",
        "у": "y", "х": "x", "і": "1", "ѕ": "s", "ј": "j", "α": "a", "β": "b", "ε": "e", "ι": "1", "κ": "k",
        "ν": "v", "ο": "0", "ρ": "p", "τ": "t", "υ": "y", "χ": "x",
        " ": "-", "_": "-", ".": "-", "/": "-",
    }
)  # fmt: skip

#: Stands in no code.
_BETWEEN = "\n"


#: Characters that are compared, as the table has them; a few signs are written out as whole words.
LONGEST_SKELETON = 192


def combination_available(recipe: Mapping[int, int], available: Mapping[int, int], own: int | None = None) -> int:
    """How many of a combination one warehouse can give (CAT-6): the least of ⌊component available ÷ quantity⌋,
    never below 0, and with own stock (`own` units available of itself) never above that."""
    least = min((available.get(component, 0) // quantity for component, quantity in recipe.items()), default=0)
    return max(0, least if own is None else min(least, own))


def combination_available_over(
    recipe: Mapping[int, int],
    warehouses: Iterable[Mapping[int, int]],
    own: Iterable[int | None] | None = None,
) -> int:
    """Over several warehouses: summed, never the least of sums (CAT-6), since nothing is put together from two."""
    figures = list(warehouses)
    own_figures = list(own) if own is not None else [None] * len(figures)
    return sum(combination_available(recipe, figure, mine) for figure, mine in zip(figures, own_figures, strict=True))


def skeleton(code: str) -> str:
    """What is left of a code when all that is easily misread is made equal: two codes with one skeleton look alike."""
    folded = code.strip().casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKC", folded).casefold()
    return folded.translate(_CONFUSED)[:LONGEST_SKELETON]


def skeletons(codes: Sequence[str]) -> list[str]:
    """The skeleton of each code; of many plain ones at once, which takes a tenth of the time."""
    together = _BETWEEN.join(map(str.strip, codes))
    if together.isascii():
        found = together.casefold().translate(_CONFUSED).split(_BETWEEN)
        if len(found) == len(codes):
            return found
    return [skeleton(code) for code in codes]
