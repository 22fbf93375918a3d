"""The whole thing as a state machine: any step after any other, and after each step all that must be so is so."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis.stateful import invariant

from tests.machine import oracle
from tests.machine.orders import OrderRules
from tests.machine.stock import StockRules
from tests.machine.stores import StoreRules
from tests.machine.world import World

#: What the machine is run with: makes a world, and is told of every step.
Found = Callable[[], World]


class Machine(StockRules, OrderRules, StoreRules):
    """Begins with a company that `found` makes."""

    def __init__(self, found: Found, stepped: Callable[[], None]) -> None:
        super().__init__()
        self.world = found()
        self._stepped = stepped

    @invariant()
    def everything_holds(self) -> None:
        """STK-2, STK-4, STK-5, ORD-2, PSH-13 after every step."""
        self._stepped()
        self.world.let_time_pass()
        self.books = books = self.world.books()
        self.counted &= {key for key in self.counted if books.of(*key).available < 0}
        wrong = oracle.broken(books, raised=self.raised, counted=self.counted)
        assert not wrong, "; ".join(wrong)
        risky = oracle.at_risk(books)
        if risky or self.counted:
            shown = self.world.must("GET", "/orders?limit=100")["items"]
            assert {order["id"] for order in shown if order["at_risk"]} == risky, f"STK-5: {risky} are at risk: {books}"

    def teardown(self) -> None:
        """At the end stores show what is so, and the ledger says the same as ours."""
        try:
            self._settle()
        finally:
            self.world.close()
