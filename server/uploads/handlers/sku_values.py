"""Between the cells of SKU create and SKU update and the fields of a merchant SKU (CAT-3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.records import EMPTY
from server.catalog.writing import gtin_owners
from server.db.base import fold
from server.places.models import Warehouse
from server.uploads.rows import Rows, plain
from validators.messages import Finding

#: Columns that are fields under the same name; GTINs and the default warehouse are kept otherwise.
FIELDS = tuple(name for name in EMPTY if name != "default_warehouse_id")
#: Fields that are never without a value: clearing one sets it to this.
_DEFAULTS = {name: EMPTY[name] for name in ("serial_mode", "status")}
_EXACT = ("weight_g", "length_cm", "width_cm", "height_cm", "cost", "price")


def canonical(session: Session, rows: Rows) -> Rows:
    """The rows as the records hold them: warehouses by their own code, currencies in capitals, and a cleared choice
    as its default; so that only real differences count as changes."""
    codes = warehouse_codes(session)
    values = dict(rows.values)
    values["default_warehouse"] = [codes.get(warehouse_id) for warehouse_id in rows.ids["default_warehouse"]]
    values["currency"] = [value and value.upper() for value in rows.values["currency"]]
    cleared = dict(rows.cleared)
    for name, default in _DEFAULTS.items():
        if gone := cleared.pop(name, None):
            pairs = zip(rows.numbers, values[name], strict=True)
            values[name] = [default if number in gone else value for number, value in pairs]
    return replace(rows, values=values, cleared=cleared)


def warehouse_codes(session: Session) -> dict[int, str]:
    """Code by id; there are few."""
    return dict(session.execute(select(Warehouse.id, Warehouse.code)).all())


def cells_of(sku: Any, gtins: Sequence[str], warehouses: Mapping[int, str]) -> dict[str, Any]:
    """A SKU's values by column, None for an empty one; `sku` has the fields of `EMPTY`."""
    cells = {name: getattr(sku, name) or None for name in FIELDS}
    for name in _EXACT:
        cells[name] = getattr(sku, name)  # 0 is a value
    cells["gtins"] = tuple(gtins) or None
    cells["default_warehouse"] = None if sku.default_warehouse_id is None else warehouses[sku.default_warehouse_id]
    return cells


def field_value(name: str, value: Any) -> Any:
    """A plain value (see `rows.plain`) as the field takes it; None empties it."""
    if value is None:
        return EMPTY[name]
    return Decimal(value) if name in _EXACT else value


def gtin_findings(session: Session, rows: Rows, owners: Sequence[int | None]) -> list[Finding]:
    """GTINs that belong to another SKU, of the records or of the sheet (CAT-4). `owners`: each row's SKU, if it exists.

    A SKU of the sheet whose row gives its GTIN up does not hold it any more.
    """
    given = {row: value for row, value in zip(rows.numbers, rows.values["gtins"], strict=True) if value}
    if not given:
        return []
    rewritten = {
        owner
        for row, owner in zip(rows.numbers, owners, strict=True)
        if owner is not None and (row in given or row in rows.cleared.get("gtins", ()))
    }
    known = gtin_owners(session, {fold(gtin) for gtins in given.values() for gtin in gtins})
    taken = {key: code for key, (owner, code) in known.items() if owner not in rewritten}
    seen: dict[str, int] = {}
    return list(_taken(rows, given, taken, seen))


def _taken(
    rows: Rows, given: Mapping[int, Sequence[str]], taken: Mapping[str, str], seen: dict[str, int]
) -> Iterable[Finding]:
    for row, gtins in given.items():
        for gtin in gtins:
            key = fold(gtin)
            first = seen.setdefault(key, row)
            other = taken.get(key) or (rows.value("sku", first) if first != row else None)
            if other:
                yield Finding("gtin-taken", row, "gtins", {"value": gtin, "other": other})


def plain_fields(sku: Any, names: Iterable[str]) -> dict[str, Any]:
    """Fields as an undo step keeps them."""
    return {name: plain(getattr(sku, name)) for name in names}
