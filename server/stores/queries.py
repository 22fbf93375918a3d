"""Stores; store SKUs mapped and unmapped, from both sides (CAT-8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import ColumnElement

from server.catalog.models import MerchantSku
from server.db.base import fold
from server.db.bulk import NUMBER, TEXT, relation
from server.errors import NotFound
from server.places.models import Warehouse
from server.places.queries import default_warehouse
from server.stores.models import Store, StoreSku


@dataclass(frozen=True)
class StoreSkuRow:
    """A store SKU and the merchant SKU it is mapped to, if it is."""

    id: int
    store_id: int
    store: str
    code: str
    name: str
    gtin: str
    sku_id: int | None
    sku: str | None
    synced: bool
    listed: bool


@dataclass(frozen=True)
class LoneSku:
    """A merchant SKU without a store SKU."""

    id: int
    sku: str
    title: str


def find_store(session: Session, store_id: int, *, lock: bool = False) -> Store:
    """The store with that number, locked if it is to be changed. Raises `NotFound`."""
    row = session.get(Store, store_id, with_for_update=lock or None)
    if row is None:
        raise NotFound(f"there is no store {store_id}", id=store_id)
    return row


def store_named(session: Session, name: str) -> Store:
    """The store of that name, whatever its case. Raises `NotFound`."""
    row = session.scalar(stores(name=name))
    if row is None:
        raise NotFound(f"there is no store '{name[:100]}'", name=name[:100])
    return row


def stores(*, name: str | None = None, channel: str | None = None) -> Select[Store]:
    """Stores: the one of a name, those of a channel."""
    rows = select(Store)
    if name is not None:
        rows = rows.where(Store.key == fold(name))
    if channel is not None:
        rows = rows.where(Store.channel == channel)
    return rows


def warehouses_of(session: Session, some: Sequence[Store]) -> dict[int, Warehouse]:
    """The warehouse each store ships from, by the store's number: its own, else the default (WH-1)."""
    with relation(session, {"id": NUMBER}, [(n,) for n in sorted({s.warehouse_id or 0 for s in some})]) as r:
        living = select(Warehouse).join(r, r.c.id == Warehouse.id).where(Warehouse.deleted_at.is_(None))
        own = {row.id: row for row in session.scalars(living)}
    default = default_warehouse(session) if any(store.warehouse_id not in own for store in some) else None
    found: dict[int, Warehouse] = {}
    for store in some:
        place = own.get(store.warehouse_id or 0, default)
        assert place is not None
        found[store.id] = place
    return found


def store_skus(
    session: Session,
    *,
    store_id: int | None = None,
    mapped: bool | None = None,
    sku_id: int | None = None,
    code: str | None = None,
    q: str | None = None,
    after: int | None = None,
    limit: int | None = None,
) -> list[StoreSkuRow]:
    """Store SKUs in the order of their numbers, those after `after`. `q` looks into code and name."""
    rows = _rows().order_by(StoreSku.id).limit(limit)
    wanted: list[ColumnElement[bool]] = []
    if store_id is not None:
        wanted.append(StoreSku.store_id == store_id)
    if mapped is not None:
        wanted.append(StoreSku.sku_id.is_not(None) if mapped else StoreSku.sku_id.is_(None))
    if sku_id is not None:
        wanted.append(StoreSku.sku_id == sku_id)
    if code is not None:
        wanted.append(StoreSku.code == code)
    if q:
        found = (func.lower(column).contains(q.strip().lower(), autoescape=True) for column in _SEARCHED)
        wanted.append(or_(*found))
    if after is not None:
        wanted.append(StoreSku.id > after)
    return [StoreSkuRow(*row) for row in session.execute(rows.where(*wanted))]


def sold_skus(store_id: int | None = None) -> Select[int | None]:
    """The merchant SKUs that stores sell, or one store: those mapped to a store SKU."""
    sold = select(StoreSku.sku_id).where(StoreSku.sku_id.is_not(None))
    return sold if store_id is None else sold.where(StoreSku.store_id == store_id)


def find_store_skus(session: Session, ids: Iterable[int]) -> dict[int, StoreSkuRow]:
    """Store SKUs by number, those that exist."""
    with relation(session, {"id": NUMBER}, [(number,) for number in sorted(set(ids))]) as r:
        rows = _rows().join(r, r.c.id == StoreSku.id)
        return {row[0]: StoreSkuRow(*row) for row in session.execute(rows)}


def find_store_sku(session: Session, store_sku_id: int) -> StoreSkuRow:
    """The store SKU with that number. Raises `NotFound`."""
    row = find_store_skus(session, [store_sku_id]).get(store_sku_id)
    if row is None:
        raise NotFound(f"there is no mapping {store_sku_id}", id=store_sku_id)
    return row


def store_sku_ids(session: Session, pairs: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """The numbers of these (store, code) pairs, those that exist. A store's own codes are compared to the letter."""
    with relation(session, {"store_id": NUMBER, "code": TEXT}, sorted(set(pairs))) as r:
        those = tuple_(StoreSku.store_id, StoreSku.code).in_(select(r.c.store_id, r.c.code))
        rows = session.execute(select(StoreSku.store_id, StoreSku.code, StoreSku.id).where(those))
        return {(row[0], row[1]): row[2] for row in rows}


def same_product(session: Session, store_sku_id: int) -> list[int]:
    """The store SKUs of the same product in the same store, itself among them (CAT-8).

    What one product is the market says: listings whose references name the same `product`.
    """
    row = session.get(StoreSku, store_sku_id)
    if row is None:
        raise NotFound(f"there is no mapping {store_sku_id}", id=store_sku_id)
    product = row.references.get("product")
    if not product:
        return [row.id]
    same = StoreSku.references["product"].as_string() == str(product)
    return list(
        session.scalars(select(StoreSku.id).where(StoreSku.store_id == row.store_id, same).order_by(StoreSku.id))
    )


def skus_without_store(
    session: Session,
    *,
    store_id: int | None = None,
    after: int | None = None,
    limit: int | None = None,
) -> list[LoneSku]:
    """Merchant SKUs without a store SKU (CAT-8), in any store or in `store_id`, in the order of their numbers."""
    mapped = exists().where(StoreSku.sku_id == MerchantSku.id)
    if store_id is not None:
        mapped = mapped.where(StoreSku.store_id == store_id)
    rows = (
        select(MerchantSku.id, MerchantSku.code, MerchantSku.title)
        .where(MerchantSku.deleted_at.is_(None), ~mapped)
        .order_by(MerchantSku.id)
        .limit(limit)
    )
    if after is not None:
        rows = rows.where(MerchantSku.id > after)
    return [LoneSku(*row) for row in session.execute(rows)]


_SEARCHED = (StoreSku.code, StoreSku.name)


def _rows() -> Select[int, int, str, str, str, str, int | None, str, bool, bool]:
    return (
        select(
            StoreSku.id,
            StoreSku.store_id,
            Store.name,
            StoreSku.code,
            StoreSku.name,
            StoreSku.gtin,
            StoreSku.sku_id,
            MerchantSku.code,
            StoreSku.synced,
            StoreSku.listed,
        )
        .join(Store, Store.id == StoreSku.store_id)
        .outerjoin(MerchantSku, MerchantSku.id == StoreSku.sku_id)
    )
