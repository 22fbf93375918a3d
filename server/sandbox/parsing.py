"""Bodies and queries of calls -> typed values. Pure; raises `WrongInput` naming the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from server.sandbox.errors import WrongInput

MAX_QUANTITY = 10_000_000
MAX_TEXT = 500
MAX_SKU = 100
MAX_ORDER_LINES = 200
MAX_PAGE = 1000
CURRENCY = "USD"
PRICE = Decimal("10.00")
PAYMENTS = ("prepaid", "cod")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class NewListing:
    """What a seller puts up for sale. `product` groups the variants of one product page."""

    store_sku: str
    name: str
    quantity: int
    product: str
    gtin: str | None
    price: Decimal
    currency: str


@dataclass(frozen=True)
class WantedLine:
    """A store SKU and whole units: of an order, or of a stock update."""

    store_sku: str
    quantity: int


@dataclass(frozen=True)
class NewOrder:
    """What a buyer asks for. `paid` of a cash-on-delivery order says that the buyer has confirmed it."""

    lines: tuple[WantedLine, ...]
    payment: str
    paid: bool
    created_us: int | None


def mapping(value: object, what: str = "the body") -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise WrongInput(f"{what} must be a JSON object")
    return value


def rows(value: object, field: str, *, least: int, most: int) -> Sequence[Any]:
    """A JSON list with an allowed number of items."""
    if not isinstance(value, list):
        raise WrongInput(f"{field} must be a list", field=field)
    if not least <= len(value) <= most:
        raise WrongInput(f"{field} must have {least} to {most} items, not {len(value)}", field=field)
    return value


def text(values: Mapping[str, Any], field: str, *, most: int = MAX_TEXT, default: str | None = None) -> str:
    """A text without outer blanks; required unless there is a default."""
    value = values.get(field)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or not value.strip():
        raise WrongInput(f"{field} is missing or not a text", field=field)
    if len(value.strip()) > most:
        raise WrongInput(f"{field} has more than {most} characters", field=field)
    return value.strip()


def whole(value: object, field: str, *, least: int = 0, most: int = MAX_QUANTITY) -> int:
    """A whole number within bounds; true and 2.0 are none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongInput(f"{field} must be a whole number", field=field)
    if not least <= value <= most:
        raise WrongInput(f"{field} must be between {least} and {most}", field=field)
    return value


def money(value: object, field: str) -> Decimal:
    """An amount of money, given as text or number."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise WrongInput(f"{field} must be an amount of money", field=field) from None
    if not amount.is_finite() or not 0 <= amount <= 10**12:
        raise WrongInput(f"{field} must be an amount of money of 0 or more", field=field)
    return amount.quantize(Decimal("0.01"))


def moment_us(value: object, field: str) -> int:
    """An ISO 8601 time -> microseconds since 1970; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise WrongInput(f"{field} must be an ISO 8601 time", field=field) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_text(moment: int | None) -> str | None:
    """Microseconds since 1970 -> ISO 8601 in UTC, always with six decimals, so that texts sort like times."""
    if moment is None:
        return None
    return (_EPOCH + timedelta(microseconds=moment)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def listing(value: object) -> NewListing:
    """One listing out of a body."""
    values = mapping(value, "a listing")
    store_sku = text(values, "store_sku", most=MAX_SKU)
    return NewListing(
        store_sku=store_sku,
        name=text(values, "name", default=store_sku),
        quantity=whole(values.get("quantity", 0), "quantity"),
        product=text(values, "product", default=store_sku),
        gtin=text(values, "gtin", default="") or None,
        price=money(values.get("price", PRICE), "price"),
        currency=text(values, "currency", most=3, default=CURRENCY),
    )


def order_lines(value: object) -> tuple[WantedLine, ...]:
    """The lines of an order; a store SKU may come twice, as on real markets."""
    lines = []
    for item in rows(value, "lines", least=1, most=MAX_ORDER_LINES):
        values = mapping(item, "a line")
        store_sku = text(values, "store_sku", most=MAX_SKU)
        lines.append(WantedLine(store_sku, whole(values.get("quantity", 1), "quantity", least=0)))
    kept = tuple(line for line in lines if line.quantity)
    if not kept:
        raise WrongInput("an order needs at least one unit", field="lines")
    return kept


def order(value: object) -> NewOrder:
    """A new order. Not said whether it is paid: a prepaid one is, cash on delivery is not confirmed yet."""
    values = mapping(value)
    payment = values.get("payment", "prepaid")
    if payment not in PAYMENTS:
        raise WrongInput("payment must be prepaid or cod", field="payment")
    paid = values.get("paid", payment == "prepaid")
    if not isinstance(paid, bool):
        raise WrongInput("paid must be true or false", field="paid")
    created = values.get("created_at")
    return NewOrder(
        lines=order_lines(values.get("lines")),
        payment=payment,
        paid=paid,
        created_us=None if created is None else moment_us(created, "created_at"),
    )


def page_size(value: str | None) -> int | None:
    """The `limit` of a query; None when it was not given."""
    if value is None:
        return None
    if not value.isascii() or not value.isdigit():
        raise WrongInput("limit must be a whole number", field="limit")
    return whole(int(value[:9]), "limit", least=1, most=MAX_PAGE)


def address(values: Mapping[str, Any]) -> str:
    """Where webhooks go: http or https, with a host."""
    url = text(values, "url", most=2000)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise WrongInput("url must be an http or https address", field="url")
    return url
