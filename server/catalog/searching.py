"""Search by several names at once, fuzzily (CAT-12)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process, utils
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.errors import TooManyNames
from server.catalog.models import MerchantSku
from server.db.base import fold

MAX_NAMES = 30
#: Hits for each name, and how alike (0 to 100) they must be at least.
HITS, LEAST_SCORE = 10, 65.0
#: A SKU that is the name, one that begins with it, one that has it within; titles count a little less.
_EXACT, _BEGINS, _WITHIN, _TITLE_WITHIN = 100.0, 96.0, 92.0, 90.0
_BETWEEN_NAMES = re.compile(r"[;\n\r\t]")


@dataclass(frozen=True)
class Hit:
    """A SKU that was found, and how well it fits, 0 to 100."""

    sku_id: int
    code: str
    title: str
    score: float


@dataclass(frozen=True)
class Found:
    """The hits for one name, best first."""

    name: str
    hits: Sequence[Hit]


def split_names(query: str) -> list[str]:
    """The names in one search text: separated by `;`, or pasted from a column or a row of a sheet."""
    return [name.strip() for name in _BETWEEN_NAMES.split(query) if name.strip()]


def search(session: Session, names: Sequence[str], *, limit: int = HITS) -> list[Found]:
    """For each name the SKUs whose code or title is like it, best first, at most `limit`.

    Raises `TooManyNames` for more than 30 names.
    """
    wanted = list({fold(name): name.strip() for name in reversed(names) if name.strip()}.values())[::-1]
    if len(wanted) > MAX_NAMES:
        raise TooManyNames(f"{len(wanted)} names; at most {MAX_NAMES} can be searched at once", names=len(wanted))
    if not wanted:
        return []
    query = select(MerchantSku.id, MerchantSku.code, MerchantSku.title, MerchantSku.key, MerchantSku.title_key)
    rows = session.execute(query.where(MerchantSku.deleted_at.is_(None)).order_by(MerchantSku.id)).all()
    keys, titles = [row[3] for row in rows], [row[4] for row in rows]
    words = [utils.default_process(f"{key} {title}") for key, title in zip(keys, titles, strict=True)]
    return [
        Found(
            name, [Hit(*rows[place][:3], round(score, 1)) for place, score in _best(name, keys, titles, words, limit)]
        )
        for name in wanted
    ]


def _best(
    name: str, keys: Sequence[str], titles: Sequence[str], words: Sequence[str], limit: int
) -> list[tuple[int, float]]:
    """(place, score) of the best: what holds the name as it is first, then what is like it: a code by its letters,
    code and title by their words in any order."""
    wanted = " ".join(fold(name).split())
    scores = _literally(wanted, keys, titles)
    if len(scores) < limit:
        by_words = (utils.default_process(wanted), words, fuzz.token_set_ratio)
        for text, choices, scorer in ((wanted, keys, fuzz.ratio), by_words):
            alike = process.extract(text, choices, scorer=scorer, limit=limit * 2, score_cutoff=LEAST_SCORE)
            for _, score, place in alike:
                # what is only alike stands behind what holds the name
                scores[place] = max(scores.get(place, 0.0), min(score, _TITLE_WITHIN - 1))
    return sorted(scores.items(), key=lambda item: (-item[1], keys[item[0]]))[:limit]


def _literally(wanted: str, keys: Sequence[str], titles: Sequence[str]) -> dict[int, float]:
    scores: dict[int, float] = {}
    for place, (key, title) in enumerate(zip(keys, titles, strict=True)):
        if wanted in key:
            scores[place] = _EXACT if key == wanted else _BEGINS if key.startswith(wanted) else _WITHIN
        elif wanted in title:
            scores[place] = _TITLE_WITHIN
    return scores
