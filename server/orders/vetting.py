"""What a store says of its orders, made fit to be written down; pure.

One odd order must never hold back the others of its page. What is odd about it is replaced by something derived from
what the store said, so that the next reading finds the same again, and is named; what nobody may guess leaves that one
order out. See docs/decisions/odd-orders.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from server.channels.protocol import MarketLine, MarketOrder
from server.stores.listings import MAX_CODE, may_be_code, printable

#: Characters of an order's number and of a line's; the table leaves room for a supplement's suffix (ORD-10).
MAX_NUMBER, MAX_LINE_ID = 80, 80
MOST_UNITS = 10_000_000
#: Digits before the point that an amount may have.
MOST_MONEY = Decimal(10) ** 14
#: How far ahead of us a market's clock, or its time zone, may be.
AHEAD = timedelta(days=1)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_DIGEST_BYTES = 6


class _LeftOut(Exception):
    """Why an order can't be taken in."""


@dataclass
class Vetted:
    """Orders fit to be written down. `notes`: by number, what was taken otherwise than told. `undated`: numbers of
    orders that don't say when they changed. `stand_ins`: codes that we made. `left`: by number, why not taken in."""

    orders: list[MarketOrder] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    undated: set[str] = field(default_factory=set)
    stand_ins: set[str] = field(default_factory=set)
    left: dict[str, str] = field(default_factory=dict)


def vet(news: Sequence[MarketOrder], *, at: datetime) -> Vetted:
    """Look through a page of news that is read at `at`."""
    vetted = Vetted()
    for order in news:
        notes: list[str] = []
        try:
            sound = _sound(order, at, notes, vetted.stand_ins)
        except _LeftOut as why:
            vetted.left[order.number] = str(why)
            continue
        vetted.orders.append(sound)
        if not _is_moment(order.updated_at, at):
            vetted.undated.add(sound.number)
        if notes:
            vetted.notes[sound.number] = notes
    return vetted


def stand_in(text: str, most: int, *, instead: str = "", name: str = "") -> str:
    """A name for what can't be called `text`: the same for the same text, another for another."""
    digest = hashlib.blake2b(f"{text}\0{name}".encode(errors="replace"), digest_size=_DIGEST_BYTES).hexdigest()
    head = printable(text) or printable(name) or instead
    return f"{head[: most - len(digest) - 1]}~{digest}"


def _sound(order: MarketOrder, at: datetime, notes: list[str], stand_ins: set[str]) -> MarketOrder:
    """The same order where nothing is wrong with it."""
    updated_at = order.updated_at
    if not _is_moment(updated_at, at):
        notes.append("does not say when it changed")
        updated_at = at
    placed_at = order.placed_at
    if not _is_moment(placed_at, at):
        notes.append("does not say when it was placed; taken as placed when it last changed")
        placed_at = updated_at
    paid_at = order.paid_at
    if paid_at is not None and not _is_moment(paid_at, at):
        notes.append("was paid at no moment that can be; counts from when it was placed")
        paid_at = None
    currency = order.currency
    if currency and not (len(currency) <= 3 and currency.isprintable()):
        notes.append(f"has no currency '{_shown(currency)}'; taken without")
        currency = None
    return replace(
        order,
        number=_number(order.number, notes),
        updated_at=updated_at,
        placed_at=placed_at,
        paid_at=paid_at,
        currency=currency,
        total=_money(order.total, "total", notes),
        tracking_numbers=tuple(printable(number) for number in order.tracking_numbers),
        package_numbers=tuple(printable(number) for number in order.package_numbers),
        lines=_lines(order.lines, notes, stand_ins),
    )


def _number(number: str, notes: list[str]) -> str:
    if not number.strip():
        raise _LeftOut("it has no number")
    if len(number) <= MAX_NUMBER and number.isprintable():
        return number
    instead = stand_in(number, MAX_NUMBER)
    notes.append(f"has a number that can't be kept: 1 to {MAX_NUMBER} printable characters; taken as '{instead}'")
    return instead


def _lines(lines: Sequence[MarketLine], notes: list[str], stand_ins: set[str]) -> list[MarketLine]:
    """Lines with codes and ids that can be kept. An id means one store SKU: a second one under it gets its own."""
    owners: dict[str, str] = {}
    sound = []
    for place, line in enumerate(lines, 1):
        _check_units(place, line)
        code = line.store_sku
        if not may_be_code(code):
            code = stand_in(code, MAX_CODE, instead="no SKU", name=line.name)
            stand_ins.add(code)
            notes.append(f"line {place}: '{_shown(line.store_sku)}' can't be a store SKU; taken as '{code}', unmapped")
        key = line.line_id
        if not key.strip() or len(key) > MAX_LINE_ID or not key.isprintable():
            key = stand_in(key, MAX_LINE_ID, instead="line", name=code)
        if owners.setdefault(key, code) != code:
            key = stand_in(key, MAX_LINE_ID, name=code)
        price = _money(line.unit_price, f"price of line {place}", notes)
        sound.append(MarketLine(key, code, line.quantity, printable(line.name), price))
    return sound


def _check_units(place: int, line: MarketLine) -> None:
    units: object = line.quantity
    if not isinstance(units, int) or isinstance(units, bool) or not 0 <= units <= MOST_UNITS:
        raise _LeftOut(f"line {place} ('{_shown(line.store_sku)}') has a quantity of {_shown(str(units))}")


def _money(amount: Decimal | None, what: str, notes: list[str]) -> Decimal | None:
    """Nothing is worked out from amounts here, so one that is no number is left away."""
    if amount is None or (isinstance(amount, Decimal) and amount.is_finite() and abs(amount) < MOST_MONEY):
        return amount
    notes.append(f"the {what} is no number; taken without")
    return None


def _is_moment(moment: object, at: datetime) -> bool:
    return isinstance(moment, datetime) and moment.tzinfo is not None and _EARLIEST <= moment <= at + AHEAD


def _shown(text: str) -> str:
    return printable(text)[:60]
