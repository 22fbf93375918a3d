"""Every column that keeps a folded text holds what folding makes of the longest text it is made from (CAT-1)."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, String, insert

from server import schema
from server.db.base import FOLD_GROWTH, fold
from server.db.session import Database
from tests.factories import AT

#: Keys that are kept to the letter, so that nothing grows.
TO_THE_LETTER = {
    "entry.key": "made by the code that posts",
    "request_key.key": "whoever sends it compares it to the letter",
    "order_line.line_key": "the market's own",
}
#: Where the text that is folded does not stand beside its key under one of the usual names.
MADE_FROM = {
    "merchant_sku.title_key": "merchant_sku.title",
    "merchant_sku.parent_key": "merchant_sku.parent_sku",
    "merchant_sku.model_key": "merchant_sku.model_number",
    "order_package.key": "order_return.package",
}
USUAL = ("code", "name", "value")
#: The letter that grows most; it begins as two bytes and ends as six.
GROWS = "ΐ"


def _keys() -> dict[str, Column[str]]:
    """Every column of text whose name is `key` or ends with it, by table and name."""
    columns = (column for table in schema.METADATA.sorted_tables for column in table.columns)
    return {
        f"{column.table.name}.{column.name}": column
        for column in columns
        if isinstance(column.type, String) and (column.name == "key" or column.name.endswith("_key"))
    }


FOLDED = {name: column for name, column in _keys().items() if name not in TO_THE_LETTER}


def _source(name: str) -> Column[str]:
    """The column of the text that is folded."""
    if name in MADE_FROM:
        table, column = MADE_FROM[name].split(".")
        return schema.METADATA.tables[table].columns[column]
    columns = FOLDED[name].table.columns
    return next(columns[usual] for usual in USUAL if usual in columns)


def test_no_letter_grows_more_than_that() -> None:
    longest = max((chr(number) for number in range(0x110000)), key=lambda letter: len(fold(letter)))
    assert len(fold(longest)) == len(fold(GROWS)) == FOLD_GROWTH


def test_the_lists_of_this_test_are_no_longer_than_they_must_be() -> None:
    assert TO_THE_LETTER.keys() <= _keys().keys()
    assert MADE_FROM.keys() <= FOLDED.keys()


@pytest.mark.parametrize("name", FOLDED)
def test_a_key_has_room_for_whatever_its_text_folds_to(name: str) -> None:
    """CAT-1: what SQLite takes PostgreSQL takes too."""
    assert FOLDED[name].type.length >= FOLD_GROWTH * _source(name).type.length  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["user.key", "warehouse.key", "store.key", "merchant_sku.title_key", "push_rule.key"])
def test_the_longest_key_is_kept_and_indexed(db: Database, name: str) -> None:
    """CAT-1: neither the column nor the database's own limit on what an index holds is too short."""
    column, source = FOLDED[name], _source(name)
    text = GROWS * source.type.length  # type: ignore[attr-defined]
    row = {**_REST[column.table.name], source.name: text, column.name: fold(text)}
    with db.engines.write.begin() as connection:
        connection.execute(insert(column.table), [row])
    with db.engines.read.connect() as connection:
        found = connection.execute(column.table.select().where(column == fold(text))).mappings().one()
    assert found[source.name] == text


_REST: dict[str, dict[str, object]] = {
    "user": {"role": "viewer", "active": True, "created_at": AT},
    "warehouse": {"code": "W", "key": "w", "address": "", "is_default": False, "created_at": AT},
    "store": {
        "channel": "sandbox",
        "settings": {},
        "is_choice": False,
        "active": True,
        "needs_sign_in": False,
        "created_at": AT,
    },
    "merchant_sku": {"code": "S", "key": "s", "created_at": AT, "updated_at": AT},
    "push_rule": {"percentage": 100, "created_at": AT},
}
