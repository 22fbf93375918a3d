"""Warehouses, shelves and safety stock, read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Select, and_, func, or_, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.expression import ColumnElement

from server.catalog.models import MerchantSku
from server.db.base import fold
from server.db.bulk import NUMBER, TEXT, relation
from server.errors import NotFound, Refused
from server.ledger.models import Balance
from server.places.models import SafetyStock, Shelf, Warehouse
from server.places.rules import ShelfStatus, shelf_status

#: Units that lie on a shelf: good and defective ones.
ON_SHELF: ColumnElement[int] = func.coalesce(Balance.on_hand + Balance.defective, 0)


@dataclass(frozen=True)
class ShelfRow:
    """A shelf, the SKU on it and what that makes of it (WH-2)."""

    id: int
    warehouse_id: int
    warehouse: str
    code: str
    sku_id: int | None
    sku: str | None
    units: int

    @property
    def status(self) -> ShelfStatus:
        """Available, occupied or recyclable."""
        return shelf_status(self.sku_id, self.units)


@dataclass(frozen=True)
class SafetyRow:
    """Safety stock of one SKU in one warehouse, beside what is there (WH-4)."""

    warehouse_id: int
    warehouse: str
    sku_id: int
    sku: str
    safety_stock: int
    on_hand: int


@dataclass(frozen=True)
class PlaceRow:
    """What is set for one SKU in one warehouse: safety stock and shelf, beside what is there."""

    warehouse_id: int
    warehouse: str
    sku_id: int
    sku: str
    safety_stock: int | None
    shelf: str | None
    on_hand: int


@dataclass(frozen=True)
class Remaining:
    """A SKU that keeps a warehouse from being deleted (WH-5)."""

    warehouse_id: int
    sku: str
    on_hand: int
    on_the_way: int


def default_warehouse(session: Session) -> Warehouse:
    """The default warehouse (WH-1). Raises `NotFound` before set-up has made it."""
    row = session.scalar(select(Warehouse).where(Warehouse.is_default, Warehouse.deleted_at.is_(None)))
    if row is None:
        raise NotFound("there is no default warehouse; run `init` first")
    return row


def find_warehouse(session: Session, warehouse_id: int) -> Warehouse:
    """The warehouse with that number. Raises `NotFound`, also for a deleted one."""
    row = session.get(Warehouse, warehouse_id)
    if row is None or row.deleted_at is not None:
        raise NotFound(f"there is no warehouse {warehouse_id}", id=warehouse_id)
    return row


def hold_standing(session: Session, *warehouse_ids: int) -> None:
    """Have nobody delete these warehouses before this transaction ends. Raises `Refused` for a deleted one (WH-6)."""
    rows = session.execute(
        select(Warehouse.code, Warehouse.deleted_at)
        .where(Warehouse.id.in_(set(warehouse_ids)))
        .order_by(Warehouse.id)
        .with_for_update(read=True, key_share=True)
    )
    for code, deleted_at in rows.all():
        if deleted_at is not None:
            raise Refused(f"warehouse '{code}' was deleted")


def warehouse_named(session: Session, code: str) -> Warehouse:
    """The warehouse of that code. Raises `NotFound`."""
    row = session.scalar(warehouses(code=code))
    if row is None:
        raise NotFound(f"there is no warehouse '{code[:64]}'", code=code[:64])
    return row


def warehouses(*, code: str | None = None, q: str | None = None) -> Select[Warehouse]:
    """Warehouses that are not deleted: the one of a code, or those whose code or name contains `q`."""
    rows = select(Warehouse).where(Warehouse.deleted_at.is_(None))
    if code is not None:
        rows = rows.where(Warehouse.key == fold(code))
    if q:
        rows = rows.where(or_(Warehouse.key.contains(fold(q), autoescape=True), _like(Warehouse.name, q)))
    return rows


def warehouse_codes(session: Session, warehouse_ids: Iterable[int]) -> dict[int, str]:
    """What these warehouses are called, also one that was deleted since."""
    wanted = select(Warehouse.id, Warehouse.code).where(Warehouse.id.in_(list(warehouse_ids)))
    return {row.id: row.code for row in session.execute(wanted)}


def remaining(session: Session, warehouse_ids: Iterable[int]) -> list[Remaining]:
    """The SKUs with units on hand or on the way in these warehouses (WH-5), by code."""
    rows = (
        select(Balance.warehouse_id, MerchantSku.code, Balance.on_hand, Balance.on_the_way)
        .join(MerchantSku, MerchantSku.id == Balance.sku_id)
        .where(Balance.warehouse_id.in_(list(warehouse_ids)), or_(Balance.on_hand > 0, Balance.on_the_way > 0))
        .order_by(MerchantSku.code)
    )
    return [Remaining(*row) for row in session.execute(rows)]


def shelf_rows() -> Select[int, int, str, str, int | None, str, int]:
    """The select behind every list of shelves: what `ShelfRow` holds."""
    return (
        select(
            Shelf.id,
            Shelf.warehouse_id,
            Warehouse.code,
            Shelf.code,
            Shelf.sku_id,
            MerchantSku.code,
            ON_SHELF,
        )
        .join(Warehouse, Warehouse.id == Shelf.warehouse_id)
        .outerjoin(MerchantSku, MerchantSku.id == Shelf.sku_id)
        .outerjoin(Balance, and_(Balance.warehouse_id == Shelf.warehouse_id, Balance.sku_id == Shelf.sku_id))
        .where(Warehouse.deleted_at.is_(None))
    )


def shelves(
    session: Session,
    *,
    warehouse_id: int | None = None,
    status: ShelfStatus | None = None,
    code: str | None = None,
    sku_id: int | None = None,
    after: int | None = None,
    limit: int | None = None,
) -> list[ShelfRow]:
    """Shelves in the order of their numbers, those after `after`."""
    rows = shelf_rows().order_by(Shelf.id).limit(limit)
    if warehouse_id is not None:
        rows = rows.where(Shelf.warehouse_id == warehouse_id)
    if status is not None:
        rows = rows.where(_has_status(status))
    if code is not None:
        rows = rows.where(Shelf.key == fold(code))
    if sku_id is not None:
        rows = rows.where(Shelf.sku_id == sku_id)
    if after is not None:
        rows = rows.where(Shelf.id > after)
    return [ShelfRow(*row) for row in session.execute(rows)]


def find_shelf(session: Session, shelf_id: int) -> ShelfRow:
    """The shelf with that number. Raises `NotFound`."""
    row = session.execute(shelf_rows().where(Shelf.id == shelf_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no shelf {shelf_id}", id=shelf_id)
    return ShelfRow(*row)


def find_shelves(session: Session, shelf_ids: Iterable[int]) -> dict[int, ShelfRow]:
    """Shelves by number, those that exist."""
    with relation(session, {"shelf_id": NUMBER}, [(number,) for number in sorted(set(shelf_ids))]) as r:
        rows = shelf_rows().join(r, r.c.shelf_id == Shelf.id).order_by(Shelf.id)
        return {row[0]: ShelfRow(*row) for row in session.execute(rows)}


def shelf_ids(session: Session, pairs: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """The shelves of these (warehouse, code) pairs, those that exist, by (warehouse, folded code)."""
    wanted = {(warehouse_id, fold(code)) for warehouse_id, code in pairs}
    with relation(session, {"warehouse_id": NUMBER, "key": TEXT}, sorted(wanted)) as r:
        rows = select(Shelf.warehouse_id, Shelf.key, Shelf.id).join(
            r, and_(Shelf.warehouse_id == r.c.warehouse_id, Shelf.key == r.c.key)
        )
        return {(row.warehouse_id, row.key): row.id for row in session.execute(rows)}


def shelves_of(session: Session, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], tuple[int, str]]:
    """Where these (warehouse, SKU) pairs lie, those that have a shelf: its number and code."""
    with relation(session, {"warehouse_id": NUMBER, "sku_id": NUMBER}, sorted(set(pairs))) as r:
        rows = select(r.c.warehouse_id, r.c.sku_id, Shelf.id, Shelf.code).join(
            Shelf, and_(Shelf.warehouse_id == r.c.warehouse_id, Shelf.sku_id == r.c.sku_id)
        )
        return {(row[0], row[1]): (row[2], row[3]) for row in session.execute(rows)}


def safety_stocks(session: Session, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Safety stock of these (warehouse, SKU) pairs, those that have one (WH-4)."""
    with relation(session, {"warehouse_id": NUMBER, "sku_id": NUMBER}, sorted(set(pairs))) as r:
        rows = select(SafetyStock.warehouse_id, SafetyStock.sku_id, SafetyStock.quantity).join(
            r, and_(SafetyStock.warehouse_id == r.c.warehouse_id, SafetyStock.sku_id == r.c.sku_id)
        )
        return {(row[0], row[1]): row[2] for row in session.execute(rows)}


def safety_rows(
    session: Session,
    *,
    warehouse_id: int | None = None,
    sku_id: int | None = None,
    after: tuple[int, int] | None = None,
    limit: int | None = None,
) -> list[SafetyRow]:
    """Every safety stock there is, by SKU and warehouse; those after the (SKU, warehouse) `after`."""
    rows = (
        select(
            SafetyStock.warehouse_id,
            Warehouse.code,
            SafetyStock.sku_id,
            MerchantSku.code,
            SafetyStock.quantity,
            func.coalesce(Balance.on_hand, 0),
        )
        .join(Warehouse, Warehouse.id == SafetyStock.warehouse_id)
        .join(MerchantSku, MerchantSku.id == SafetyStock.sku_id)
        .outerjoin(
            Balance,
            and_(Balance.warehouse_id == SafetyStock.warehouse_id, Balance.sku_id == SafetyStock.sku_id),
        )
        .where(Warehouse.deleted_at.is_(None))
        .order_by(SafetyStock.sku_id, SafetyStock.warehouse_id)
        .limit(limit)
    )
    if warehouse_id is not None:
        rows = rows.where(SafetyStock.warehouse_id == warehouse_id)
    if sku_id is not None:
        rows = rows.where(SafetyStock.sku_id == sku_id)
    if after is not None:
        sku, warehouse = after
        same = and_(SafetyStock.sku_id == sku, SafetyStock.warehouse_id > warehouse)
        rows = rows.where(or_(SafetyStock.sku_id > sku, same))
    return [SafetyRow(*row) for row in session.execute(rows)]


def place_rows(session: Session, *, warehouse_id: int | None = None) -> list[PlaceRow]:
    """Every SKU and warehouse with stock, a safety stock or a shelf, by SKU and warehouse."""
    pairs = union(
        select(SafetyStock.warehouse_id, SafetyStock.sku_id),
        select(Shelf.warehouse_id, Shelf.sku_id).where(Shelf.sku_id.is_not(None)),
        select(Balance.warehouse_id, Balance.sku_id).where(or_(Balance.on_hand > 0, Balance.defective > 0)),
    ).subquery()

    def here(model: type[SafetyStock | Shelf | Balance]) -> ColumnElement[bool]:
        return and_(model.warehouse_id == pairs.c.warehouse_id, model.sku_id == pairs.c.sku_id)

    rows = (
        select(
            Warehouse.id,
            Warehouse.code,
            MerchantSku.id,
            MerchantSku.code,
            SafetyStock.quantity,
            Shelf.code,
            func.coalesce(Balance.on_hand, 0),
        )
        .join(pairs, pairs.c.warehouse_id == Warehouse.id)
        .join(MerchantSku, MerchantSku.id == pairs.c.sku_id)
        .outerjoin(SafetyStock, here(SafetyStock))
        .outerjoin(Shelf, here(Shelf))
        .outerjoin(Balance, here(Balance))
        .where(Warehouse.deleted_at.is_(None), MerchantSku.deleted_at.is_(None))
        .order_by(MerchantSku.key, Warehouse.key)
    )
    if warehouse_id is not None:
        rows = rows.where(Warehouse.id == warehouse_id)
    return [PlaceRow(*row) for row in session.execute(rows)]


def _has_status(status: ShelfStatus) -> ColumnElement[bool]:
    if status is ShelfStatus.AVAILABLE:
        return Shelf.sku_id.is_(None)
    units = ON_SHELF > 0 if status is ShelfStatus.OCCUPIED else ON_SHELF == 0
    return and_(Shelf.sku_id.is_not(None), units)


def _like(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    return func.lower(column).contains(text.strip().lower(), autoescape=True)
