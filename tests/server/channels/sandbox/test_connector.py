"""The sandbox connector over loopback, against the real marketplace."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.channels.errors import Forged, NeedsSignIn, Refused, Throttled, Unreachable, Unsupported
from server.channels.protocol import MarketStatus, StockLine, StockOutcome, WebhookRequest
from server.channels.sandbox.client import base_address, sign
from server.channels.sandbox.connector import SandboxConnector
from tests.support.sandbox import Market, MemoryVault, Subscriber, market

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SECRET = "s3cret-of-north"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Market]:
    with market(tmp_path / "sandbox.db") as place:
        place.list("north", A=10, B=10)
        yield place


@pytest.fixture
def store(place: Market) -> SandboxConnector:
    return _connector(place)


def _connector(place: Market, shop: str = "north", secret: str = SECRET) -> SandboxConnector:
    return SandboxConnector({"url": place.url, "shop": shop}, MemoryVault(secret=secret))


def _lines(**quantities: int) -> list[StockLine]:
    return [StockLine(sku, quantity, key=f"{sku}:1") for sku, quantity in quantities.items()]


def _outcomes(answers: Sequence[object]) -> list[StockOutcome]:
    return [answer.outcome for answer in answers]  # type: ignore[attr-defined]


def test_all_listings_are_read_page_by_page(place: Market, store: SandboxConnector) -> None:
    place.list("north", **{f"SKU-{number:04d}": number for number in range(700)})
    seen, cursor = [], None
    while True:
        page = store.listings(cursor)
        seen += page.items
        cursor = page.next
        if cursor is None:
            break
    assert len(seen) == 702
    assert (seen[0].store_sku, seen[0].quantity, seen[0].references) == ("A", 10, {"product": "A"})


def test_orders_are_read_from_a_moment_on(place: Market, store: SandboxConnector) -> None:
    place.list("north", A=500)
    numbers = [place.order("north", A=1) for _ in range(105)]
    first = store.orders(LONG_AGO)
    rest = store.orders(LONG_AGO, first.next)
    assert [order.number for order in [*first.orders, *rest.orders]] == numbers
    assert rest.next is None
    assert first.seen_until == first.orders[-1].updated_at
    again = store.orders(rest.orders[-1].updated_at)
    assert [order.number for order in again.orders] == numbers[-1:]
    assert store.orders(rest.orders[-1].updated_at + timedelta(microseconds=1)).orders == []


def test_one_order_is_read_or_is_not_there(place: Market, store: SandboxConnector) -> None:
    number = place.order("north", A=1)
    order = store.order(number)
    assert order is not None
    assert order.status is MarketStatus.READY_TO_SHIP
    assert store.order("S9999999") is None
    assert store.order("../listings") is None
    assert _connector(place, shop="south").order(number) is None


def test_stock_is_set_with_an_answer_per_line(place: Market, store: SandboxConnector) -> None:
    place.faults(refuse_skus=["B"])
    answers = store.set_stock(_lines(A=3, B=4, NONE=1))
    assert _outcomes(answers) == [StockOutcome.ACCEPTED, StockOutcome.REFUSED, StockOutcome.REFUSED]
    assert answers[1].reason == "this listing is locked by the marketplace"
    assert place.shown("north") == {"A": 3, "B": 10}
    assert store.set_stock([]) == []


def test_a_full_batch_goes_in_one_call(place: Market, store: SandboxConnector) -> None:
    """CH-7: the batch size is the market's."""
    quantities = {f"SKU-{number}": 1 for number in range(store.limits.stock_batch)}
    place.list("north", **quantities)
    assert set(_outcomes(store.set_stock(_lines(**quantities)))) == {StockOutcome.ACCEPTED}


def test_the_floor_of_a_reserved_listing_is_told(place: Market, store: SandboxConnector) -> None:
    place.faults(refuse_below_reserved=True)
    place.order("north", paid=False, A=4)
    (answer,) = store.set_stock(_lines(A=1))
    assert (answer.outcome, answer.floor) == (StockOutcome.REFUSED, 4)


def test_late_writes_are_settled_by_ticket(place: Market, store: SandboxConnector) -> None:
    place.faults(async_ms=600_000)
    (answer,) = store.set_stock(_lines(A=1))
    assert answer.outcome is StockOutcome.PENDING
    assert answer.ticket is not None
    assert _outcomes(store.settle([answer.ticket])) == [StockOutcome.PENDING]
    place.faults(async_ms=1)
    (quick,) = store.set_stock(_lines(B=1))
    assert quick.ticket is not None
    while _outcomes(store.settle([quick.ticket])) != [StockOutcome.ACCEPTED]:
        pass
    assert store.settle([]) == []


@pytest.mark.parametrize("fault", [{"down": True}, {"error_rate": 1}, {"half_answers": True}, {"lose_answers": 1}])
def test_a_market_in_trouble_is_unreachable(place: Market, store: SandboxConnector, fault: dict[str, object]) -> None:
    """PSH-10: nothing here is a refusal of the line."""
    place.faults("north", **fault)
    with pytest.raises(Unreachable):
        store.set_stock(_lines(A=1))
    with pytest.raises(Unreachable):
        store.orders(LONG_AGO)


def test_too_many_calls_are_throttled_with_the_wait(place: Market, store: SandboxConnector) -> None:
    place.faults(rate_limit_per_s=0.05)
    store.set_stock(_lines(A=1))
    with pytest.raises(Throttled) as raised:
        store.set_stock(_lines(A=1))
    assert raised.value.retry_after is not None
    assert 0 < raised.value.retry_after <= 20


def test_a_wrong_secret_needs_a_sign_in(place: Market, store: SandboxConnector) -> None:
    """CH-6: a store that refuses the credentials says so, and no error holds them."""
    place.calls.put("/shops/north", json={"secret": SECRET}).raise_for_status()
    store.set_stock(_lines(A=1))
    with pytest.raises(NeedsSignIn) as raised:
        _connector(place, secret="wrong-secret-of-north").set_stock(_lines(A=1))
    assert "wrong-secret-of-north" not in str(raised.value)


def test_nobody_at_the_address_is_unreachable(tmp_path: Path) -> None:
    with market(tmp_path / "gone.db") as place:
        store = _connector(place)
    with pytest.raises(Unreachable):
        store.set_stock(_lines(A=1))


def test_webhooks_come_to_where_they_were_asked_for(place: Market, store: SandboxConnector) -> None:
    """CH-5: signature checked over the raw body; a doubled delivery has the same id."""
    subscriber = Subscriber()
    store.subscribe(subscriber.url)
    store.subscribe(subscriber.url)
    place.faults(duplicate_webhooks=True)
    number = place.order("north", A=1)
    received = subscriber.wait(2)
    subscriber.close()
    hints = [
        store.open_webhook(WebhookRequest(subscriber.url, headers, body), datetime.now(UTC))
        for headers, body in received
    ]
    assert [[hint.order_number for hint in each] for each in hints] == [[number], [number]]
    assert len({each[0].delivery for each in hints}) == 1


NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TOLD = {"id": "7", "shop": "north", "number": "S1", "sent_at": "2026-11-21T12:00:00.000000Z"}


def _webhook(told: object, *, secret: str = SECRET, header: str = "X-Sandbox-Signature") -> WebhookRequest:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return WebhookRequest("http://here.test/", {header: sign(secret, body)}, body)


def _offline(secret: str = SECRET) -> SandboxConnector:
    return SandboxConnector({"url": "http://127.0.0.1:1", "shop": "north"}, MemoryVault(secret=secret))


def test_headers_are_read_without_regard_to_case() -> None:
    (hint,) = _offline().open_webhook(_webhook(TOLD, header="x-sandbox-SIGNATURE"), NOW)
    assert (hint.delivery, hint.order_number) == ("7", "S1")


@pytest.mark.parametrize(
    ("request_", "now", "why"),
    [
        (_webhook(TOLD, secret="another"), NOW, "signature"),
        (WebhookRequest("", {}, json.dumps(TOLD).encode()), NOW, "signature"),
        (WebhookRequest("", {"X-Sandbox-Signature": "é"}, b"{}"), NOW, "signature"),
        (_webhook(TOLD | {"shop": "south"}), NOW, "another shop"),
        (_webhook(TOLD), NOW + timedelta(seconds=301), "too old"),
        (_webhook(TOLD), NOW - timedelta(seconds=301), "too old"),
        (_webhook(b"not json"), NOW, "not a message"),
        (_webhook([]), NOW, "not a message"),
        (_webhook({"shop": "north"}), NOW, "not a message"),
    ],
)
def test_a_forged_or_old_webhook_is_refused(request_: WebhookRequest, now: datetime, why: str) -> None:
    """CH-5: forged and replayed news are refused."""
    with pytest.raises(Forged, match=why):
        _offline().open_webhook(request_, now)


def test_a_changed_body_is_forged() -> None:
    good = _webhook(TOLD)
    with pytest.raises(Forged):
        _offline().open_webhook(WebhookRequest(good.url, good.headers, good.body + b" "), NOW)


def test_a_store_without_a_secret_takes_no_webhooks(place: Market) -> None:
    store = _connector(place, secret="")
    assert len(store.listings().items) == 2
    with pytest.raises(Refused):
        store.subscribe("http://127.0.0.1:1/")
    with pytest.raises(Forged):
        _offline(secret="").open_webhook(_webhook(TOLD, secret=""), NOW)


def test_what_the_sandbox_lacks_is_said(store: SandboxConnector) -> None:
    with pytest.raises(Unsupported):
        store.news()
    assert store.answer_challenge(_webhook(TOLD), {}) is None


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8100", "http://127.0.0.1:8100/", " http://127.0.0.1:8100/sandbox/v1/"]
)
def test_the_address_may_have_our_prefix(url: str) -> None:
    assert base_address(url) == "http://127.0.0.1:8100"
    assert base_address("http://[::1]:8100") == "http://[::1]:8100"


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/",
        "http://example.com/",
        "http://127.0.0.1@example.com/",
        "http://2130706433/",
        "http://127.1/",
        "http://0.0.0.0:8100",
        "ftp://127.0.0.1/",
        "http://127.0.0.1:99999/",
        "127.0.0.1:8100",
        "",
    ],
)
def test_an_address_beyond_this_machine_is_refused(url: str) -> None:
    """SEC-3: a store's settings are no way into the network."""
    with pytest.raises(Refused):
        SandboxConnector({"url": url, "shop": "north"}, MemoryVault(secret=SECRET)).listings()
