"""Who refers to a record, by the foreign keys of all tables: what a deletion must ask, and what goes along with it.

A room may be referred to from rooms above it, which it can't import; the foreign keys are data and known here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Column, Table, delete, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import ColumnElement

from server.db.base import Base


def referring(session: Session, table: str, ids: Any, *, besides: Collection[str] = ()) -> dict[str, int]:
    """How many rows refer to the rows `ids` of `table`: by the referring table's name, none that is 0.

    `ids`: numbers, or a select of them. `besides`: tables that don't count.
    """
    found: dict[str, int] = {}
    for column in _columns_to(table):
        name = column.table.name
        if name in besides:
            continue
        number = session.scalar(select(func.count()).select_from(column.table).where(_refers(column, ids)))
        if number:
            found[name] = found.get(name, 0) + number
    return found


def referred(session: Session, table: str, ids: Any, *, besides: Collection[str] = ()) -> set[int]:
    """Which of the rows `ids` of `table` something refers to."""
    found: set[int] = set()
    for column in _columns_to(table):
        if column.table.name not in besides:
            found.update(session.scalars(select(column).where(_refers(column, ids)).distinct()))
    return found


def delete_referring(session: Session, table: str, ids: Any, tables: Collection[str]) -> None:
    """Delete the rows of `tables` that refer to the rows `ids` of `table`."""
    for column in _columns_to(table):
        if column.table.name in tables:
            session.execute(delete(_table(column)).where(_refers(column, ids)))


def forget(session: Session, table: str, ids: Any, *, besides: Collection[str] = ()) -> None:
    """Have whatever may do without forget the rows `ids` of `table`: their nullable references become empty."""
    for column in _columns_to(table):
        if column.nullable and column.table.name not in besides:
            session.execute(update(_table(column)).where(_refers(column, ids)).values({column: None}))


def _columns_to(table: str) -> Iterator[Column[Any]]:
    target = Base.metadata.tables[table]
    for other in sorted(Base.metadata.tables.values(), key=lambda t: t.name):
        for key in sorted(other.foreign_keys, key=lambda k: k.parent.name):
            if key.column.table is target:
                yield key.parent


def _refers(column: Column[Any], ids: Any) -> ColumnElement[bool]:
    return column.in_(ids)


def _table(column: Column[Any]) -> Table:
    assert isinstance(column.table, Table)
    return column.table
