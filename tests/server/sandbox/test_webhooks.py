"""Webhooks over loopback: signed, retried, doubled, dropped, delayed, and never lost by a restart."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.sandbox import webhooks
from server.sandbox.webhooks import DELIVERY_HEADER, SIGNATURE_HEADER, sign
from tests.server.sandbox.conftest import SELLER
from tests.support.sandbox import Market, Subscriber, market


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Market]:
    with market(tmp_path / "sandbox.db") as place:
        place.list("north", A=100)
        yield place


@pytest.fixture
def subscriber(place: Market) -> Iterator[Subscriber]:
    subscriber = Subscriber()
    _subscribe(place, subscriber)
    yield subscriber
    subscriber.close()


def _subscribe(place: Market, subscriber: Subscriber) -> None:
    body = {"url": subscriber.url, "secret": "s3cret"}
    place.calls.put("/shops/north/webhook", json=body, headers=SELLER).raise_for_status()


def _events(received: list[tuple[dict[str, str], bytes]]) -> list[tuple[str, str]]:
    told = [json.loads(body) for _, body in received]
    return [(item["event"], item["number"]) for item in told]


def test_every_change_of_an_order_is_told(place: Market, subscriber: Subscriber) -> None:
    number = place.order("north", paid=False, A=1)
    place.act("north", number, "pay")
    place.act("north", number, "edit", lines=[{"store_sku": "A", "quantity": 2}])
    for action in ("pack", "ship", "deliver", "return"):
        place.act("north", number, action)
    place.act("north", place.order("north", A=1), "cancel")
    events = [event for event, _ in _events(subscriber.wait(9))]
    assert events == [
        *("order.created", "order.paid", "order.edited", "order.packed", "order.shipped"),
        *("order.delivered", "order.returned", "order.created", "order.cancelled"),
    ]


def test_the_raw_body_is_signed(place: Market, subscriber: Subscriber) -> None:
    """CH-5: HMAC-SHA256, lower-case hex, over the body as sent."""
    number = place.order("north", A=1)
    ((headers, body),) = subscriber.wait(1)
    assert headers[SIGNATURE_HEADER] == hmac.new(b"s3cret", body, hashlib.sha256).hexdigest() == sign("s3cret", body)
    told = json.loads(body)
    assert (told["shop"], told["number"], told["status"]) == ("north", number, "ready_to_ship")
    assert told["id"] == headers[DELIVERY_HEADER]


def test_a_delivery_that_is_not_taken_is_tried_again(place: Market, subscriber: Subscriber) -> None:
    subscriber.statuses = [500]
    place.order("north", A=1)
    received = subscriber.wait(2)
    assert [headers[DELIVERY_HEADER] for headers, _ in received] == ["1", "1"]


def test_duplicates_carry_the_same_delivery_id(place: Market, subscriber: Subscriber) -> None:
    place.faults(duplicate_webhooks=True)
    place.order("north", A=1)
    received = subscriber.wait(2)
    assert len({headers[DELIVERY_HEADER] for headers, _ in received}) == 1


def test_dropped_webhooks_never_come(place: Market, subscriber: Subscriber) -> None:
    place.faults("north", drop_webhooks=True)
    lost = place.order("north", A=1)
    time.sleep(0.3)
    place.faults("north")
    kept = place.order("north", A=1)
    assert _events(subscriber.wait(1)) == [("order.created", kept)]
    assert lost != kept


def test_webhooks_wait_while_the_marketplace_is_down(place: Market, subscriber: Subscriber) -> None:
    place.faults(down=True)
    number = place.order("north", A=1)
    time.sleep(0.2)
    assert subscriber.received == []
    place.faults()
    assert _events(subscriber.wait(1)) == [("order.created", number)]


def test_delayed_webhooks_come_later_and_once(place: Market, subscriber: Subscriber) -> None:
    place.faults(webhook_delay_ms=200)
    numbers = {place.order("north", A=1) for _ in range(4)}
    assert {number for _, number in _events(subscriber.wait(4))} == numbers
    assert len(subscriber.received) == 4


def test_nobody_is_told_after_unsubscribing(place: Market, subscriber: Subscriber) -> None:
    assert place.calls.get("/shops/north/webhook", headers=SELLER).json() == {"url": subscriber.url}
    assert place.calls.delete("/shops/north/webhook", headers=SELLER).status_code == 204
    place.order("north", A=1)
    time.sleep(0.1)
    assert subscriber.received == []


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A marketplace that waits for a subscriber longer than any test does."""
    monkeypatch.setattr(webhooks, "TIMEOUT_SECONDS", 90.0)


@pytest.mark.usefixtures("patient")
def test_a_subscriber_that_hangs_keeps_nobody_else_waiting(place: Market, subscriber: Subscriber) -> None:
    place.list("south", A=100)
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        hanging.settimeout(60)
        body = {"url": f"http://127.0.0.1:{hanging.getsockname()[1]}/", "secret": "x"}
        place.calls.put("/shops/south/webhook", json=body, headers=SELLER).raise_for_status()
        place.order("south", A=1)
        asked, _ = hanging.accept()
        with asked:
            numbers = [place.order("north", A=1) for _ in range(3)]
            assert [number for _, number in _events(subscriber.wait(3))] == numbers


def test_a_restart_loses_no_delivery(tmp_path: Path) -> None:
    subscriber = Subscriber()
    with market(tmp_path / "sandbox.db") as place:
        place.list("north", A=5)
        _subscribe(place, subscriber)
        place.faults(down=True)
        number = place.order("north", A=1)
    with market(tmp_path / "sandbox.db") as place:
        place.faults()
        assert _events(subscriber.wait(1)) == [("order.created", number)]
    subscriber.close()


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1/", "http://", 5])
def test_an_address_that_cannot_be_is_refused(place: Market, url: object) -> None:
    body = {"url": url, "secret": "s3cret"}
    assert place.calls.put("/shops/north/webhook", json=body, headers=SELLER).status_code == 422
