"""Many rows in one statement, the fastest way each database has, and lists of values to join with.

The number of statements never grows with the rows: SQLite takes hundreds of values at a time, in a quarter to a half of
`executemany`'s time, PostgreSQL `COPY` and arrays. Both are spoken to past SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, bindparam, column, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.expression import FromClause
from sqlalchemy.types import TypeEngine

#: Types of a `relation`'s columns.
NUMBER, TEXT = BigInteger(), String()

#: How many values SQLite is given at a time; old ones take 999, and more than a few hundred gain nothing.
_VALUES = 900

#: Where a session counts its open relations: names repeat from transaction to transaction, so that compiled
#: statements are found again.
_OPEN = "open relations"


def dialect_of(session: Session) -> str:
    """`sqlite` or `postgresql`."""
    return session.get_bind().dialect.name


def insert_rows(
    session: Session, model: type[DeclarativeBase], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert `rows`, tuples in the order of `columns`, as one statement. Values go to the driver as they are:
    moments through `moment_for`, documents as JSON text."""
    table = model.__tablename__
    names = ", ".join(f'"{name}"' for name in columns)
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        _copy(connection, f'COPY "{table}" ({names}) FROM STDIN', rows)
        return
    _insert(connection, f'INSERT INTO "{table}" ({names})', len(columns), rows)


def _copy(connection: Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    driver: Any = connection.connection.driver_connection
    with _wrapping(connection, statement), driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _insert(connection: Connection, statement: str, width: int, rows: Iterable[Sequence[Any]]) -> None:
    driver: Any = connection.connection.driver_connection
    row, most, waiting = f"({', '.join('?' * width)})", max(1, _VALUES // width), iter(rows)
    with _wrapping(connection, statement):
        while some := list(islice(waiting, most)):
            assert {*map(len, some)} == {width}, "a value for each column"  # else they would move to others
            driver.execute(f"{statement} VALUES {', '.join([row] * len(some))}", [*chain.from_iterable(some)])


@contextmanager
def _wrapping(connection: Connection, statement: str) -> Iterator[None]:
    """What SQLAlchemy does to a driver's errors. Without it, `Database.write` would not know a deadlock, or a rival's
    same key, when it sees one, and would not try again."""
    errors: Any = connection.dialect.loaded_dbapi.Error
    try:
        yield
    except errors as error:
        raise DBAPIError.instance(statement, None, error, errors, dialect=connection.dialect) from error


@contextmanager
def relation(
    session: Session, types: Mapping[str, TypeEngine[Any]], rows: Iterable[Sequence[Any]]
) -> Iterator[FromClause]:
    """A list of values as something to select from and join with: `with relation(s, {"key": TEXT}, rows) as r`.

    PostgreSQL gets one array per column, SQLite a temporary table that is emptied at the end of the block.
    """
    depth = session.info[_OPEN] = session.info.get(_OPEN, 0) + 1
    try:
        if dialect_of(session) == "postgresql":
            yield _arrays(f"values_{depth}", types, list(rows))
        else:
            name = "_".join(("values", str(depth), *types))
            with _temporary(session, _table(name, tuple(types.items())), rows) as table:
                yield table
    finally:
        session.info[_OPEN] -= 1


@lru_cache(maxsize=256)
def _table(name: str, types: tuple[tuple[str, TypeEngine[Any]], ...]) -> Table:
    columns = (Column(column, kind) for column, kind in types)
    return Table(name, MetaData(), *columns, prefixes=["TEMPORARY"])


@contextmanager
def _temporary(session: Session, table: Table, rows: Iterable[Sequence[Any]]) -> Iterator[Table]:
    """The table stays for the connection's next list of the same kind, empty: a table made or dropped has SQLite
    prepare every statement of the connection anew."""
    connection = session.connection()
    driver: Any = connection.connection.driver_connection
    empty = f"DELETE FROM {table.name}"
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    with _wrapping(connection, empty):
        driver.execute(f"CREATE TEMP TABLE IF NOT EXISTS {table.name} ({columns})")
        driver.execute(empty)  # what a failed statement may have left
    try:
        _insert(connection, f"INSERT INTO {table.name}", len(table.columns), rows)
        yield table
    except SQLAlchemyError:
        raise  # after a failed statement the transaction is rolled back, and the rows with it
    except BaseException:
        driver.execute(empty)  # a refusal: the transaction may well go on, to say what was short
        raise
    driver.execute(empty)


def _arrays(name: str, types: Mapping[str, TypeEngine[Any]], rows: list[Sequence[Any]]) -> FromClause:
    columns: list[list[Any]] = [list(values) for values in zip(*rows, strict=True)] or [[] for _ in types]
    arrays = [
        bindparam(None, values, type_=ARRAY(kind), unique=True)
        for values, kind in zip(columns, types.values(), strict=True)
    ]
    names = [column(name, kind) for name, kind in types.items()]
    return func.unnest(*arrays).table_valued(*names, name=name).render_derived()
