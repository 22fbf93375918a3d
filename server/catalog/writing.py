"""Rows of merchant SKUs and GTINs as the drivers take them: many in one statement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from operator import attrgetter
from typing import Any

from sqlalchemy import Numeric, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from server.access.audit import audit
from server.catalog.errors import GtinsTaken, UnknownSkus
from server.catalog.models import Gtin, MerchantSku
from server.catalog.records import NewSku
from server.catalog.rules import skeletons
from server.db.base import decimal_for, fold, moment_for
from server.db.bulk import NUMBER, TEXT, dialect_of, insert_rows, relation

#: How many SKUs are laid out together.
_AT_ONCE = 5_000
#: How many codes an audit line names; the count is always there.
_NAMED = 50
_DECIMALS = ("weight_g", "length_cm", "width_cm", "height_cm", "cost", "price")
_AS_TYPED = (
    "kind", "own_stock", "title", "parent_sku", "size", "colour", "category", "brand", "model_number",
    "picture_url", "currency", "default_warehouse_id", "serial_mode", "status", "notes",
)  # fmt: skip
_READ = ("code", "attributes", *_AS_TYPED, *_DECIMALS)
_read = attrgetter(*_READ)
_COLUMNS = (
    "code", "key", "skeleton", "title_key", "parent_key", "model_key", "attributes", "created_at", "updated_at",
    *_AS_TYPED, *_DECIMALS,
)  # fmt: skip


def parent_key(parent: str) -> str:
    """How parent SKUs are compared."""
    return fold(parent)


def title_key(title: str) -> str:
    """How titles are compared: runs of blanks count as one."""
    return " ".join(title.casefold().split())


def lock(session: Session, sku_ids: Iterable[int], names: Iterable[str] = ()) -> dict[int, Any]:
    """These SKUs as they are now, locked in order of id until the transaction ends: rows with id, code, kind and the
    fields `names`.

    Raises `UnknownSkus` naming the ids that don't exist or are deleted.
    """
    ids = sorted(set(sku_ids))
    columns = [getattr(MerchantSku, name) for name in dict.fromkeys(("id", "code", "kind", *names))]
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in ids]) as r:
        query = (
            select(*columns)
            .where(MerchantSku.deleted_at.is_(None), MerchantSku.id.in_(select(r.c.id)))
            .order_by(MerchantSku.id)
            .with_for_update()
        )
        known = {row.id: row for row in session.execute(query)}
    missing = [sku_id for sku_id in ids if sku_id not in known]
    if missing:
        raise UnknownSkus([str(sku_id) for sku_id in missing])
    return known


def forget(session: Session) -> None:
    """Statements changed SKUs behind the session's back: records loaded before are read anew when they are used."""
    for record in list(session.identity_map.values()):
        if isinstance(record, MerchantSku):
            session.expire(record)


def audit_many(session: Session, by: str, action: str, codes: Sequence[str], *, at: datetime, **detail: Any) -> None:
    """One audit line for one call, with the count and the first codes (SEC-2); none where nothing changed."""
    if codes:
        subject = codes[0] if len(codes) == 1 else f"{len(codes)} SKUs"
        audit(session, by, action, subject, at=at, count=len(codes), skus=list(codes[:_NAMED]), **detail)


def insert_skus(session: Session, skus: Sequence[NewSku], at: datetime) -> dict[str, int]:
    """Insert them as one statement; gives the id by key. Ids only ever grow, so the new ones are above all others."""
    newest = session.scalar(select(func.max(MerchantSku.id))) or 0
    insert_rows(session, MerchantSku, _COLUMNS, _sku_rows(skus, dialect_of(session), at))
    new = select(MerchantSku.key, MerchantSku.id).where(MerchantSku.id > newest, MerchantSku.deleted_at.is_(None))
    return dict(session.connection().execute(new).all())


def _sku_rows(skus: Sequence[NewSku], dialect: str, at: datetime) -> Iterator[tuple[Any, ...]]:
    """Whole columns at a time, for some thousands of SKUs."""
    moment = moment_for(dialect, at)
    exact = cache(partial(decimal_for, dialect))  # few distinct prices and weights
    for start in range(0, len(skus), _AT_ONCE):
        some = skus[start : start + _AT_ONCE]
        columns: dict[str, Iterable[Any]] = dict(zip(_READ, zip(*map(_read, some), strict=True), strict=True))
        columns["key"] = map(fold, columns["code"])
        columns["skeleton"] = skeletons([sku.code for sku in some])
        columns["title_key"] = map(title_key, columns["title"])
        columns["parent_key"] = map(parent_key, columns["parent_sku"])
        columns["model_key"] = map(fold, columns["model_number"])
        columns["attributes"] = map(_json, columns["attributes"])
        columns["created_at"] = columns["updated_at"] = [moment] * len(some)
        columns |= {name: map(exact, columns[name]) for name in _DECIMALS}
        yield from zip(*(columns[name] for name in _COLUMNS), strict=True)


def update_skus(session: Session, columns: Sequence[str], rows: Mapping[int, Mapping[str, Any]], at: datetime) -> None:
    """Set `columns` of the SKUs in `rows` (id -> value of each column), in one statement."""
    dialect = dialect_of(session)
    types: dict[str, TypeEngine[Any]] = {"id": NUMBER, **{name: _type_of(name) for name in columns}}
    values = (
        (sku_id, *(_driver_value(name, rows[sku_id][name], dialect) for name in columns)) for sku_id in sorted(rows)
    )
    with relation(session, types, values) as r:
        new: dict[str, Any] = {name: r.c[name] for name in columns}
        if "attributes" in new and dialect == "postgresql":
            new["attributes"] = cast(r.c["attributes"], JSONB)
        session.execute(
            update(MerchantSku)
            .where(MerchantSku.id == r.c.id)
            .values(**new, updated_at=at)
            .execution_options(synchronize_session=False)
        )


def replace_gtins(session: Session, gtins: Mapping[int, Sequence[str]], *, fresh: bool = False) -> None:
    """Give each SKU exactly these GTINs. `fresh`: they are new SKUs, with none to take away.

    Raises `GtinsTaken` naming the GTINs that other SKUs have, or two of these (CAT-4).
    """
    if not gtins:
        return
    if not fresh:
        drop_gtins(session, gtins)
    rows, doubled = _gtin_rows(gtins)
    if doubled:
        raise GtinsTaken(codes_of_owners(session, doubled))
    if not rows:
        return
    owners = gtin_owners(session, rows)
    if owners:
        raise GtinsTaken({rows[key][1]: code for key, (_, code) in owners.items()})
    insert_rows(session, Gtin, ("key", "value", "sku_id"), rows.values())


def gtin_owners(session: Session, keys: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Folded GTIN -> the id and code of the SKU it belongs to, for those that belong to one."""
    with relation(session, {"key": TEXT}, [(key,) for key in set(keys)]) as r:
        query = (
            select(Gtin.key, MerchantSku.id, MerchantSku.code)
            .join(MerchantSku, Gtin.sku_id == MerchantSku.id)
            .join(r, Gtin.key == r.c.key)
        )
        return {key: (sku_id, code) for key, sku_id, code in session.execute(query)}


def drop_gtins(session: Session, sku_ids: Iterable[int]) -> None:
    """Take every GTIN of these SKUs away."""
    with relation(session, {"id": NUMBER}, [(sku_id,) for sku_id in sku_ids]) as r:
        session.execute(
            delete(Gtin).where(Gtin.sku_id.in_(select(r.c.id))).execution_options(synchronize_session=False)
        )


def codes_of_owners(session: Session, owners: Mapping[str, int]) -> dict[str, str]:
    """The same with each SKU's code instead of its id."""
    query = select(MerchantSku.id, MerchantSku.code).where(MerchantSku.id.in_(set(owners.values())))
    codes = dict(session.execute(query).all())
    return {value: codes[sku_id] for value, sku_id in owners.items()}


def _gtin_rows(gtins: Mapping[int, Sequence[str]]) -> tuple[dict[str, tuple[str, str, int]], dict[str, int]]:
    """Rows by key, and the GTINs that two of these SKUs want, with the one that had it first."""
    rows: dict[str, tuple[str, str, int]] = {}
    doubled: dict[str, int] = {}
    for sku_id, values in gtins.items():
        for value in values:
            key = fold(value)
            known = rows.setdefault(key, (key, value.strip(), sku_id))
            if known[2] != sku_id:
                doubled[value.strip()] = known[2]
    return rows, doubled


def _type_of(name: str) -> TypeEngine[Any]:
    if name in _DECIMALS:
        return Numeric(20, 6)
    return NUMBER if name == "default_warehouse_id" else TEXT


def _driver_value(name: str, value: Any, dialect: str) -> Any:
    if name in _DECIMALS:
        return decimal_for(dialect, value)
    return _json(value) if name == "attributes" else value


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False) if value else "{}"
