"""Warehouses: make, change, delete; the default (WH-1, WH-5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.db.base import fold, moment_for
from server.db.bulk import TEXT, dialect_of, insert_rows, relation
from server.errors import Conflict, NotFound, Refused, WrongUse
from server.places import shelves
from server.places.models import SafetyStock, Shelf, Warehouse
from server.places.queries import remaining
from server.places.rules import warehouse_code

#: The default warehouse that set-up makes (WH-1).
FIRST = "Main"
#: Characters, as the table has them.
MAX_NAME, MAX_ADDRESS = 120, 500
_SHOWN = 200


@dataclass(frozen=True)
class NewWarehouse:
    """A warehouse to make; its name is its code unless given."""

    code: str
    name: str = ""
    address: str = ""
    default: bool = False


@dataclass(frozen=True)
class WarehouseChange:
    """What to change of a warehouse; None leaves a value alone."""

    name: str | None = None
    address: str | None = None
    default: bool | None = None


def ensure_default(session: Session, at: datetime, *, by: str = "system") -> Warehouse:
    """The default warehouse, made where there is none yet: *Main* (WH-1)."""
    row = session.scalar(_living().where(Warehouse.is_default))
    if row is None:
        row = create_warehouses(session, [NewWarehouse(FIRST, default=True)], by=by, at=at)[0]
    return row


def create_warehouses(session: Session, new: Sequence[NewWarehouse], *, by: str, at: datetime) -> list[Warehouse]:
    """Make warehouses; where there is no default yet the first becomes it. Raises `Conflict` for a code taken."""
    codes = [warehouse_code(warehouse.code) for warehouse in new]
    _refuse_taken(session, codes)
    moment = moment_for(dialect_of(session), at)
    names = (_text(warehouse.name, "name", MAX_NAME) or code for warehouse, code in zip(new, codes, strict=True))
    addresses = (_text(warehouse.address, "address", MAX_ADDRESS) for warehouse in new)
    values = [(c, fold(c), n, a, False, moment) for c, n, a in zip(codes, names, addresses, strict=True)]
    insert_rows(session, Warehouse, ("code", "key", "name", "address", "is_default", "created_at"), values)
    made = _by_code(session, codes)
    rows = [made[fold(code)] for code in codes]
    default = next((row for row, warehouse in zip(rows, new, strict=True) if warehouse.default), None)
    if default is None and rows and session.scalar(_living().where(Warehouse.is_default)) is None:
        default = rows[0]
    if default is not None:
        _make_default(session, default)
    if rows:
        subject = codes[0] if len(codes) == 1 else f"{len(codes)} warehouses"
        facts = {"count": len(codes), "codes": codes[:10], "default": default.code if default is not None else None}
        audit(session, by, "warehouse.create", subject, at=at, **facts)
    return rows


def update_warehouses(
    session: Session, changes: Mapping[int, WarehouseChange], *, by: str, at: datetime
) -> list[Warehouse]:
    """Change warehouses by number. Saying yes to default on one takes it from the other (WH-1).

    Raises `NotFound`, and `Refused` where the default would lose its place to none.
    """
    rows = {row.id: row for row in session.scalars(_living().where(Warehouse.id.in_(changes)).with_for_update())}
    missing = [number for number in changes if number not in rows]
    if missing:
        raise NotFound(f"there is no warehouse {missing[0]}", id=missing[0])
    _refuse_no_default(rows, changes)
    for number, change in changes.items():
        _change(session, rows[number], change, by=by, at=at)
    session.flush()
    return [rows[number] for number in changes]


def refuse_unless_empty(session: Session, warehouse_id: int) -> Warehouse:
    """The warehouse, locked: one that may be deleted as far as stock goes.

    Raises `NotFound`, and `Refused`: for the default, and while any SKU is on hand or on the way there, with the SKUs
    (WH-5).
    """
    row = session.scalar(_living().where(Warehouse.id == warehouse_id).with_for_update())
    if row is None:
        raise NotFound(f"there is no warehouse {warehouse_id}", id=warehouse_id)
    if row.is_default:
        raise Refused("the default warehouse can't be deleted; make another one the default first")
    left = remaining(session, [row.id])
    if left:
        named = ", ".join(f"{one.sku} ({one.on_hand} on hand, {one.on_the_way} on the way)" for one in left[:3])
        more = f" and {len(left) - 3} more" if len(left) > 3 else ""
        raise Refused(
            f"warehouse '{row.code}' is not empty: {named}{more}. Move or book out what is there first.",
            errors=[{"sku": one.sku, "on_hand": one.on_hand, "on_the_way": one.on_the_way} for one in left[:_SHOWN]],
            skus=len(left),
        )
    return row


def delete_warehouse(session: Session, warehouse_id: int, *, by: str, at: datetime) -> None:
    """Delete an empty warehouse, and its shelves and safety stocks with it; its movements stay.

    Raises what `refuse_unless_empty` raises. What rooms above have in it is theirs to ask first.
    """
    row = refuse_unless_empty(session, warehouse_id)
    on_them = session.scalars(select(Shelf.id).where(Shelf.warehouse_id == row.id)).all()
    shelves.drop(session, on_them)
    session.execute(delete(SafetyStock).where(SafetyStock.warehouse_id == row.id))
    row.deleted_at = at
    session.flush()
    audit(session, by, "warehouse.delete", row.code, at=at, id=row.id, shelves=len(on_them))


def restore_warehouse(session: Session, warehouse_id: int, *, by: str, at: datetime) -> Warehouse:
    """Bring a deleted warehouse back, without its shelves. Raises `NotFound`, `Conflict` for a code taken meanwhile."""
    row = session.get(Warehouse, warehouse_id)
    if row is None or row.deleted_at is None:
        raise NotFound(f"there is no deleted warehouse {warehouse_id}", id=warehouse_id)
    _refuse_taken(session, [row.code])
    row.deleted_at = None
    session.flush()
    audit(session, by, "warehouse.restore", row.code, at=at, id=row.id)
    return row


def _change(session: Session, row: Warehouse, change: WarehouseChange, *, by: str, at: datetime) -> None:
    before = {"name": row.name, "address": row.address, "default": row.is_default}
    if change.name is not None:
        row.name = _text(change.name, "name", MAX_NAME) or row.code
    if change.address is not None:
        row.address = _text(change.address, "address", MAX_ADDRESS)
    if change.default and not row.is_default:
        _make_default(session, row)
    after = {"name": row.name, "address": row.address, "default": row.is_default}
    if after != before:
        audit(session, by, "warehouse.change", row.code, at=at, before=before, after=after)


def _make_default(session: Session, row: Warehouse) -> None:
    former = session.scalar(_living().where(Warehouse.is_default).with_for_update())
    if former is not None:
        former.is_default = False
        session.flush()  # the database takes one default at a time
    row.is_default = True
    session.flush()


def _refuse_no_default(rows: Mapping[int, Warehouse], changes: Mapping[int, WarehouseChange]) -> None:
    another = any(change.default for change in changes.values())
    for number, change in changes.items():
        if change.default is False and rows[number].is_default and not another:
            raise Refused(
                f"'{rows[number].code}' is the default warehouse, and there must be one; say yes on another instead"
            )


def _refuse_taken(session: Session, codes: Sequence[str]) -> None:
    seen = set(_by_code(session, codes))
    for code in codes:
        if fold(code) in seen:
            raise Conflict(f"there is already a warehouse '{code}'", field="code", code=code)
        seen.add(fold(code))


def _by_code(session: Session, codes: Sequence[str]) -> dict[str, Warehouse]:
    """The warehouses of these codes, by folded code, for those that exist."""
    with relation(session, {"key": TEXT}, [(key,) for key in sorted({fold(code) for code in codes})]) as r:
        return {row.key: row for row in session.scalars(_living().join(r, r.c.key == Warehouse.key))}


def _text(value: str, what: str, limit: int) -> str:
    text = value.strip()
    if len(text) > limit or "\x00" in text:
        raise WrongUse(f"a warehouse's {what} is at most {limit} characters", field=what)
    return text


def _living() -> Select[Warehouse]:
    return select(Warehouse).where(Warehouse.deleted_at.is_(None))
