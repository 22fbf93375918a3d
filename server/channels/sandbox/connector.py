"""The connector of the sandbox marketplace."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx

from server.channels.errors import Forged, Refused, Unreachable, Unsupported
from server.channels.http import understood
from server.channels.protocol import (
    Features,
    Hint,
    Limits,
    ListingPage,
    MarketOrder,
    News,
    NewsBatch,
    OrderPage,
    StockAnswer,
    StockLine,
    Vault,
    WebhookRequest,
)
from server.channels.sandbox import mapping
from server.channels.sandbox.client import SIGNATURE_HEADER, SandboxClient, base_address, sign
from server.channels.sandbox.limits import LIMITS, TICKETS_A_CALL, WEBHOOK_WINDOW_SECONDS

#: what the sandbox gives out; anything else must not become part of a path
ORDER_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,64}")


class SandboxConnector:
    """One shop of the sandbox."""

    channel: ClassVar[str] = "sandbox"
    title: ClassVar[str] = "Sandbox"
    features: ClassVar[Features] = Features(news=News.WEBHOOK, asynchronous_stock=True)
    limits: ClassVar[Limits] = LIMITS
    settings: ClassVar[Mapping[str, str]] = {
        "url": "Address of the sandbox, such as http://127.0.0.1:8100",
        "shop": "Name of the shop; it comes into being on first use",
    }
    secrets: ClassVar[Mapping[str, str]] = {
        "secret": "The shop's secret: signs us in, and signs the shop's webhooks",
    }

    addresses: ClassVar[frozenset[str]] = frozenset({"url"})

    @classmethod
    def check_setting(cls, name: str, value: str) -> None:
        """The sandbox is on this machine, or it is none."""
        if name == "url":
            base_address(value)

    def __init__(self, settings: Mapping[str, Any], vault: Vault, transport: Any = None) -> None:
        self._settings = settings
        self._vault = vault
        self._transport: httpx.BaseTransport | None = transport

    def listings(self, cursor: str | None = None) -> ListingPage:
        """A page of the shop's listings, by store SKU."""
        answer = self._client().get("/listings", {"limit": str(LIMITS.products_page), "cursor": cursor})
        return understood(mapping.listing_page, answer.json())

    def orders(self, since: datetime, cursor: str | None = None) -> OrderPage:
        """A page of orders changed at or after `since`, oldest change first."""
        answer = self._client().get(
            "/orders",
            {
                "updated_since": mapping.moment_text(since),
                "limit": str(LIMITS.orders_page),
                "cursor": cursor,
            },
        )
        return understood(mapping.order_page, answer.json())

    def order(self, number: str) -> MarketOrder | None:
        """One order as it is now; None when the shop has no such order."""
        if not ORDER_NUMBER.fullmatch(number):
            return None
        answer = self._client().get(f"/orders/{number}", {}, expect=(404,))
        if answer.status != 404:
            return understood(mapping.one_order, answer.json())
        if answer.json().get("type") != "sandbox:unknown-order":
            raise Unreachable("there is no sandbox at this address")
        return None

    def set_stock(self, lines: Sequence[StockLine]) -> Sequence[StockAnswer]:
        """Tell the shop absolute quantities; one answer per line. Whole-batch failures are raised."""
        assert len(lines) <= LIMITS.stock_batch, "the caller cuts batches"
        if not lines:
            return []
        answer = self._client().send("POST", "/stock", mapping.stock_body(lines))
        return understood(mapping.stock_answers, answer.json(), lines)

    def settle(self, tickets: Sequence[str]) -> Sequence[StockAnswer]:
        """What became of writes that were `PENDING`."""
        client = self._client()
        answers: list[StockAnswer] = []
        for start in range(0, len(tickets), TICKETS_A_CALL):
            asked = tickets[start : start + TICKETS_A_CALL]
            answer = client.get("/stock/tickets", {"ids": ",".join(asked)})
            answers += understood(mapping.settled, answer.json(), asked)
        return answers

    def news(self, ack: str | None = None) -> NewsBatch:
        """Unsupported: the sandbox sends webhooks."""
        raise Unsupported("the sandbox has no queue; it sends webhooks")

    def subscribe(self, url: str) -> None:
        """Have every change of an order told to `url`; asking again changes nothing."""
        if not self._secret():
            raise Refused("webhooks are signed with the shop's secret: give the store one first")
        self._client().send("PUT", "/webhook", {"url": url, "secret": self._secret()})

    def open_webhook(self, request: WebhookRequest, now: datetime) -> Sequence[Hint]:
        """CH-5: check the signature over the raw body, the shop and the time, then say which order changed."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        secret = self._secret()
        given = headers.get(SIGNATURE_HEADER, "").encode()
        if not secret or not hmac.compare_digest(sign(secret, request.body).encode(), given):
            raise Forged("the signature does not fit")
        try:
            told = json.loads(request.body)
            sent_at = mapping.moment(told["sent_at"])
            shop, hint = told["shop"], Hint(delivery=str(told["id"]), order_number=str(told["number"]))
        except (ValueError, KeyError, TypeError):
            raise Forged("signed, but not a message of the sandbox") from None
        if shop != self._settings["shop"]:
            raise Forged("meant for another shop")
        if abs(now - sent_at) > timedelta(seconds=WEBHOOK_WINDOW_SECONDS):
            raise Forged("too old, or from the future")
        return [hint]

    def answer_challenge(self, request: WebhookRequest, query: Mapping[str, str]) -> Mapping[str, str] | None:
        """None: the sandbox does not test its subscribers."""
        return None

    def _secret(self) -> str:
        return self._vault.read().get("secret", "")

    def _client(self) -> SandboxClient:
        url, shop = self._settings.get("url"), self._settings.get("shop")
        if not url or not shop:
            raise Refused("the store's settings lack the sandbox's address or the shop's name")
        return SandboxClient(str(url), str(shop), self._secret(), self._transport)
