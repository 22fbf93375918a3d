"""Search by several names at once, fuzzily (CAT-12)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from rapidfuzz import fuzz, process, utils
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.errors import TooManyNames
from server.catalog.models import MerchantSku
from server.db.base import fold
from server.db.bulk import NUMBER, relation

MAX_NAMES = 30
#: Hits for each name, and how alike (0 to 100) they must be at least.
HITS, LEAST_SCORE = 10, 65.0
#: A part of a code or title may be like a name that has some letters; fewer are like too much.
LEAST_PART_SCORE, LEAST_PART_LETTERS = 80.0, 4
#: A SKU that is the name, one that begins with it, one that has it within; titles count a little less.
_EXACT, _BEGINS, _WITHIN, _TITLE_WITHIN = 100.0, 96.0, 92.0, 90.0
#: Stands in no code, no title and no name.
_BETWEEN = "\n"
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
    catalogue = _Catalogue(session)
    best = {name: _best(name, catalogue, limit) for name in wanted}
    shown = _shown(session, {catalogue.ids[place] for some in best.values() for place, _ in some})
    return [
        Found(
            name,
            [
                Hit(sku_id, *shown[sku_id], round(score, 1))
                for sku_id, score in ((catalogue.ids[place], score) for place, score in some)
            ],
        )
        for name, some in best.items()
    ]


class _Catalogue:
    """Every living SKU by what it is searched by: nothing more of it is read, which is most of a search's time."""

    def __init__(self, session: Session) -> None:
        query = select(MerchantSku.id, MerchantSku.key, MerchantSku.title_key).order_by(MerchantSku.id)
        rows = session.connection().execute(query.where(MerchantSku.deleted_at.is_(None))).all()
        self.ids: list[int] = [row[0] for row in rows]
        self.keys: list[str] = [row[1] for row in rows]
        self.titles: list[str] = [row[2] for row in rows]

    @cached_property
    def words(self) -> list[str]:
        """Code and title as plain words; only made where too little was found by the letters."""
        return [utils.default_process(f"{key} {title}") for key, title in zip(self.keys, self.titles, strict=True)]

    @cached_property
    def keys_together(self) -> _Together:
        """The codes, to look through in one go."""
        return _Together(self.keys)

    @cached_property
    def titles_together(self) -> _Together:
        """The titles, to look through in one go."""
        return _Together(self.titles)


class _Together:
    """Many texts as one: finding the few that hold a word then takes no step for each of the others."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._text = _BETWEEN.join(texts)
        self._ends = list(accumulate(len(text) + 1 for text in texts))

    def holding(self, wanted: str) -> Iterator[int]:
        """The places of the texts that hold `wanted`, in order."""
        start = self._text.find(wanted)
        while start >= 0:
            place = bisect_right(self._ends, start)
            yield place
            start = self._text.find(wanted, self._ends[place])


def _shown(session: Session, sku_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Code and title of the SKUs that were found."""
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in sorted(sku_ids)]) as r:
        query = select(MerchantSku.id, MerchantSku.code, MerchantSku.title).join(r, r.c.id == MerchantSku.id)
        return {sku_id: (code, title) for sku_id, code, title in session.execute(query)}


def _best(name: str, catalogue: _Catalogue, limit: int) -> list[tuple[int, float]]:
    """(place, score) of the best: what holds the name as it is first, then what is like it."""
    wanted = " ".join(fold(name).split())
    scores = _literally(wanted, catalogue)
    if len(scores) < limit:
        for score, place in _alike(wanted, catalogue, limit * 2):
            # what is only alike stands behind what holds the name
            scores[place] = max(scores.get(place, 0.0), min(score, _TITLE_WITHIN - 1))
    return sorted(scores.items(), key=lambda item: (-item[1], catalogue.keys[item[0]]))[:limit]


def _alike(wanted: str, catalogue: _Catalogue, limit: int) -> Iterator[tuple[float, int]]:
    """(score, place) of what is like it: a code by its letters, code and title by their words in any order, or by a
    part of them; at most `limit` of each."""
    words = utils.default_process(wanted)
    ways = [
        (wanted, catalogue.keys, fuzz.ratio, LEAST_SCORE),
        (words, catalogue.words, fuzz.token_set_ratio, LEAST_SCORE),
    ]
    if len(words) >= LEAST_PART_LETTERS:
        ways.append((words, catalogue.words, fuzz.partial_ratio, LEAST_PART_SCORE))
    for text, choices, scorer, least in ways:
        for _, score, place in process.extract(text, choices, scorer=scorer, limit=limit, score_cutoff=least):
            yield score, place


def _literally(wanted: str, catalogue: _Catalogue) -> dict[int, float]:
    scores = dict.fromkeys(catalogue.titles_together.holding(wanted), _TITLE_WITHIN)
    for place in catalogue.keys_together.holding(wanted):
        key = catalogue.keys[place]
        scores[place] = _EXACT if key == wanted else _BEGINS if key.startswith(wanted) else _WITHIN
    return scores
