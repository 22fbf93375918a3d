"""The declarative base: names of constraints, column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    TypeDecorator,
    event,
    types,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, to the microsecond. SQLite keeps it as sortable text of fixed width."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return None if value is None else moment_for(dialect.name, value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value if value is None else value.astimezone(UTC)
        return datetime.fromisoformat(value)  # its Z is UTC; strptime takes fifty times as long


def moment_for(dialect: str, value: datetime) -> Any:
    """A moment as the driver of `dialect` takes it; for statements that bypass the column types."""
    assert value.tzinfo is not None, "moments carry their zone"
    utc = value.astimezone(UTC)
    if dialect == "postgresql":
        return utc
    return f"{utc.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"  # strftime writes the year 202 as 202


def decimal_for(dialect: str, value: Decimal | None) -> Any:
    """A decimal as the driver of `dialect` takes it; for statements that bypass the column types."""
    return value if value is None or dialect == "postgresql" else format(value, "f")


class ExactDecimal(TypeDecorator[Decimal]):
    """Money and measures: NUMERIC on PostgreSQL, its text on SQLite, so that no digit is lost."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(20, 6))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        return decimal_for(dialect.name, value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else tidy_decimal(Decimal(value))


def tidy_decimal(value: Decimal) -> Decimal:
    """Without trailing zeros and without an exponent, so that 4.20 and 4.2 look and hash alike."""
    if value == 0:
        return Decimal(0)
    normal = value.normalize()
    return normal.quantize(Decimal(1)) if normal.as_tuple().exponent > 0 else normal  # type: ignore[operator]


BigId = BigInteger().with_variant(Integer(), "sqlite")
Document = JSON().with_variant(postgresql.JSONB(), "postgresql")

#: A record's own number.
Id = Annotated[int, mapped_column(BigId, primary_key=True, autoincrement=True)]


class Base(DeclarativeBase):
    """All tables. Import `server.schema` to have every one of them in `metadata`."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {
        datetime: Moment(),
        Decimal: ExactDecimal(),
        int: BigInteger().with_variant(Integer(), "sqlite"),
        dict[str, Any]: Document,
        list[Any]: Document,
        str: String(),
    }


@event.listens_for(Table, "after_parent_attach")
def _never_use_a_number_again(table: Table, parent: MetaData) -> None:
    """On SQLite too the number of a deleted record never comes back: a stored answer, a link or a program that names
    it must not meet another record."""
    key = list(table.primary_key)
    if parent is Base.metadata and len(key) == 1 and key[0].autoincrement is True:
        table.dialect_options["sqlite"]["autoincrement"] = True


#: What folding makes of one character at most: 'ß' becomes 'ss', 'ΐ' three characters.
FOLD_GROWTH = 3


def fold(value: str) -> str:
    """How codes are compared everywhere (CAT-1): without outer blanks and without regard to case.

    Kept beside the code as typed, so that both databases compare the same way.
    """
    return value.strip().casefold()


def folded(length: int) -> String:
    """The type of a column that keeps `fold` of any text of up to `length` characters.

    SQLite takes text of any length, PostgreSQL refuses what does not fit: a column as long as the text itself would
    take 60 times 'ß' on the one and not on the other.
    """
    return String(FOLD_GROWTH * length)
