"""SKU hygiene (CAT-2): what only the other SKUs can tell. A fixed number of queries, however many are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from server.catalog.models import Gtin, MerchantSku
from server.catalog.rules import skeletons
from server.catalog.writing import title_key
from server.db.base import fold
from server.db.bulk import TEXT, relation
from validators.messages import Finding
from validators.values.hygiene import sku_warnings

#: How many SKUs are looked at together: few at first, for whoever reads one page, and ever more for who reads on.
_FIRST, _MOST = 500, 8_000


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
        self.several: dict[str, list[str]] = {}

    def add(self, shared: Iterable[str], codes: Iterable[str]) -> None:
        for value, code in zip(shared, codes, strict=True):
            first = self._first.setdefault(value, code)
            if first is not code:
                self.several.setdefault(value, [first]).append(code)

    def another(self, shared: str, key: str) -> str | None:
        """The first code but that of `key` itself."""
        return next((code for code in self.several.get(shared, ()) if fold(code) != key), None)


@dataclass
class _Others:
    """All SKUs, those that are there and those to be made, by what they could be taken for."""

    titles: _Alike = field(default_factory=_Alike)
    skeletons: _Alike = field(default_factory=_Alike)
    models: set[str] = field(default_factory=set)
    gtins: set[str] = field(default_factory=set)
    deleted: dict[str, str] = field(default_factory=dict)

    def add(self, codes: Sequence[str], titled: Sequence[str], bare: Sequence[str]) -> None:
        self.titles.add(titled, codes)
        self.skeletons.add(bare, codes)

    def may_concern(self, key: str, titled: str, bare: str) -> bool:
        """Whether there may be a hint; for most there is none, and finding that out is quick."""
        return bool(
            bare in self.skeletons.several
            or (titled and titled in self.titles.several)
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
    others = _known(session, list(zip(keys, titled, bare, strict=True)))
    new = [place for place, subject in enumerate(subjects) if subject.id is None]
    others.add(*([column[place] for place in new] for column in (codes, titled, bare)))
    others.models.update(fold(subjects[place].model_number) for place in new if subjects[place].model_number)
    others.gtins.update(fold(gtin) for subject in subjects for gtin in subject.gtins)
    looks = zip(keys, titled, bare, strict=True)
    return [list(others.hints(*look)) if others.may_concern(*look) else [] for look in looks]


def health(session: Session, *, after: int = 0) -> Iterator[SkuHealth]:
    """Every living SKU behind number `after` that has a warning, by id: those of its code alone and those of the
    others (CAT-2). Read some at a time, so that a page costs what it shows."""
    query = select(MerchantSku.id, MerchantSku.code, MerchantSku.title, MerchantSku.model_number)
    query = query.where(MerchantSku.deleted_at.is_(None)).order_by(MerchantSku.id)
    many = _FIRST
    while rows := session.execute(query.where(MerchantSku.id > after).limit(many)).all():
        after, many = rows[-1].id, min(2 * many, _MOST)
        subjects = [Subject(code, title, model, id=sku_id) for sku_id, code, title, model in rows]
        for row, more in zip(rows, hints(session, subjects), strict=True):
            said = [*(Hint(*warning) for warning in sku_warnings(row.code)), *more]
            if said:
                yield SkuHealth(row.id, row.code, row.title, said)


def _known(session: Session, looks: Sequence[tuple[str, str, str]]) -> _Others:
    """What the SKUs that are there have in common with these, given as key, title and skeleton."""
    others = _Others()
    with relation(session, {"key": TEXT, "titled": TEXT, "bare": TEXT}, looks) as r:
        keys = select(r.c.key)
        for alike, column, wanted in (
            (others.titles, MerchantSku.title_key, r.c.titled),
            (others.skeletons, MerchantSku.skeleton, r.c.bare),
        ):
            for shared, first, last in session.execute(_first_and_last(column, select(wanted))):
                alike.add([shared] if first == last else [shared, shared], [first] if first == last else [first, last])
        models = select(MerchantSku.model_key).where(MerchantSku.deleted_at.is_(None), MerchantSku.model_key != "")
        others.models.update(session.scalars(models.where(MerchantSku.model_key.in_(keys))))
        others.gtins.update(session.scalars(select(Gtin.key).where(Gtin.key.in_(keys))))
        deleted = (
            select(MerchantSku.key, func.max(MerchantSku.deleted_at))
            .where(MerchantSku.key.in_(keys), MerchantSku.deleted_at.is_not(None))
            .group_by(MerchantSku.key)
        )
        others.deleted.update({key: f"{day:%Y-%m-%d}" for key, day in session.execute(deleted)})
    return others


def _first_and_last(column: InstrumentedAttribute[str], wanted: Select[str]) -> Select[str, str, str]:
    """Of the living SKUs with one of the wanted values, for each value the codes of the oldest and the newest: with
    more than one of them each SKU has another one, however many share the value."""
    groups = (
        select(column.label("shared"), func.min(MerchantSku.id).label("first"), func.max(MerchantSku.id).label("last"))
        .where(column != "", column.in_(wanted), MerchantSku.deleted_at.is_(None))
        .group_by(column)
        .subquery()
    )
    first, last = aliased(MerchantSku), aliased(MerchantSku)
    return (
        select(groups.c.shared, first.code, last.code)
        .join(first, first.id == groups.c.first)
        .join(last, last.id == groups.c.last)
    )
