"""The code's own names as people read them."""

from __future__ import annotations

import pytest

from server.push.queries import PushState
from server.switches.service import DEFINITIONS
from server.web import words


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("out_of_stock", "out of stock"),
        ("create_sku_automatically", "create SKU automatically"),
        ("store_sku", "store SKU"),
        ("", ""),
    ],
)
def test_names_in_plain_words(name: str, text: str) -> None:
    assert words.plain(name) == text


def test_a_title_begins_with_a_capital_and_keeps_its_others() -> None:
    assert [words.titled(name) for name in DEFINITIONS] == [
        "Inventory features",
        "Allocate on stock in",
        "Create SKU automatically",
    ]


def test_every_state_of_a_push_says_who_has_it() -> None:
    said = [words.push_state(state) for state in PushState]
    assert said == ["waiting", "being sent", "with the market", "refused"]
