"""Many rows in one statement, the fastest way each database has, and lists of values to join with.

The number of statements never grows with the rows: SQLite takes `executemany`, PostgreSQL `COPY` and arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, String, Table, bindparam, column, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.expression import FromClause
from sqlalchemy.types import TypeEngine

_numbers = count(1)

#: Types of a `relation`'s columns.
NUMBER, TEXT = BigInteger(), String()


def dialect_of(session: Session) -> str:
    """`sqlite` or `postgresql`."""
    return session.get_bind().dialect.name


def insert_rows(
    session: Session, model: type[DeclarativeBase], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert `rows`, tuples in the order of `columns`, as one statement. Values go to the driver as they are:
    moments through `moment_for`, documents as JSON text."""
    table = model.__table__.name
    names = ", ".join(f'"{name}"' for name in columns)
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        driver = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:  # type: ignore[union-attr]
            for row in rows:
                copy.write_row(row)
        return
    values = list(rows)
    if values:
        marks = ", ".join("?" for _ in columns)
        connection.exec_driver_sql(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', values)  # type: ignore[arg-type]


@contextmanager
def relation(
    session: Session, types: dict[str, TypeEngine[Any]], rows: Iterable[Sequence[Any]]
) -> Iterator[FromClause]:
    """A list of values as something to select from and join with: `with relation(s, {"key": TEXT}, rows) as r`.

    PostgreSQL gets one array per column, SQLite a temporary table that is dropped at the end of the block.
    """
    if dialect_of(session) == "postgresql":
        yield _arrays(types, list(rows))
        return
    table = Table(
        f"values_{next(_numbers)}",
        MetaData(),
        *(Column(name, kind) for name, kind in types.items()),
        prefixes=["TEMPORARY"],
    )
    connection = session.connection()
    table.create(connection)
    try:
        values = [tuple(row) for row in rows]
        if values:
            marks = ", ".join("?" for _ in types)
            connection.exec_driver_sql(f"INSERT INTO {table.name} VALUES ({marks})", values)
        yield table
    finally:
        if connection.in_transaction() and not connection.invalidated:
            connection.execute(text(f"DROP TABLE IF EXISTS {table.name}"))


def _arrays(types: dict[str, TypeEngine[Any]], rows: list[Sequence[Any]]) -> FromClause:
    columns: list[list[Any]] = [list(values) for values in zip(*rows, strict=True)] or [[] for _ in types]
    arrays = [
        bindparam(None, values, type_=ARRAY(kind), unique=True)
        for values, kind in zip(columns, types.values(), strict=True)
    ]
    names = [column(name, kind) for name, kind in types.items()]
    return func.unnest(*arrays).table_valued(*names, name=f"values_{next(_numbers)}").render_derived()
