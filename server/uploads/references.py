"""Resolve `reference` columns to records, one query per column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.base import fold
from server.db.bulk import NUMBER, TEXT, relation
from server.places.models import Shelf, Warehouse
from server.places.queries import default_warehouse
from server.push.models import PushRule
from server.stores.models import Store, StoreSku
from server.uploads.rows import Rows
from validators.columns import Column, Kind, Reference
from validators.messages import Finding

Ids = list[Any]
#: Within a row a shelf belongs to its warehouse and a store SKU to its store: owners are resolved first.
_OWNER = {Reference.SHELF: "warehouse", Reference.STORE_SKU: "store"}


def resolve(session: Session, rows: Rows) -> tuple[Rows, list[Finding]]:
    """The rows with `ids` filled in, and a finding for each value that names nothing.

    A blank warehouse that is part of the key means the default warehouse (STK-12).
    """
    found: list[Finding] = []
    ids: dict[str, Ids] = {}
    columns = [column for column in rows.workbook.columns if column.reference and not column.info]
    for column in sorted(columns, key=lambda c: c.reference in _OWNER):
        ids[column.name], problems = _resolve_column(session, rows, column, ids)
        found += problems
    return rows.resolved(ids), found


def _resolve_column(session: Session, rows: Rows, column: Column, ids: dict[str, Ids]) -> tuple[Ids, list[Finding]]:
    assert column.reference is not None
    values = rows.values[column.name]
    if column.kind is Kind.CODES:
        return _resolve_lists(session, rows, column)
    if column.reference in _OWNER:
        return _resolve_owned(session, rows, column, ids.get(_OWNER[column.reference], [None] * len(rows)))
    known = _find(session, _BY_KEY[column.reference](), [value for value in values if value is not None])
    resolved: Ids = [None if value is None else known.get(fold(value)) for value in values]
    problems = [
        _unknown(column, number, value)
        for number, value, found in zip(rows.numbers, values, resolved, strict=True)
        if value is not None and found is None
    ]
    if column.reference is Reference.WAREHOUSE and column.key:
        default = default_warehouse(session).id if None in values else None
        resolved = [default if value is None else r for value, r in zip(values, resolved, strict=True)]
    return resolved, problems


def _resolve_lists(session: Session, rows: Rows, column: Column) -> tuple[Ids, list[Finding]]:
    assert column.reference is not None
    values = [[name_of(item) for item in cell or ()] for cell in rows.values[column.name]]
    known = _find(session, _BY_KEY[column.reference](), [item for cell in values for item in cell])
    problems = [
        _unknown(column, number, item)
        for number, cell in zip(rows.numbers, values, strict=True)
        for item in cell
        if fold(item) not in known
    ]
    return [tuple(known.get(fold(item)) for item in cell) for cell in values], problems


def _resolve_owned(
    session: Session, rows: Rows, column: Column, owners: Sequence[int | None]
) -> tuple[Ids, list[Finding]]:
    values = rows.values[column.name]
    pairs = {(o, v) for o, v in zip(owners, values, strict=True) if o is not None and v is not None}
    shelves = column.reference is Reference.SHELF
    wanted = [(owner, fold(value) if shelves else value) for owner, value in pairs]
    known: dict[tuple[int, str], int] = {}
    with relation(session, {"owner": NUMBER, "key": TEXT}, wanted) as r:
        if shelves:
            on = and_(Shelf.warehouse_id == r.c.owner, Shelf.key == r.c.key)
            query: Select[Any] = select(r.c.owner, r.c.key, Shelf.id).join(Shelf, on)
        else:
            on = and_(StoreSku.store_id == r.c.owner, StoreSku.code == r.c.key)
            query = select(r.c.owner, r.c.key, StoreSku.id).join(StoreSku, on)
        for owner, key, record in session.execute(query):
            known[owner, key] = record
    resolved: Ids = []
    problems: list[Finding] = []
    for number, owner, value in zip(rows.numbers, owners, values, strict=True):
        record = None if value is None or owner is None else known.get((owner, fold(value) if shelves else value))
        resolved.append(record)
        if value is not None and owner is not None and record is None:
            name = _OWNER[column.reference]  # type: ignore[index]
            facts = {"value": value, name: rows.value(name, number) or default_warehouse(session).code}
            problems.append(Finding(f"unknown-{column.reference}", number, column.name, facts))
    return resolved, problems


def name_of(item: str) -> str:
    """The name in an item of a list cell: `Web shop=80` names Web shop."""
    return item.rsplit("=", 1)[0].strip() if "=" in item else item


def _find(session: Session, query: tuple[Any, Any], values: Sequence[str]) -> dict[str, int]:
    keys = {fold(value) for value in values}
    if not keys:
        return {}
    statement, key = query
    with relation(session, {"key": TEXT}, [(key_,) for key_ in keys]) as r:
        return {row[0]: row[1] for row in session.execute(statement.join(r, key == r.c.key))}


_BY_KEY: dict[Reference, Callable[[], tuple[Any, Any]]] = {
    Reference.MERCHANT_SKU: lambda: (
        select(MerchantSku.key, MerchantSku.id).where(MerchantSku.deleted_at.is_(None)),
        MerchantSku.key,
    ),
    Reference.WAREHOUSE: lambda: (
        select(Warehouse.key, Warehouse.id).where(Warehouse.deleted_at.is_(None)),
        Warehouse.key,
    ),
    Reference.STORE: lambda: (select(Store.key, Store.id), Store.key),
    Reference.PUSH_RULE: lambda: (select(PushRule.key, PushRule.id), PushRule.key),
}


def _unknown(column: Column, number: int, value: str) -> Finding:
    return Finding(f"unknown-{column.reference}", number, column.name, {"value": value})
