"""The sandbox's words <-> ours. Pure; another shape than expected raises what `http.understood` catches."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from server.channels.errors import NOT_UNDERSTOOD, Unreadable, why_not_understood
from server.channels.protocol import (
    Listing,
    ListingPage,
    MarketLine,
    MarketOrder,
    MarketStatus,
    OrderPage,
    StockAnswer,
    StockLine,
    StockOutcome,
)

#: the market's word for a line of a stock update -> ours
OUTCOMES: Mapping[str, StockOutcome] = {
    "accepted": StockOutcome.ACCEPTED,
    "pending": StockOutcome.PENDING,
    "refused": StockOutcome.REFUSED,
}


def moment(value: str) -> datetime:
    """Their ISO 8601 time, in UTC."""
    return datetime.fromisoformat(value).astimezone(UTC)


def moment_text(value: datetime) -> str:
    """Our time as they read it: ISO 8601 in UTC to the microsecond."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def _moment_or_none(value: str | None) -> datetime | None:
    return None if value is None else moment(value)


def listing(item: Mapping[str, Any]) -> Listing:
    """One listing."""
    return Listing(
        store_sku=item["store_sku"],
        name=item["name"],
        quantity=int(item["quantity"]),
        references={"product": str(item["product"])},
        gtin=item["gtin"],
    )


def listing_page(body: Mapping[str, Any]) -> ListingPage:
    """A page of listings."""
    return ListingPage([listing(item) for item in body["items"]], next=body["next"])


def order(item: Mapping[str, Any]) -> MarketOrder:
    """One order. Cash on delivery counts from the buyer's confirmation, all else from payment (ORD-1)."""
    cod = item["payment"] == "cod"
    updated_at = moment(item["updated_at"])
    return MarketOrder(
        number=item["number"],
        status=MarketStatus(item["status"]),
        updated_at=updated_at,
        placed_at=_moment_or_none(item.get("created_at")) or updated_at,
        lines=[
            MarketLine(
                line_id=line["line_id"],
                store_sku=line["store_sku"],
                quantity=_whole(line["quantity"]),
                name=line["name"],
                unit_price=_money(line["unit_price"]),
            )
            for line in item["lines"]
        ],
        paid_at=_moment_or_none(item["confirmed_at"] if cod else item["paid_at"]),
        cod=cod,
        total=_money(item["total"]),
        currency=item["currency"],
        tracking_numbers=(item["tracking"],) if item["tracking"] else (),
        package_numbers=(item["package"],) if item.get("package") else (),
        market_status=item["status"],
    )


def _whole(value: Any) -> int:
    """A quantity as it was written; one that is not whole is not rounded but refused."""
    if int(value) != Decimal(str(value)):
        raise ValueError(f"{value} is no whole number")
    return int(value)


def _money(value: Any) -> Decimal | None:
    """An amount, None where it is no number: no order waits for that."""
    try:
        return Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        return None


def one_order(item: Mapping[str, Any]) -> MarketOrder:
    """The order of an answer about one. Raises `Unreadable` where there is one that can't be understood."""
    page = order_page({"items": [item], "next": None})
    for reason in page.unreadable.values():
        raise Unreadable(reason)
    return page.orders[0]


def order_page(body: Mapping[str, Any]) -> OrderPage:
    """A page of orders, oldest change first: nothing is missing up to its last one."""
    orders: list[MarketOrder] = []
    unreadable: dict[str, str] = {}
    for item in body["items"]:
        number = str(item["number"])
        try:
            orders.append(order(item))
        except NOT_UNDERSTOOD as problem:
            unreadable[number] = why_not_understood(problem)
    return OrderPage(
        orders, next=body["next"], seen_until=orders[-1].updated_at if orders else None, unreadable=unreadable
    )


def stock_body(lines: Sequence[StockLine]) -> dict[str, Any]:
    """A batch of absolute quantities."""
    return {"lines": [{"store_sku": line.store_sku, "quantity": line.quantity} for line in lines]}


def stock_answer(item: Mapping[str, Any]) -> StockAnswer:
    """What they say of one line."""
    return StockAnswer(
        store_sku=item["store_sku"],
        outcome=OUTCOMES[item["status"]],
        reason=item.get("reason", ""),
        ticket=item.get("ticket"),
        floor=item.get("floor"),
    )


def stock_answers(body: Mapping[str, Any], lines: Sequence[StockLine]) -> list[StockAnswer]:
    """Exactly one answer per line that was sent, in that order; what they left out is `UNKNOWN`."""
    told: dict[str, deque[StockAnswer]] = defaultdict(deque)
    for item in body["lines"]:
        answer = stock_answer(item)
        told[answer.store_sku].append(answer)
    silence = "the marketplace gave no answer for this line"
    return [
        told[line.store_sku].popleft()
        if told[line.store_sku]
        else StockAnswer(line.store_sku, StockOutcome.UNKNOWN, silence)
        for line in lines
    ]


def settled(body: Mapping[str, Any], tickets: Sequence[str]) -> list[StockAnswer]:
    """Exactly one answer per ticket; one that they don't know is `UNKNOWN`."""
    told = {item["ticket"]: stock_answer(item) for item in body["lines"]}
    silence = "the marketplace does not know this ticket"
    return [told.get(ticket, StockAnswer("", StockOutcome.UNKNOWN, silence, ticket=ticket)) for ticket in tickets]
