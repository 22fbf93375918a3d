"""What every group of rules works with: the world, what the machine remembers, and how figures are foretold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from tests.machine.books import Books, Figures, Key
from tests.machine.world import World


@dataclass
class Done:
    """An upload that was applied. `change`: what it did to the figures, None where that is not foretold."""

    id: int
    template: str
    change: Mapping[Key, Figures] | None = None
    foretold: bool = False  # whether its undo must go or be refused is known
    undone: bool = False
    closed: bool = False  # a warehouse or SKU that it moved stock of was deleted since


class Base(RuleBasedStateMachine):
    """State of a run."""

    world: World
    books: Books  # as they were after the last step

    def __init__(self) -> None:
        super().__init__()
        self.uploads: list[Done] = []
        self.transfers: list[Any] = []
        self.raised: set[tuple[str, str]] = set()  # (store, number) of orders that were edited in their store
        self.counted: set[Key] = set()  # where a count put on hand below what is promised
        self.touched: set[tuple[str, str]] = set()  # listings whose figure somebody set in the shop itself
        self.placed: list[tuple[str, str]] = []  # (store, number) of orders that buyers placed
        self.faulty: set[str] = set()  # stores that misbehave
        self.returns_on_cancel: set[str] = set()  # stores with the other rule of ORD-8

    def _expect(
        self,
        method: str,
        path: str,
        body: Any,
        change: Mapping[Key, Figures],
        *,
        refused: bool | None = False,
        arrives: bool = False,
    ) -> Any:
        """Call, and compare the figures with what was foretold; None where it was refused.

        `refused` None: both may be. `arrives`: stock arrives, so orders that wait may be tried (ORD-7).
        """
        before = self.books
        done, answer = self.world.call(method, path, body)
        assert refused is None or done != refused, f"{method} {path} {body}: {answer}; it was {before.figures}"
        after = self.world.books()
        if not done:
            self._same(before, after)
            return None
        self._moved(before, after, change, arrives=arrives)
        return answer

    def _expect_rows(
        self,
        template: str,
        rows: Sequence[Mapping[str, Any]],
        change: Mapping[Key, Figures],
        *,
        refused: bool = False,
        arrives: bool = False,
    ) -> bool:
        """Hand rows in, and compare the figures with what was foretold; whether they were applied."""
        before = self.books
        outcome = self.world.hand_in(template, rows)
        after = self.world.books()
        assert (outcome["status"] == "refused") == refused, f"{rows}: {outcome}; it was {before.figures}"
        if refused:
            self._same(before, after)
            return False
        assert outcome["status"] == "applied", outcome
        self._moved(before, after, change, arrives=arrives)
        foretold = template in ("stock_in", "stock_out", "quantity_update")
        self.uploads.append(Done(outcome["id"], template, dict(change), foretold))
        return True

    def _hand_in(self, template: str, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Hand rows in whose effect on stock is not foretold; whether they were applied."""
        before = self.books
        outcome = self.world.hand_in(template, rows)
        assert outcome["status"] in ("applied", "refused"), outcome
        if outcome["status"] == "refused":
            self._same(before, self.world.books())
            return False
        self.uploads.append(Done(outcome["id"], template))
        return True

    def _same(self, before: Books, after: Books) -> None:
        """What was refused left nothing behind."""
        assert (before.figures, before.orders) == (after.figures, after.orders)

    def _moved(
        self, before: Books, after: Books, change: Mapping[Key, Figures], *, times: int = 1, arrives: bool = False
    ) -> None:
        """The figures are what they were and the change; nothing else moved."""
        wanted = dict(before.figures)
        for key, one in change.items():
            wanted[key] = wanted.get(key, Figures()).plus(one, times)
        found = dict(after.figures)
        if arrives and before.switches.get("allocate_on_stock_in"):
            wanted, found = ({key: one._replace(allocated=0) for key, one in each.items()} for each in (wanted, found))
        for each in (wanted, found):
            for key in [key for key, one in each.items() if one == Figures()]:
                del each[key]
        assert found == wanted, (
            f"figures are {found}; they were {before.figures}, and {dict(change)} times {times} was done"
        )
