"""SKU hygiene (CAT-2): what only the other SKUs can tell. A fixed number of queries, however many are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.catalog.models import Gtin, MerchantSku
from server.catalog.rules import skeleton
from server.catalog.writing import title_key
from server.db.base import fold
from server.db.bulk import TEXT, relation
from validators.messages import Finding
from validators.values.hygiene import sku_warnings


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
    """Codes that share something. Lists are kept only of those that do, for most of many thousands share nothing."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._several: dict[str, list[str]] = {}

    def add(self, shared: str, code: str) -> None:
        first = self._first.setdefault(shared, code)
        if first is not code:
            self._several.setdefault(shared, [first]).append(code)

    def another(self, shared: str, key: str) -> str | None:
        """The first code but that of `key` itself."""
        return next((code for code in self._several.get(shared, ()) if fold(code) != key), None)


@dataclass
class _Others:
    """All SKUs, those that are there and those to be made, by what they could be taken for."""

    titles: _Alike = field(default_factory=_Alike)
    skeletons: _Alike = field(default_factory=_Alike)
    models: set[str] = field(default_factory=set)

    def add(self, code: str, titled: str, bare: str, model: str) -> None:
        if titled:
            self.titles.add(titled, code)
        self.skeletons.add(bare, code)
        if model:
            self.models.add(fold(model))


def hints(session: Session, subjects: Sequence[Subject]) -> list[list[Hint]]:
    """For each subject, in order, what the others make awkward: equals a GTIN or a model number, reuses a deleted
    SKU, its title exists under another SKU, it looks like another SKU. Subjects are compared with each other too."""
    looks = [_Looks(fold(s.code), title_key(s.title), skeleton(s.code)) for s in subjects]
    others = _others(session, subjects, looks)
    keys = [look.key for look in looks]
    gtins = _known_gtins(session, keys) | {fold(gtin) for subject in subjects for gtin in subject.gtins}
    deleted = _deleted_on(session, keys)
    return [list(_hints_of(look, others, gtins, deleted)) for look in looks]


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


class _Looks(NamedTuple):
    """What a subject is compared by."""

    key: str
    titled: str
    bare: str


def _hints_of(look: _Looks, others: _Others, gtins: set[str], deleted: dict[str, str]) -> Iterator[Hint]:
    key = look.key
    if key in gtins:
        yield Hint("sku-is-gtin", {})
    if key in others.models:
        yield Hint("sku-is-model", {})
    if key in deleted:
        yield Hint("sku-reused", {"date": deleted[key]})
    if other := others.skeletons.another(look.bare, key):
        yield Hint("sku-lookalike", {"other": other})
    if look.titled and (other := others.titles.another(look.titled, key)):
        yield Hint("title-elsewhere", {"other": other})


def _others(session: Session, subjects: Sequence[Subject], looks: Sequence[_Looks]) -> _Others:
    others = _Others()
    looked_at = {subject.id for subject in subjects}
    query = select(MerchantSku.id, MerchantSku.code, MerchantSku.title_key, MerchantSku.model_number)
    for sku_id, code, titled, model in session.execute(query.where(MerchantSku.deleted_at.is_(None))):
        if sku_id not in looked_at:
            others.add(code, titled, skeleton(code), model)
    for subject, look in zip(subjects, looks, strict=True):
        others.add(subject.code, look.titled, look.bare, subject.model_number)
    return others


def _known_gtins(session: Session, keys: Iterable[str]) -> set[str]:
    with relation(session, {"key": TEXT}, [(key,) for key in set(keys)]) as r:
        return set(session.scalars(select(Gtin.key).join(r, Gtin.key == r.c.key)))


def _deleted_on(session: Session, keys: Iterable[str]) -> dict[str, str]:
    """Key -> the day on which the last SKU of that key was deleted."""
    with relation(session, {"key": TEXT}, [(key,) for key in set(keys)]) as r:
        query = (
            select(MerchantSku.key, func.max(MerchantSku.deleted_at))
            .join(r, MerchantSku.key == r.c.key)
            .where(MerchantSku.deleted_at.is_not(None))
            .group_by(MerchantSku.key)
        )
        return {key: f"{day:%Y-%m-%d}" for key, day in session.execute(query)}
