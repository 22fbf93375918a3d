"""Figures of SKUs by warehouse, to select from: of singles, of combinations, and as of a past moment (STK-1, CAT-6).

Each gives the same columns in the same order, and takes conditions on `MerchantSku` and `Warehouse`, so that a list can
take its page from each and let the database put them together.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal_column, or_, select, true
from sqlalchemy.orm import aliased

from server.catalog.models import Component, MerchantSku
from server.catalog.records import COMBINATION, SINGLE
from server.ledger import queries as ledger
from server.ledger.models import Balance
from server.places.models import SafetyStock, Shelf, Warehouse

#: What a row is told apart by, and listed in the order of.
ORDER = (MerchantSku.key, Warehouse.key, MerchantSku.id, Warehouse.id)
#: What is there now of what is not deleted; the past had it.
STANDING = (MerchantSku.deleted_at.is_(None), Warehouse.deleted_at.is_(None))

#: Written out: there is an index of the combinations alone, and a value that is bound would not find it.
_COMBINATION: ColumnElement[str] = literal_column(f"'{COMBINATION}'")


def of_singles() -> Select[Any]:
    """A row for every warehouse that has or had a single."""
    available = Balance.on_hand - Balance.allocated
    rows = _described((getattr(Balance, name) for name in ledger.FIGURES), available).select_from(Balance)
    rows = rows.join(MerchantSku, MerchantSku.id == Balance.sku_id)
    rows = rows.join(Warehouse, Warehouse.id == Balance.warehouse_id)
    return _with_places(rows).where(MerchantSku.kind == SINGLE, *STANDING)


def of_combinations() -> Select[Any]:
    """A row for every warehouse that has or had a combination, or a component of it.

    The four figures are those of its own stock. Available: the least of ⌊component available ÷ quantity⌋, with own
    stock at most its own, never below 0 (CAT-6); `catalog.rules` has the same for what is in memory.
    """
    part = aliased(Balance)
    here = and_(part.sku_id == Component.component_id, part.warehouse_id == Warehouse.id)
    # A component that was never here allows none. Below 0, either way to round ends as 0.
    allows = func.min(func.coalesce(part.on_hand - part.allocated, 0) // Component.quantity)
    mine = Component.combination_id == MerchantSku.id
    least = select(allows).select_from(Component).outerjoin(part, here).where(mine).correlate(MerchantSku, Warehouse)
    figures = {name: func.coalesce(getattr(Balance, name), 0) for name in ledger.FIGURES}
    rows = _described(figures.values(), _limited(least.scalar_subquery(), figures["on_hand"] - figures["allocated"]))
    # Every warehouse beside each; "outer" has SQLite go by SKU and stop at the end of a page.
    rows = rows.select_from(MerchantSku).outerjoin(Warehouse, true())
    rows = rows.outerjoin(Balance, and_(Balance.sku_id == MerchantSku.id, Balance.warehouse_id == Warehouse.id))
    parts = select(Component.component_id).join(part, here).where(mine).correlate(MerchantSku, Warehouse)
    some = or_(Balance.sku_id.is_not(None), parts.exists())
    return _with_places(rows).where(MerchantSku.kind == _COMBINATION, some, *STANDING)


def _limited(least: ColumnElement[int], own: ColumnElement[int]) -> ColumnElement[int]:
    limited = case((and_(MerchantSku.own_stock, own < least), own), else_=least)
    return case((limited > 0, limited), else_=0)


def of_the_past(moment: datetime) -> Select[Any]:
    """A row for every warehouse and SKU that had moved by `moment`, from movements alone (STK-10): a combination has
    the figures of its own stock, for which recipe it had is not in them."""
    c = ledger.figures_as_of(moment).subquery("past").c
    rows = _described((c[name] for name in ledger.FIGURES), c.on_hand - c.allocated).select_from(c.on_hand.table)
    rows = rows.join(MerchantSku, MerchantSku.id == c.sku_id).join(Warehouse, Warehouse.id == c.warehouse_id)
    return _with_places(rows)


def _described(figures: Iterable[ColumnElement[int]], available: ColumnElement[int]) -> Select[Any]:
    named = (figure.label(name) for name, figure in zip(ledger.FIGURES, figures, strict=True))
    columns: list[Any] = [
        *ORDER, MerchantSku.code, MerchantSku.kind, Warehouse.code, *named, available.label("available"),
        MerchantSku.title, MerchantSku.category, MerchantSku.brand, Shelf.code, SafetyStock.quantity,
    ]  # fmt: skip
    return select(*columns)


def _with_places(rows: Select[Any]) -> Select[Any]:
    for place in (Shelf, SafetyStock):
        rows = rows.outerjoin(place, and_(place.sku_id == MerchantSku.id, place.warehouse_id == Warehouse.id))
    return rows
