"""Finding SKUs: by code, by parent, page by page, with their GTINs and recipes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from server.catalog.errors import UnknownSkus
from server.catalog.models import Component, Gtin, MerchantSku
from server.catalog.records import COMBINATION
from server.db.base import fold
from server.db.bulk import NUMBER, TEXT, relation


@dataclass(frozen=True)
class Part:
    """One component of a recipe: the single's id and code, and units of it in one combination."""

    sku_id: int
    code: str
    quantity: int


@dataclass(frozen=True)
class SkuRecord:
    """A SKU with what belongs to it."""

    sku: MerchantSku
    gtins: Sequence[str]
    components: Sequence[Part]


class Outline(NamedTuple):
    """What work on many SKUs needs to know of each; whole records are for few."""

    id: int
    code: str
    key: str
    kind: str
    title: str
    own_stock: bool


_OUTLINE = (
    MerchantSku.id,
    MerchantSku.code,
    MerchantSku.key,
    MerchantSku.kind,
    MerchantSku.title,
    MerchantSku.own_stock,
)


def living() -> Select[Any]:
    """Every SKU that has not been deleted."""
    return select(MerchantSku).where(MerchantSku.deleted_at.is_(None))


def find(session: Session, codes: Iterable[str]) -> dict[str, MerchantSku]:
    """Living SKUs by folded code (CAT-1), for those of `codes` that exist."""
    with relation(session, {"key": TEXT}, [(key,) for key in {fold(code) for code in codes}]) as r:
        found = session.scalars(living().join(r, MerchantSku.key == r.c.key))
        return {sku.key: sku for sku in found}


def outlines(session: Session, sku_ids: Iterable[int]) -> dict[int, Outline]:
    """Living SKUs by id, for those that exist."""
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in set(sku_ids)]) as r:
        query = select(*_OUTLINE).where(MerchantSku.deleted_at.is_(None)).join(r, MerchantSku.id == r.c.id)
        return {row[0]: Outline(*row) for row in session.execute(query)}


def outlines_by_code(session: Session, codes: Iterable[str]) -> dict[str, Outline]:
    """Living SKUs by folded code, for those of `codes` that exist."""
    with relation(session, {"key": TEXT}, [(key,) for key in {fold(code) for code in codes}]) as r:
        query = select(*_OUTLINE).where(MerchantSku.deleted_at.is_(None)).join(r, MerchantSku.key == r.c.key)
        return {row[2]: Outline(*row) for row in session.execute(query)}


def all_combinations(session: Session) -> list[Outline]:
    """Every combination, by code."""
    query = select(*_OUTLINE).where(MerchantSku.deleted_at.is_(None), MerchantSku.kind == COMBINATION)
    return [Outline(*row) for row in session.execute(query.order_by(MerchantSku.key))]


def fields_of(session: Session, sku_ids: Iterable[int], names: Iterable[str]) -> dict[int, Any]:
    """Living SKUs by id with these fields only, as rows that have them by name."""
    columns = [getattr(MerchantSku, name) for name in dict.fromkeys(("id", "code", "kind", *names))]
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in set(sku_ids)]) as r:
        query = select(*columns).where(MerchantSku.deleted_at.is_(None)).join(r, MerchantSku.id == r.c.id)
        return {row.id: row for row in session.execute(query)}


def find_ids(session: Session, codes: Iterable[str]) -> dict[str, int]:
    """Ids of living SKUs by folded code, for those of `codes` that exist."""
    with relation(session, {"key": TEXT}, [(key,) for key in {fold(code) for code in codes}]) as r:
        query = select(MerchantSku.key, MerchantSku.id).where(MerchantSku.deleted_at.is_(None))
        return dict(session.execute(query.join(r, MerchantSku.key == r.c.key)).all())


def require_ids(session: Session, codes: Sequence[str]) -> list[int]:
    """Their ids, in order. Raises `UnknownSkus` naming those that don't exist."""
    known = find_ids(session, codes)
    missing = [code for code in codes if fold(code) not in known]
    if missing:
        raise UnknownSkus(missing)
    return [known[fold(code)] for code in codes]


def by_ids(session: Session, sku_ids: Iterable[int]) -> dict[int, MerchantSku]:
    """Living SKUs by id, for those that exist."""
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in set(sku_ids)]) as r:
        return {sku.id: sku for sku in session.scalars(living().join(r, MerchantSku.id == r.c.id))}


def by_gtins(session: Session, gtins: Iterable[str]) -> dict[str, int]:
    """Folded GTIN -> id of the SKU it belongs to, for those that belong to one."""
    with relation(session, {"key": TEXT}, [(key,) for key in {fold(gtin) for gtin in gtins}]) as r:
        query = select(Gtin.key, Gtin.sku_id).join(r, Gtin.key == r.c.key)
        return dict(session.execute(query).all())


def by_parent(session: Session, parent: str) -> list[MerchantSku]:
    """The variants that `parent` groups, by code (CAT-7)."""
    query = living().where(MerchantSku.parent_key == fold(parent)).order_by(MerchantSku.key)
    return list(session.scalars(query))


def page(
    session: Session, *, after: int = 0, limit: int = 100, kind: str | None = None, parent: str | None = None
) -> list[MerchantSku]:
    """The next SKUs by id; `after` is the last id of the page before."""
    query = living().where(MerchantSku.id > after).order_by(MerchantSku.id).limit(limit)
    if kind is not None:
        query = query.where(MerchantSku.kind == kind)
    if parent is not None:
        query = query.where(MerchantSku.parent_key == fold(parent))
    return list(session.scalars(query))


def records(session: Session, skus: Sequence[MerchantSku]) -> list[SkuRecord]:
    """The same SKUs with their GTINs and recipes, in order."""
    ids = [sku.id for sku in skus]
    gtins = gtins_of(session, ids)
    parts = parts_of(session, [sku.id for sku in skus if sku.kind == COMBINATION])
    return [SkuRecord(sku, gtins.get(sku.id, []), parts.get(sku.id, [])) for sku in skus]


def gtins_of(session: Session, sku_ids: Iterable[int]) -> dict[int, list[str]]:
    """GTINs by SKU, in the order they were given; SKUs without any are left out."""
    found: dict[int, list[str]] = defaultdict(list)
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in set(sku_ids)]) as r:
        query = select(Gtin.sku_id, Gtin.value).join(r, Gtin.sku_id == r.c.id).order_by(Gtin.id)
        for sku_id, value in session.execute(query):
            found[sku_id].append(value)
    return dict(found)


def parts_of(session: Session, combination_ids: Iterable[int]) -> dict[int, list[Part]]:
    """Recipes by combination, each by its components' codes."""
    found: dict[int, list[Part]] = defaultdict(list)
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in set(combination_ids)]) as r:
        query = (
            select(Component.combination_id, MerchantSku.id, MerchantSku.code, Component.quantity)
            .join(MerchantSku, Component.component_id == MerchantSku.id)
            .join(r, Component.combination_id == r.c.id)
            .order_by(MerchantSku.key)
        )
        for row in session.execute(query):
            found[row[0]].append(Part(*row[1:]))
    return dict(found)


def recipes(session: Session, combination_ids: Iterable[int]) -> dict[int, Mapping[int, int]]:
    """Recipes as the arithmetic of `rules` takes them: combination -> component -> units."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in set(combination_ids)]) as r:
        query = select(Component.combination_id, Component.component_id, Component.quantity)
        for combination_id, component_id, quantity in session.execute(
            query.join(r, Component.combination_id == r.c.id)
        ):
            found[combination_id][component_id] = quantity
    return dict(found)


def combinations_with(session: Session, component_ids: Iterable[int]) -> dict[int, list[str]]:
    """Component -> codes of the living combinations it is part of."""
    found: dict[int, list[str]] = defaultdict(list)
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in set(component_ids)]) as r:
        query = (
            select(Component.component_id, MerchantSku.code)
            .join(MerchantSku, Component.combination_id == MerchantSku.id)
            .join(r, Component.component_id == r.c.id)
            .where(MerchantSku.deleted_at.is_(None))
            .order_by(MerchantSku.key)
        )
        for component_id, code in session.execute(query):
            found[component_id].append(code)
    return dict(found)
