"""The code's own names as people read them."""

from __future__ import annotations

import pytest

from server.outbox.causes import Cause
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


def test_refusals_are_sentences() -> None:
    said = [words.sentence(text) for text in ("no such order", "Wait…", "is it?", "É", "")]
    assert said == ["No such order.", "Wait…", "Is it?", "É.", ""]


def test_causes_are_told_without_their_numbers() -> None:
    """PSH-7"""
    assert {words.cause(cause.label) for cause in Cause} >= {"stock in manual", "order sync", "push now", "rule"}
    assert not any(sign.isdigit() or sign == "_" for cause in Cause for sign in words.cause(cause.label))
