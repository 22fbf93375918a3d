"""SKU hygiene (CAT-2): what only the other SKUs can tell. A fixed number of queries, however many are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.catalog.models import Gtin, MerchantSku
from server.catalog.rules import skeletons
from server.catalog.writing import title_key
from server.db.base import fold
from server.db.bulk import TEXT, relation
from validators.messages import Finding
from validators.values.hygiene import sku_warnings

#: How many SKUs are looked at together.
_AT_ONCE = 10_000


class Hint(NamedTuple):
    """One warning: a code of `validators.messages` and its facts."""

    code: str
    facts: dict[str, Any]

    @property
    def text(self) -> str:
        """The sentence people read."""
        return Finding(self.code, facts=self.facts).text


@dataclass(frozen=True, slots=True)
class Subject:
    """A SKU to look at: one that is there (`id`), or one to be made."""

    code: str
    title: str = ""
    model_number: str = ""
    gtins: Sequence[str] = ()
    id: int | None = None


@dataclass(frozen=True)
class SkuHealth:
    """A SKU and what makes it awkward."""

    id: int
    code: str
    title: str
    hints: Sequence[Hint]


class _Alike:
    """Codes that share something with a subject. Lists are kept only of those that do, for most of many thousands
    share nothing."""

    def __init__(self, subjects: Iterable[str]) -> None:
        self._wanted = set(subjects) - {""}
        self._first: dict[str, str] = {}
        self.several: dict[str, list[str]] = {}

    def add(self, shared: Iterable[str], codes: Iterable[str]) -> None:
        for value, code in zip(shared, codes, strict=True):
            if value in self._wanted:
                first = self._first.setdefault(value, code)
                if first is not code:
                    self.several.setdefault(value, [first]).append(code)

    def another(self, shared: str, key: str) -> str | None:
        """The first code but that of `key` itself."""
        return next((code for code in self.several.get(shared, ()) if fold(code) != key), None)


@dataclass
class _Others:
    """All SKUs, those that are there and those to be made, by what they could be taken for."""

    titles: _Alike
    skeletons: _Alike
    models: set[str] = field(default_factory=set)
    gtins: set[str] = field(default_factory=set)
    deleted: dict[str, str] = field(default_factory=dict)

    def add(self, codes: Sequence[str], titled: Sequence[str], bare: Sequence[str], models: Iterable[str]) -> None:
        self.titles.add(titled, codes)
        self.skeletons.add(bare, codes)
        self.models.update(fold(model) for model in models if model)

    def may_concern(self, key: str, titled: str, bare: str) -> bool:
        """Whether there may be a hint; for most there is none, and finding that out is quick."""
        return (
            bare in self.skeletons.several
            or titled in self.titles.several
            or key in self.models
            or key in self.gtins
            or key in self.deleted
        )

    def hints(self, key: str, titled: str, bare: str) -> Iterator[Hint]:
        if key in self.gtins:
            yield Hint("sku-is-gtin", {})
        if key in self.models:
            yield Hint("sku-is-model", {})
        if key in self.deleted:
            yield Hint("sku-reused", {"date": self.deleted[key]})
        if other := self.skeletons.another(bare, key):
            yield Hint("sku-lookalike", {"other": other})
        if titled and (other := self.titles.another(titled, key)):
            yield Hint("title-elsewhere", {"other": other})


def hints(session: Session, subjects: Sequence[Subject]) -> list[list[Hint]]:
    """For each subject, in order, what the others make awkward: equals a GTIN or a model number, reuses a deleted
    SKU, its title exists under another SKU, it looks like another SKU. Subjects are compared with each other too."""
    codes = [subject.code for subject in subjects]
    keys = [fold(code) for code in codes]
    titled = [title_key(subject.title) for subject in subjects]
    bare = skeletons(codes)
    others = _Others(_Alike(titled), _Alike(bare))
    _add_known(session, others, {subject.id for subject in subjects})
    others.add(codes, titled, bare, [subject.model_number for subject in subjects])
    others.gtins.update(fold(gtin) for subject in subjects for gtin in subject.gtins)
    _add_gtins_and_deleted(session, others, keys)
    looks = zip(keys, titled, bare, strict=True)
    return [list(others.hints(*look)) if others.may_concern(*look) else [] for look in looks]


def health(session: Session) -> list[SkuHealth]:
    """Every living SKU that has a warning, by id: those of its code alone and those of the others (CAT-2)."""
    query = select(MerchantSku.id, MerchantSku.code, MerchantSku.title, MerchantSku.model_number)
    rows = session.execute(query.where(MerchantSku.deleted_at.is_(None)).order_by(MerchantSku.id))
    subjects = [Subject(code, title, model, id=sku_id) for sku_id, code, title, model in rows]
    found: list[SkuHealth] = []
    for subject, more in zip(subjects, hints(session, subjects), strict=True):
        said = [*(Hint(*warning) for warning in sku_warnings(subject.code)), *more]
        if said:
            assert subject.id is not None
            found.append(SkuHealth(subject.id, subject.code, subject.title, said))
    return found


def _add_known(session: Session, others: _Others, looked_at: set[int | None]) -> None:
    """The living SKUs but those that are looked at, some thousands at a time: there may be very many."""
    query = select(MerchantSku.id, MerchantSku.code, MerchantSku.title_key, MerchantSku.model_number)
    living = session.connection().execute(query.where(MerchantSku.deleted_at.is_(None)))
    for rows in living.partitions(_AT_ONCE):
        if not looked_at.isdisjoint([row[0] for row in rows]):
            rows = [row for row in rows if row[0] not in looked_at]
        if rows:
            _, codes, titled, models = zip(*rows, strict=True)
            others.add(codes, titled, skeletons(codes), models)


def _add_gtins_and_deleted(session: Session, others: _Others, keys: Iterable[str]) -> None:
    """Which of the keys are GTINs, and the day on which the last SKU of a key was deleted."""
    with relation(session, {"key": TEXT}, [(key,) for key in set(keys)]) as r:
        others.gtins.update(session.scalars(select(Gtin.key).join(r, Gtin.key == r.c.key)))
        query = (
            select(MerchantSku.key, func.max(MerchantSku.deleted_at))
            .join(r, MerchantSku.key == r.c.key)
            .where(MerchantSku.deleted_at.is_not(None))
            .group_by(MerchantSku.key)
        )
        others.deleted.update({key: f"{day:%Y-%m-%d}" for key, day in session.execute(query)})
