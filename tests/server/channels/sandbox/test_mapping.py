"""The sandbox's words <-> ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from server.channels.errors import Unreadable
from server.channels.protocol import MarketLine, MarketStatus, StockLine, StockOutcome
from server.channels.sandbox import mapping
from server.sandbox.orders import Status

ORDER: dict[str, Any] = {
    "number": "S0000001",
    "status": "ready_to_ship",
    "payment": "prepaid",
    "created_at": "2026-11-21T12:00:00.000001Z",
    "paid_at": "2026-11-21T12:00:01.000000Z",
    "confirmed_at": None,
    "updated_at": "2026-11-21T12:00:02.000000Z",
    "tracking": "TRK-1",
    "currency": "USD",
    "total": "20.00",
    "lines": [{"line_id": "1", "store_sku": "A", "name": "Tea", "quantity": 2, "unit_price": "10.00"}],
}


def test_an_order_is_told_in_our_words() -> None:
    order = mapping.order(ORDER)
    assert order.status is MarketStatus.READY_TO_SHIP
    assert order.placed_at == datetime(2026, 11, 21, 12, 0, 0, 1, tzinfo=UTC)
    assert order.paid_at == datetime(2026, 11, 21, 12, 0, 1, tzinfo=UTC)
    assert order.lines == [MarketLine("1", "A", 2, "Tea", Decimal("10.00"))]
    assert (order.total, order.currency, order.tracking_numbers) == (Decimal("20.00"), "USD", ("TRK-1",))


def test_cash_on_delivery_counts_from_its_confirmation() -> None:
    """ORD-1: the buyer's confirmation counts, not the payment at the door."""
    told = ORDER | {"payment": "cod", "confirmed_at": "2026-11-21T12:00:05.000000Z"}
    order = mapping.order(told)
    assert (order.cod, order.paid_at) == (True, datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC))
    assert mapping.order(told | {"confirmed_at": None}).paid_at is None


def test_every_status_of_the_sandbox_is_known() -> None:
    assert {status.value for status in Status} == {status.value for status in MarketStatus}


def test_a_page_tells_up_to_when_nothing_is_missing() -> None:
    page = mapping.order_page({"items": [ORDER], "next": "5"})
    assert (page.next, page.seen_until) == ("5", datetime(2026, 11, 21, 12, 0, 2, tzinfo=UTC))
    assert mapping.order_page({"items": [], "next": None}).seen_until is None


def test_every_line_gets_exactly_one_answer_in_our_order() -> None:
    body = {
        "lines": [
            {"store_sku": "C", "status": "refused", "reason": "locked", "floor": 4},
            {"store_sku": "A", "status": "accepted", "quantity": 1},
            {"store_sku": "STRANGER", "status": "accepted", "quantity": 1},
        ]
    }
    lines = [StockLine(sku, 1, key=sku) for sku in "ABC"]
    answers = mapping.stock_answers(body, lines)
    assert [(answer.store_sku, answer.outcome, answer.floor) for answer in answers] == [
        ("A", StockOutcome.ACCEPTED, None),
        ("B", StockOutcome.UNKNOWN, None),
        ("C", StockOutcome.REFUSED, 4),
    ]


def test_a_ticket_nobody_knows_is_unknown() -> None:
    body = {"lines": [{"ticket": "1", "store_sku": "A", "status": "pending"}]}
    assert [(answer.ticket, answer.outcome) for answer in mapping.settled(body, ["1", "2"])] == [
        ("1", StockOutcome.PENDING),
        ("2", StockOutcome.UNKNOWN),
    ]


def test_times_are_sent_in_utc_to_the_microsecond() -> None:
    local = datetime(2026, 11, 21, 19, 0, 0, 7, tzinfo=timezone(timedelta(hours=7)))
    assert mapping.moment_text(local) == "2026-11-21T12:00:00.000007+00:00"


@pytest.mark.parametrize("missing", ["status", "lines", "updated_at"])
def test_an_order_without_what_matters_is_no_order(missing: str) -> None:
    with pytest.raises(KeyError):
        mapping.order({name: value for name, value in ORDER.items() if name != missing})


def test_one_order_that_is_not_understood_does_not_spoil_its_page() -> None:
    """CH-5: it is named with the reason, and the others are there."""
    odd = [
        {**ORDER, "number": "HALF", "lines": [{**ORDER["lines"][0], "quantity": Decimal("1.5")}]},
        {**ORDER, "number": "WORD", "status": "lost at sea"},
        {**ORDER, "number": "BARE", "lines": None},
    ]
    page = mapping.order_page({"items": [odd[0], ORDER, *odd[1:]], "next": "more"})
    assert [order.number for order in page.orders] == [ORDER["number"]]
    assert list(page.unreadable) == ["HALF", "WORD", "BARE"] and "1.5" in page.unreadable["HALF"]
    assert (page.next, page.seen_until) == ("more", page.orders[0].updated_at)
    with pytest.raises(Unreadable, match="lost at sea"):
        mapping.one_order(odd[1])


def test_what_no_order_waits_for() -> None:
    """ORD-2: a price that is no number, a moment of placing that is missing."""
    line = {**ORDER["lines"][0], "unit_price": "a few", "quantity": Decimal("2.0")}
    order = mapping.one_order({**ORDER, "created_at": None, "total": None, "lines": [line], "package": "PKG-1"})
    assert (order.total, order.lines[0].unit_price, order.lines[0].quantity) == (None, None, 2)
    assert (order.placed_at, order.package_numbers) == (order.updated_at, ("PKG-1",))
