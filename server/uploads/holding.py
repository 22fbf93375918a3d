"""Records that a sheet was downloaded with, locked before it is compared with them (WB-4).

On PostgreSQL two sheets that change one record at the same time would both be compared with what it was before either,
and the later one would overwrite the other without a conflict. SQLite has one writer at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.catalog.queries import find_ids
from server.db.base import fold
from server.db.bulk import NUMBER, TEXT, dialect_of, relation
from server.ledger.posting import lock_figures
from server.places.models import Warehouse
from server.places.safety_stock import hold_safety_stocks
from server.push.service import lock_rules
from server.stores.models import StoreSku
from server.stores.queries import store_sku_ids
from server.uploads.rows import Rows


def hold(session: Session, rows: Rows) -> None:
    """Have nobody change what these rows are about before the transaction ends, if they say what it was at download."""
    if dialect_of(session) == "postgresql" and any(rows.versions) and rows.workbook.id in _HOLDS:
        _HOLDS[rows.workbook.id](session, rows)


def _lock(session: Session, model: Any, numbers: Iterable[int]) -> None:
    """In the order of their numbers, as all others lock them."""
    with relation(session, {"id": NUMBER}, [(number,) for number in set(numbers)]) as r:
        query = select(model.id).join(r, r.c.id == model.id).order_by(model.id)
        session.execute(query.with_for_update(of=model)).all()


def _figures(session: Session, rows: Rows) -> None:
    pairs = zip(rows.ids["warehouse"], rows.ids["sku"], strict=True)
    lock_figures(session, ((warehouse, sku) for warehouse, sku in pairs if warehouse is not None and sku is not None))


def _skus(session: Session, rows: Rows) -> None:
    _lock(session, MerchantSku, (number for number in rows.ids["sku"] if number is not None))


def _combinations(session: Session, rows: Rows) -> None:
    _lock(session, MerchantSku, find_ids(session, filter(None, rows.values["combination"])).values())


def _store_skus(session: Session, rows: Rows) -> None:
    pairs = zip(rows.ids["store"], rows.values["store_sku"], strict=True)
    named = [(store, code) for store, code in pairs if store is not None and code is not None]
    _lock(session, StoreSku, store_sku_ids(session, named).values())


def _warehouses(session: Session, rows: Rows) -> None:
    keys = {(fold(code),) for code in rows.values["code"] if code is not None}
    with relation(session, {"key": TEXT}, keys) as r:
        query = select(Warehouse.id).join(r, r.c.key == Warehouse.key).where(Warehouse.deleted_at.is_(None))
        numbers = session.scalars(query).all()
    _lock(session, Warehouse, numbers)


def _safety_stocks(session: Session, rows: Rows) -> None:
    hold_safety_stocks(session, (number for number in rows.ids["warehouse"] if number is not None))


#: How the records of a workbook are held. What is on a shelf is not: shelves are locked when they are given.
_HOLDS: Mapping[str, Callable[[Session, Rows], object]] = {
    "sku_update": _skus,
    "combinations": _combinations,
    "mapping": _store_skus,
    "warehouses": _warehouses,
    "safety_stock": _safety_stocks,
    "quantity_update": _figures,
    "stock_count": _figures,
    "push_rules": lambda session, _rows: lock_rules(session),
}
