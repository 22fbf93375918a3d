"""The environment is checked once, at start, and every wrong value is named with what to do."""

from __future__ import annotations

import pytest

from server.errors import WrongUse
from server.settings import Settings, load
from server.uploads.sources import limits_of
from validators.reading import Limits


def read(**values: str) -> Settings:
    return load({f"STOCKBOOK_{name.upper()}": value for name, value in values.items()}, env_file=None)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://anna:geheim@host/stock", "'mysql' is not supported"),
        ("postgresql+psycopg2://anna:geheim@host/stock", "'postgresql+psycopg2' is not supported"),
        ("sqlite+aiosqlite:///stock.db", "'sqlite+aiosqlite' is not supported"),
        ("anna:geheim@host/stock", "is no address of a database"),
        ("postgresql+psycopg://anna:geheim@host:port/stock", "is no address of a database"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_a_database_that_can_t_be_is_refused_with_those_that_can(url: str, said: str) -> None:
    with pytest.raises(WrongUse) as refused:
        read(database_url=url)
    assert "STOCKBOOK_DATABASE_URL" in refused.value.text and said in refused.value.text
    assert "sqlite:////" in refused.value.text and "geheim" not in refused.value.text


@pytest.mark.parametrize("kind", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_may_be_written_in_three_ways(kind: str) -> None:
    assert read(database_url=f" {kind}://anna@host/stock").url == "postgresql+psycopg://anna@host/stock"


def test_each_of_several_keys_is_looked_at() -> None:
    with pytest.raises(WrongUse, match="SECRET_KEY"):
        read(secret_key=f"{'k' * 32}, short")
    assert read(secret_key=f"{'k' * 32} ,{'l' * 40},").secret_keys == ["k" * 32, "l" * 40]


def test_every_wrong_value_is_named() -> None:
    with pytest.raises(WrongUse) as refused:
        read(threads="many", several_machines="perhaps", secret_key="short")
    assert all(name in refused.value.text for name in ("THREADS", "SEVERAL_MACHINES", "SECRET_KEY"))


def test_the_limits_of_reading_are_settings() -> None:
    """WB-12: unset they are those of the reader; each can be raised."""
    assert limits_of(read()) == Limits()
    raised = limits_of(read(upload_max_rows="500000", reading_cells="9000000", reading_wall_seconds="90"))
    assert (raised.rows, raised.cells, raised.wall_seconds) == (500_000, 9_000_000, 90)
    for name in ("reading_at_once", "reading_memory", "upload_max_bytes", "threads"):
        with pytest.raises(WrongUse, match=f"{name.upper()} must be 1 or more"):
            read(**{name: "0"})
