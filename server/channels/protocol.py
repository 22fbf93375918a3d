"""The connector: what every channel can do, or says it cannot.

The shape was fixed after reading what ten marketplaces really offer. What differs between them stays inside a
connector, and what callers must know of it is data:

* markets that give one row per unit (Lazada, TikTok) are added up by store SKU inside the connector's `mapping`;
* writes are always *absolute* here; a market that only takes differences must be read first, inside the connector;
* a write that takes effect later (BigCommerce, Blibli, Amazon feeds) answers `PENDING` with a ticket;
* a quantity below what the market has reserved is `REFUSED` with `floor`, the least that it takes;
* news comes by webhook (a hint to read the order), by a queue to pull (Tiki, Amazon), or not at all;
* credentials that rotate are renewed through the `Vault`, which stores the new ones before they are used.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Protocol


class MarketStatus(enum.StrEnum):
    """What a market says of an order, in our words."""

    UNPAID = "unpaid"  # takes no stock yet (ORD-1)
    READY_TO_SHIP = "ready_to_ship"  # new: paid, or cash on delivery confirmed
    IN_PROCESS = "in_process"  # packed or label made at the market
    SHIPPED = "shipped"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class News(enum.StrEnum):
    """How a channel tells what changed, beside being asked by schedule."""

    WEBHOOK = "webhook"
    QUEUE = "queue"
    NONE = "none"


@dataclass(frozen=True)
class Features:
    """What the channel can do. Rows of the feature table in the docs."""

    news: News
    orders_by_update_time: bool = True
    asynchronous_stock: bool = False
    rotating_credentials: bool = False
    reports_reserved: bool = False


@dataclass(frozen=True)
class Limits:
    """The channel's limits as data (CH-7); a store's settings may lower them."""

    products_page: int
    orders_page: int
    stock_batch: int
    rate_per_second: float
    burst: int = 1
    orders_window_days: int | None = None


@dataclass(frozen=True)
class Listing:
    """One variant as buyers see it. `references` are the market's own ids, which a stock write may need."""

    store_sku: str
    name: str
    quantity: int | None
    references: Mapping[str, str] = field(default_factory=dict)
    gtin: str | None = None


@dataclass(frozen=True)
class ListingPage:
    """A page of listings; `next` is given back to get the page after it, None at the end."""

    items: Sequence[Listing]
    next: str | None = None


@dataclass(frozen=True)
class MarketLine:
    """One line of an order: the market's own line id, the store SKU, whole units."""

    line_id: str
    store_sku: str
    quantity: int
    name: str = ""
    unit_price: Decimal | None = None


@dataclass(frozen=True)
class MarketOrder:
    """An order as the market tells it now. Times are UTC."""

    number: str
    status: MarketStatus
    updated_at: datetime
    placed_at: datetime
    lines: Sequence[MarketLine]
    paid_at: datetime | None = None  # payment, or the buyer's confirmation of cash on delivery (ORD-1)
    cod: bool = False
    hold: bool = False  # paid, but must not be shipped yet
    cancel_pending: bool = False  # the buyer asked to cancel
    platform_fulfilled: bool = False  # run by the marketplace: record, never allocate
    total: Decimal | None = None
    currency: str | None = None
    tracking_numbers: Sequence[str] = ()
    package_numbers: Sequence[str] = ()  # the market's own, where a parcel has one beside its tracking number
    market_status: str = ""  # the market's own word, shown to people


@dataclass(frozen=True)
class OrderPage:
    """Orders in the order of their update time. `seen_until`: the market's time up to which nothing is missing.

    `unreadable`: by number, why an order could not be understood; one such order never spoils its page.
    """

    orders: Sequence[MarketOrder]
    next: str | None = None
    seen_until: datetime | None = None
    unreadable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StockLine:
    """What a listing should show. `key` is ours: where the market knows idempotency keys it is sent along."""

    store_sku: str
    quantity: int
    key: str
    references: Mapping[str, str] = field(default_factory=dict)


class StockOutcome(enum.StrEnum):
    """What the market answered for one line."""

    ACCEPTED = "accepted"
    PENDING = "pending"  # taken, takes effect later; ask with the ticket
    REFUSED = "refused"  # this line, for a reason of its own; counts as an attempt
    UNKNOWN = "unknown"  # no answer for this line: it may or may not have taken effect


@dataclass(frozen=True)
class StockAnswer:
    """The market's answer for one line of a batch; every line sent gets exactly one."""

    store_sku: str
    outcome: StockOutcome
    reason: str = ""
    ticket: str | None = None
    floor: int | None = None  # the least the market takes because of its own reservations


@dataclass(frozen=True)
class Hint:
    """News that an order (or a listing) changed: never the truth itself, always a reason to read it again.

    `delivery` identifies the delivery, so that a doubled one is recognised.
    """

    delivery: str
    order_number: str | None = None
    store_sku: str | None = None


@dataclass(frozen=True)
class NewsBatch:
    """A batch from a queue; `ack` confirms it, and is stored only after the hints are."""

    hints: Sequence[Hint]
    ack: str | None


@dataclass(frozen=True)
class WebhookRequest:
    """A webhook as it came in: the raw body, before any parsing."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Vault(Protocol):
    """Where a connector's credentials live. Decrypted only here, in memory (CH-6)."""

    def read(self) -> Mapping[str, str]:
        """The credentials as last stored."""
        ...

    def renew(self, ask: Callable[[Mapping[str, str]], Mapping[str, str]]) -> Mapping[str, str]:
        """Under the store's lock: call `ask` with the stored credentials, store what it gives, return that.

        If another caller renewed them meanwhile, that result is returned and `ask` is not called.
        """
        ...


class Connector(Protocol):
    """One store's line to its market. Made per use, holds no state of its own, never touches the database.

    Every method may raise `ChannelError`s and nothing else.
    """

    channel: ClassVar[str]
    title: ClassVar[str]
    features: ClassVar[Features]
    limits: ClassVar[Limits]
    #: names of the store's settings: plain ones, and those that are secrets and live in the vault
    settings: ClassVar[Mapping[str, str]]
    secrets: ClassVar[Mapping[str, str]]
    #: of the plain settings, those that decide to whom the secrets are sent
    addresses: ClassVar[frozenset[str]]

    @classmethod
    def check_setting(cls, name: str, value: str) -> None:
        """Refuse a plain setting that could never be used, when it is given. Raises `Refused` saying what would do."""
        ...

    def __init__(self, settings: Mapping[str, Any], vault: Vault, transport: Any = None) -> None: ...

    def listings(self, cursor: str | None = None) -> ListingPage:
        """A page of the store's listings."""
        ...

    def orders(self, since: datetime, cursor: str | None = None) -> OrderPage:
        """A page of orders changed at or after `since`, oldest change first where the market can."""
        ...

    def order(self, number: str) -> MarketOrder | None:
        """One order as it is now; None when the market does not know it. Raises `Unreadable` where it can't be
        understood."""
        ...

    def set_stock(self, lines: Sequence[StockLine]) -> Sequence[StockAnswer]:
        """Tell the market absolute quantities, at most `limits.stock_batch` lines; one answer per line."""
        ...

    def settle(self, tickets: Sequence[str]) -> Sequence[StockAnswer]:
        """What became of writes that were `PENDING`. Unsupported where writes are synchronous."""
        ...

    def news(self, ack: str | None = None) -> NewsBatch:
        """The next batch from the market's queue. Unsupported where news is not a queue."""
        ...

    def subscribe(self, url: str) -> None:
        """Ask the market to send webhooks to `url`. Unsupported where there are none."""
        ...

    def open_webhook(self, request: WebhookRequest, now: datetime) -> Sequence[Hint]:
        """Check the signature over the raw body, then say what it hints at. Raises `Forged`."""
        ...

    def answer_challenge(self, request: WebhookRequest, query: Mapping[str, str]) -> Mapping[str, str] | None:
        """The answer to a market's test of the endpoint, None where there is no such test."""
        ...
