"""Scanning packages that come back."""

from __future__ import annotations

import pytest

from server.orders.states import Action
from tests.server.orders.desk import Desk, news
from tests.support.http import Api
from tests.support.pages import Person, person, text_of


@pytest.fixture
def anna(plain: Api, desk: Desk) -> Person:
    """A merchandiser; A1 has left in the package TRACK-1."""
    desk.take(
        news("A1", ("red", 2), tracking_numbers=("TRACK-1",)), news("A2", ("red", 1), tracking_numbers=("TRACK-2",))
    )
    for action in (Action.PACK, Action.SHIP):
        desk.act(action, "A1")
    return person(plain, "merchandiser")


def test_a_package_comes_back_once(anna: Person, desk: Desk) -> None:
    """ORD-11: a scan puts it back, a second one does not."""
    page = anna.send("/returns", tracking="track-1")
    assert page.request.path == "/returns" and "Taken back" in page.text
    assert "Order A1" in text_of(page) and "2 × RED to MAIN" in text_of(page)
    assert "data-scan autofocus" in page.text and 'value=""' in page.text
    assert desk.figures(desk.red).on_hand == 5
    again = anna.send("/returns", tracking="TRACK-1")
    assert again.status_code == 409 and "Taken back" not in again.text and 'value="TRACK-1"' in again.text
    assert desk.figures(desk.red).on_hand == 5


def test_a_defective_one(anna: Person, desk: Desk) -> None:
    page = anna.send("/returns", tracking="TRACK-1", defective="yes")
    assert "Taken back as defective" in text_of(page) and "(defective)" in page.text
    assert (desk.figures(desk.red).on_hand, desk.figures(desk.red).defective) == (3, 2)


@pytest.mark.parametrize(
    ("tracking", "status"), [("", 422), ("x" * 101, 422), ("<b>nothing</b>", 404), ("TRACK-2", 409)]
)
def test_what_cannot_come_back_is_said(anna: Person, tracking: str, status: int) -> None:
    page = anna.send("/returns", tracking=tracking)
    assert page.status_code == status and 'role="alert"' in page.text and "<b>nothing" not in page.text


def test_a_viewer_sees_what_came_back(plain: Api, anna: Person) -> None:
    anna.send("/returns", tracking="TRACK-1")
    page = person(plain, "viewer").get("/returns").text
    assert "track-1" in page.lower() and "data-scan" not in page
