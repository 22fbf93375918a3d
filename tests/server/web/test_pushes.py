"""Pushes on a page, and the picture of why a listing shows what it shows."""

from __future__ import annotations

import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.outbox.models import Changed, Push, Told
from server.push.explaining import Explanation, LastTold, WarehousePart
from server.stores.models import StoreSku
from server.web.picture import WIDTH, draw
from tests.server.orders.desk import Desk
from tests.server.push.conftest import make_rule
from tests.support.http import Api
from tests.support.pages import Person, person, text_of


@pytest.fixture
def anna(plain: Api, desk: Desk) -> Person:
    """A merchandiser; a rule shows half of MAIN and EAST in the store, which was told 4 of red and refused blue."""
    at = clock.now()

    def work(session: Session) -> None:
        make_rule(session, "Half", warehouses=[desk.main, desk.east], stores=[desk.store], percentage=Decimal(50))
        red, blue = (session.scalars(select(StoreSku).where(StoreSku.code == code)).one() for code in ("red", "blue"))
        session.add(Told(store_sku_id=red.id, quantity=4, known=True, told_at=at, answer="taken"))
        due = {"created_at": at, "due_at": at, "failed_at": at, "reason": "<b>no such listing</b>"}
        session.add(
            Push(store_sku_id=blue.id, store_id=desk.store, quantity=0, version=1, causes=1, forced=False, **due)
        )

    plain.db.write(work)
    desk.stock(desk.red, 4, desk.east)
    return person(plain, "merchandiser")


def _listings(page: str) -> list[str]:
    return re.findall(r'store_sku=[^"]+">(\w+)</a>', page)


def test_what_waits_and_what_was_told(anna: Person, desk: Desk) -> None:
    """PSH-10: the push status, by state, store and SKU."""
    page = anna.get("/pushes").text
    assert _listings(page) == ["red", "blue"] and "1 refused" in page
    assert "&lt;b&gt;no such listing" in page and "<b>no such" not in page
    assert _listings(anna.get("/pushes?sku=red").text) == ["red"]
    assert _listings(anna.get("/pushes?state=failed").text) == ["blue"]
    assert "Nothing is waiting." in anna.get("/pushes?state=waiting").text
    wrong = anna.get("/pushes?sku=NO")
    assert wrong.status_code == 404 and 'value="NO"' in wrong.text
    assert anna.get("/pushes?store=nowhere").status_code == 404


def test_push_now(plain: Api, anna: Person, desk: Desk) -> None:
    """PSH-7 (16): of these SKUs, or of everything."""
    assert "1 listing will be told now." in anna.send("/pushes/now?sku=RED", sku="RED").text
    with plain.db.read() as session:
        assert desk.red in session.scalars(select(Changed.sku_id)).all()
    assert "2 listings will be told now." in anna.send("/pushes/now").text
    unknown = anna.send("/pushes/now", sku="NO")
    assert unknown.status_code == 404 and "No merchant SKU" in unknown.text and "no such SKU" not in unknown.text


def test_trying_again_what_was_refused(anna: Person) -> None:
    """PSH-10"""
    assert "1 listing will be tried again." in anna.send("/pushes/retry").text


def test_a_viewer_is_offered_nothing(plain: Api, anna: Person) -> None:
    assert "/pushes/now" not in person(plain, "viewer").get("/pushes").text


def test_why_a_listing_shows_what_it_shows(anna: Person, desk: Desk) -> None:
    """PSH-11: from warehouse figures to the pushed number, as a picture and in words."""
    page = anna.get(_explain_links(anna)[0]).text
    picture = ElementTree.fromstring(re.search(r"<svg.*?</svg>", page, re.DOTALL)[0])  # type: ignore[index]
    lines = [text.text for text in picture.iter() if text.tag.endswith("text")]
    assert lines[:4] == ["MAIN", "available 5", "EAST", "available 4"]
    assert "9 × 50 %, rounded down = 4" in lines and "4" in lines and "last told 4" in lines
    said = text_of(anna.get(_explain_links(anna)[0]))
    assert "target: 4" in said and "push rule Half at 50 %" in said
    assert not re.search(r"<style| style=", page)


def _explain_links(anna: Person) -> list[str]:
    return [
        link.replace("&amp;", "&") for link in re.findall(r'href="(/pushes/explain[^"]+)"', anna.get("/pushes").text)
    ]


def test_one_that_nothing_is_pushed_for(anna: Person) -> None:
    store = re.search(r"store=([^&]+)&", _explain_links(anna)[0])
    assert store is not None
    page = anna.get(f"/pushes/explain?store={store[1]}&store_sku=green")
    assert "not mapped" in page.text and page.status_code == 200
    assert anna.get("/pushes/explain?store=no&store_sku=x").status_code == 404
    assert anna.get("/pushes/explain").status_code == 404


def test_the_picture_holds_whatever_there_is() -> None:
    """Many warehouses, long names, a combination: nothing leaves the frame or lies on another."""
    parts = [
        WarehousePart("W" * 60 + str(n), n, 1, n - 1, [{"sku": "S" * 64, "quantity": 2, "counted": n}])
        for n in range(9)
    ]
    told = LastTold(3, None, "", True)
    steps = [" + ".join(part.warehouse for part in parts) + " = 36", "36 × 50 % = 18", "target: 18", "last told 3"]
    found = Explanation("Shop", "x" * 120, "S", "R", "50", 18, steps, parts, "", told, None, [])
    drawn = draw(found)
    for number, box in enumerate(drawn.boxes):
        assert box.x >= 0 and box.x + box.width <= WIDTH and box.foot <= drawn.height
        assert all(y <= box.foot for y, _ in box.placed())
        for other in drawn.boxes[number + 1 :]:
            apart = other.y >= box.foot or other.x >= box.x + box.width or box.x >= other.x + other.width
            assert apart, (box, other)
    assert any(box.lines[0] == "4 more" for box in drawn.boxes)
