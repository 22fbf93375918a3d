"""What a case of `order_cases.py` is made of: an order with SKUs of its own, and what is done to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from server import clock
from tests.support.company import Company

#: A store as it is unless told otherwise, and one with the other rules of ORD-8 and ORD-9.
PLAIN, STRICT = "Plain", "Strict"
UNITS = 10


@dataclass
class Scene:
    """One case with SKUs of its own, of which there are 10 each."""

    company: Company
    store: str
    sku: str
    other: str
    number: str = ""

    def order(self, units: int, *, other: int = 0, unmapped: int = 0, days_ago: int = 0) -> None:
        """A buyer orders, also more than there is: the shop's own people had put up plenty."""
        wanted = {self.sku: units, self.other: other, f"{self.sku}-new": unmapped}
        lines = [{"store_sku": sku, "quantity": number} for sku, number in self._put_up_plenty(wanted).items()]
        placed = (clock.now() - timedelta(days=days_ago)).isoformat()
        self.number = self.company.buy(self.store, lines=lines, **({"created_at": placed} if days_ago else {}))

    def edit(self, units: int, *, other: int = 0) -> None:
        """The order has these lines from now on."""
        self.company.edit(self.store, self.number, **self._put_up_plenty({self.sku: units, self.other: other}))

    def act(self, *actions: str, **body: object) -> None:
        """People do something to it here."""
        self.company.act(self.store, self.number, *actions, **body)

    def market(self, *actions: str) -> None:
        """Something happens to it at the market."""
        self.company.at_market(self.store, self.number, *actions)

    def ship(self) -> None:
        """Packed and shipped here, and on its way to the buyer."""
        self.act("pack", "ship")
        self.market("ship")

    def scan(self) -> None:
        """Its package is scanned back in."""
        self.company.scan(self.store, self.number)

    def scan_is_refused(self) -> str:
        """Its package can't be scanned; why not."""
        [tracking] = self.company.order(self.store, self.number)["tracking"]
        refused = self.company.refused("POST", "/returns", {"tracking": tracking, "store": self.store})
        assert refused["code"] == "not-possible", refused
        return str(refused["detail"])

    def stock_in(self, units: int) -> None:
        self.company.stock_in(units, self.sku)

    def _put_up_plenty(self, wanted: dict[str, int]) -> dict[str, int]:
        lines = {sku: units for sku, units in wanted.items() if units}
        self.company.market.list(self.store.lower(), **dict.fromkeys(lines, 50))
        return lines


Play = Callable[[Scene], Iterator[None]]


@dataclass(frozen=True)
class Case:
    """What happens to an order of 4 unless said otherwise, and what is so before and after."""

    rule: str
    store: str
    what: str
    before: str
    after: str
    play: Play


CASES: list[Case] = []


def case(rule: str, store: str, what: str, before: str, after: str) -> Callable[[Play], None]:
    """Keep a case."""
    return lambda play: CASES.append(Case(rule, store, what, before, after, play))
