"""A marketplace in memory, with the faults that matter; it counts what it was told."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from server.channels.errors import ChannelError
from server.channels.protocol import Limits, StockAnswer, StockLine, StockOutcome
from server.db.session import Database
from server.settings import Settings

LIMITS = Limits(products_page=100, orders_page=100, stock_batch=3, rate_per_second=1000)


@dataclass
class FakeShop:
    """One shop: what it shows, every batch it was sent, and how it answers."""

    shown: dict[str, int] = field(default_factory=dict)
    sent: list[list[StockLine]] = field(default_factory=list)
    fails: list[ChannelError | Exception | None] = field(default_factory=list)
    """Taken from the front, one per call: None lets the call through."""
    takes_effect_before_failing: bool = False
    refuses: dict[str, str] = field(default_factory=dict)
    floors: dict[str, int] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    pending: bool = False
    tickets: dict[str, StockLine] = field(default_factory=dict)
    before_answer: Callable[[], None] | None = None
    limits: Limits = LIMITS
    told: Counter[str] = field(default_factory=Counter)
    guard: Any = field(default_factory=threading.RLock)

    def set_stock(self, lines: Sequence[StockLine]) -> list[StockAnswer]:
        """One answer per line, or the next failure."""
        assert len(lines) <= self.limits.stock_batch
        with self.guard:
            self.sent.append(list(lines))
            failure = self.fails.pop(0) if self.fails else None
            if failure is None or self.takes_effect_before_failing:
                answers = [self._take(line) for line in lines]
        if self.before_answer is not None:
            self.before_answer()
        if failure is not None:
            raise failure
        return [answer for answer in answers if answer.store_sku not in self.silent]

    def settle(self, tickets: Sequence[str]) -> list[StockAnswer]:
        """Pending writes take effect when they are asked for."""
        with self.guard:
            answers = []
            for ticket in tickets:
                line = self.tickets.pop(ticket, None)
                if line is not None:
                    self.shown[line.store_sku] = line.quantity
                    answers.append(StockAnswer(line.store_sku, StockOutcome.ACCEPTED, ticket=ticket))
            return answers

    def _take(self, line: StockLine) -> StockAnswer:
        self.told[line.store_sku] += 1
        floor = self.floors.get(line.store_sku, 0)
        if line.store_sku in self.refuses:
            return StockAnswer(line.store_sku, StockOutcome.REFUSED, self.refuses[line.store_sku])
        if line.quantity < floor:
            return StockAnswer(line.store_sku, StockOutcome.REFUSED, "reserved", floor=floor)
        if self.pending:
            self.tickets[line.key] = line
            return StockAnswer(line.store_sku, StockOutcome.PENDING, ticket=line.key)
        self.shown[line.store_sku] = line.quantity
        return StockAnswer(line.store_sku, StockOutcome.ACCEPTED)


class FakeConnector:
    """A connector to a `FakeShop`; only what pushing needs."""

    channel: ClassVar[str] = "fake"

    def __init__(self, shop: FakeShop) -> None:
        self.shop = shop
        self.limits = shop.limits
        self.set_stock = shop.set_stock
        self.settle = shop.settle


@dataclass
class Market:
    """Shops by store id."""

    shops: dict[int, FakeShop] = field(default_factory=dict)

    def __getitem__(self, store_id: int) -> FakeShop:
        return self.shops.setdefault(store_id, FakeShop())

    def connect(self, _db: Database, _settings: Settings, store_id: int) -> Any:
        """What `stores.connecting.connect` does."""
        return FakeConnector(self[store_id])
