"""Orders on a page: lists, one order, what is done to one and to many."""

from __future__ import annotations

import re

import pytest

from server import clock
from server.channels.protocol import MarketStatus
from tests.server.orders.desk import Desk, news
from tests.support.http import Api
from tests.support.pages import Person, person, text_of


@pytest.fixture
def anna(plain: Api, desk: Desk) -> Person:
    """A merchandiser, where A1 to A3 are to pack or not."""
    desk.take(news("A1", ("red", 2)), news("A2", ("red", 3)), news("A3", ("red", 1)), news("A4", ("green", 1)))
    return person(plain, "merchandiser")


def _numbers(page: str) -> list[str]:
    return re.findall(r'<a href="/orders/\d+">(\w+)</a>', page)


def test_lists_and_filters(anna: Person) -> None:
    """ORD-14: what waits is counted, and each count leads to its list."""
    page = anna.get("/orders").text
    assert _numbers(page) == ["A4", "A3", "A2", "A1"]
    assert "2 to pack" in page and "1 out of stock" in page and "1 unmapped" in page
    assert '<span class="count" title="2 wait for somebody">2</span>' in page
    assert _numbers(anna.get("/orders?state=out_of_stock").text) == ["A3"]
    assert _numbers(anna.get("/orders?number=A2").text) == ["A2"]
    assert "No order fits" in anna.get("/orders?list=at_risk").text
    wrong = anna.get("/orders?store=nowhere&number=A1")
    assert wrong.status_code == 404 and "no store" in wrong.text and 'value="A1"' in wrong.text
    assert _numbers(anna.get("/orders?state=nonsense&list=nonsense").text) == ["A4", "A3", "A2", "A1"]


def test_at_risk_after_a_count(anna: Person, desk: Desk) -> None:
    """STK-5: an allocated order that the shelf no longer covers."""
    desk.count(desk.red, -4)
    page = anna.get("/orders?list=at_risk").text
    assert _numbers(page) == ["A2", "A1"] and "at risk" in page


def test_many_are_packed_and_shipped_together(anna: Person, desk: Desk) -> None:
    """ORD-4: on hand and allocated fall at the ship click."""
    ids = [str(desk.id(number)) for number in ("A1", "A2")]
    page = anna.send("/orders?state=to_pack", id=ids, action="pack")
    assert "2 orders packed." in page.text and page.request.query_string == b"state=to_pack"
    assert "2 orders shipped." in anna.send("/orders", id=ids, action="ship").text
    assert (desk.state("A1"), desk.figures(desk.red).on_hand) == ("to_pickup", 0)


def test_all_or_none_and_the_choice_stays(anna: Person, desk: Desk) -> None:
    ids = [str(desk.id(number)) for number in ("A1", "A3")]
    page = anna.send("/orders", id=ids, action="pack")
    assert page.status_code == 409 and "A3" in page.text and desk.state("A1") == "to_pack"
    assert re.findall(r'name="id" value="(\d+)"[^>]*checked', page.text) == ids[::-1]


@pytest.mark.parametrize(
    "fields", [{"action": "pack"}, {"id": "1"}, {"id": "1", "action": "take_in"}, {"id": "x", "action": "pack"}]
)
def test_nothing_chosen(anna: Person, fields: dict[str, str]) -> None:
    assert "hoose" in text_of(page := anna.send("/orders", **fields)) and page.status_code == 422


def test_out_of_stock_ones_are_tried_again(anna: Person, desk: Desk) -> None:
    """ORD-7"""
    desk.stock(desk.red, 1)
    assert "1 tried again: 1 to pack" in anna.send("/orders", id=str(desk.id("A3")), action="move_to_pack").text


def test_one_order_offers_what_its_state_allows(anna: Person, desk: Desk) -> None:
    """ORD-4: the table of states decides, not the page."""
    path = f"/orders/{desk.id('A1')}"
    offered = re.findall(r'name="action" value="(\w+)"', anna.get(path).text)
    assert offered == ["pack", "void", "cancel"]
    assert "1 order packed." in anna.send(path, action="pack").text
    assert re.findall(r'name="action" value="(\w+)"', anna.get(path).text) == ["ship", "void", "cancel"]
    refused = anna.send(path, action="deliver")
    assert refused.status_code == 409 and 'role="alert"' in refused.text
    assert "1 order voided." in anna.send(path, action="void").text
    assert "1 order reverted." in anna.send(path, action="revert").text and desk.state("A1") == "to_pack"


def test_cancelling_says_what_comes_back(anna: Person, desk: Desk) -> None:
    """ORD-8: what the store's setting does not leave to the caller is refused, and the form stays as it was."""
    path = f"/orders/{desk.id('A1')}"
    refused = anna.send(path, action="cancel", return_quantity="no")
    assert refused.status_code == 422 and "on_cancel=return" in refused.text and "<details open>" in refused.text
    assert desk.state("A1") == "to_pack"
    assert "1 order cancelled." in anna.send(path, action="cancel", return_quantity="").text


def test_cancelling_asks_only_where_a_store_leaves_it_to_whoever_cancels(anna: Person, desk: Desk) -> None:
    """ORD-8: an answer that would be refused is not offered, one that is wanted is asked for."""
    today = clock.now()
    desk.take(*(news(number, ("red", 1), placed_at=today) for number in ("A5", "A6")), at=today)
    path = f"/orders/{desk.id('A5')}"
    assert 'name="return_quantity"' not in anna.get(path).text + anna.get("/orders").text
    desk.set(on_cancel="return")
    assert len(re.findall(r'name="return_quantity" value="(?:yes|no)"', anna.get(path).text)) == 2
    refused = anna.send(path, action="cancel")
    assert refused.status_code == 422 and "yes or no" in refused.text
    assert 'name="return_quantity"' not in anna.get(f"/orders/{desk.id('A1')}").text  # of long ago: never returned
    ids = [str(desk.id(number)) for number in ("A1", "A5", "A6")]
    assert anna.send("/orders", id=ids, action="cancel").status_code == 422 and desk.state("A1") == "to_pack"
    assert "3 orders cancelled." in anna.send("/orders", id=ids, action="cancel", return_quantity="yes").text


def test_another_warehouse(anna: Person, desk: Desk) -> None:
    """ORD-6: what it holds moves there, or nothing changes."""
    path = f"/orders/{desk.id('A1')}"
    refused = anna.send(f"{path}/warehouse", warehouse="EAST")
    assert refused.status_code == 409 and desk.view("A1").warehouse == "MAIN"
    assert "<option selected>EAST</option>" in refused.text
    desk.stock(desk.red, 2, desk.east)
    assert "ships from EAST now" in anna.send(f"{path}/warehouse", warehouse="EAST").text
    assert desk.view("A1").warehouse == "EAST"


def test_another_mapping(anna: Person, desk: Desk) -> None:
    """CAT-9: for this order only, future orders, or all new ones."""
    path = f"/orders/{desk.id('A4')}"
    wrong = anna.send(f"{path}/mapping", store_sku="green", sku="NO", scope="this order only")
    assert wrong.status_code >= 400 and 'value="NO"' in wrong.text
    assert anna.send(f"{path}/mapping", store_sku="red", sku="BLUE").status_code == 422
    done = anna.send(f"{path}/mapping", store_sku="green", sku="BLUE", scope="this order only")
    assert "green sells BLUE now" in done.text and desk.state("A4") == "out_of_stock"


def test_what_a_store_calls_things_is_shown_as_text(plain: Api, desk: Desk) -> None:
    desk.take(news("<i>1</i>", ("red", 1)), news("C1", ("red", 1), status=MarketStatus.UNPAID))
    viewer = person(plain, "viewer")
    for path in ("/orders", f"/orders/{desk.id('<i>1</i>')}"):
        page = viewer.get(path).text
        assert "&lt;i&gt;1" in page and "<i>1" not in page and 'name="action"' not in page
    assert viewer.get("/orders/987").status_code == 404


def test_orders_come_in_pages(anna: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.web.orders.LINES", 3)
    page = anna.get("/orders").text
    [following] = re.findall(r'href="(/orders\?before=\d+)"', page)
    assert _numbers(page) == ["A4", "A3", "A2"] and _numbers(anna.get(following).text) == ["A1"]
