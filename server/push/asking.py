"""Talking to one store: a batch of quantities, or tickets of earlier ones -> one answer per row. No database here."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from server.channels.errors import ChannelError, NeedsSignIn, Unreachable
from server.channels.protocol import Connector, StockAnswer, StockOutcome
from server.push.leasing import Due

#: A batch that is refused as a whole is halved to find the culprit, with at most so many calls and seconds
MOST_CALLS = 40
MOST_SECONDS = 25.0
#: Tickets handed to a connector at a time: so few that no market needs more than one request for them
TICKETS_A_CALL = 50


@dataclass
class Answers:
    """What a store said: an answer per row (rows without one were never sent), and why the talk broke off, if so."""

    by_row: dict[int, StockAnswer] = field(default_factory=dict)
    failure: ChannelError | None = None

    @property
    def needs_sign_in(self) -> bool:
        """Whether a person must sign in again (CH-6)."""
        return isinstance(self.failure, NeedsSignIn)


def send(connector: Connector, rows: Sequence[Due], *, timer: Callable[[], float] = time.monotonic) -> Answers:
    """Tell the store the quantities of `rows`, at most a batch of them."""
    answers = Answers()
    budget = _Budget(timer() + MOST_SECONDS, timer)
    _send(connector, list(rows), answers, budget)
    return answers


def settle(connector: Connector, rows: Sequence[Due], *, timer: Callable[[], float] = time.monotonic) -> Answers:
    """Ask what became of the pending writes of `rows`. One that the store says nothing of is not known; those that
    there was no time for have no answer, and are asked after the next time."""
    answers = Answers()
    waiting = [row for row in rows if row.ticket]
    budget = _Budget(timer() + MOST_SECONDS, timer)
    for start in range(0, len(waiting), TICKETS_A_CALL):
        if not budget.allows():
            break
        _settle(connector, waiting[start : start + TICKETS_A_CALL], answers)
        if answers.failure is not None:
            break
    return answers


def _settle(connector: Connector, rows: Sequence[Due], answers: Answers) -> None:
    try:
        told = {answer.ticket: answer for answer in connector.settle([row.ticket for row in rows if row.ticket])}
    except ChannelError as error:
        answers.failure = error
        return
    for row in rows:
        silence = StockAnswer(row.code, StockOutcome.UNKNOWN, "the store does not know this write", ticket=row.ticket)
        answers.by_row[row.store_sku_id] = told.get(row.ticket, silence)


@dataclass
class _Budget:
    """How much longer a refused batch may be taken apart, or tickets asked after: the last call may take the client's
    total time-out, and must be over before the lease is (PSH-8)."""

    until: float
    timer: Callable[[], float]
    calls: int = MOST_CALLS

    def allows(self) -> bool:
        self.calls -= 1
        return self.calls >= 0 and self.timer() < self.until


def _send(connector: Connector, rows: list[Due], answers: Answers, budget: _Budget) -> None:
    if not rows or answers.failure is not None or not budget.allows():
        return
    try:
        told = {answer.store_sku: answer for answer in connector.set_stock([row.line for row in rows])}
    except ChannelError as error:
        _broken_off(connector, rows, answers, budget, error)
        return
    for row in rows:
        silence = StockAnswer(row.code, StockOutcome.UNKNOWN, "the store gave no answer for this line")
        answers.by_row[row.store_sku_id] = told.get(row.code, silence)


def _broken_off(connector: Connector, rows: list[Due], answers: Answers, budget: _Budget, error: ChannelError) -> None:
    """The whole call failed. A refusal may be one line's doing: the others must not be held back by it (PSH-10)."""
    if error.retryable:
        answers.failure = error
        if isinstance(error, Unreachable):
            lost = StockOutcome.UNKNOWN
            answers.by_row.update({row.store_sku_id: StockAnswer(row.code, lost, error.reason) for row in rows})
        return
    if len(rows) == 1:
        answers.by_row[rows[0].store_sku_id] = StockAnswer(rows[0].code, StockOutcome.REFUSED, error.reason)
        return
    middle = len(rows) // 2
    _send(connector, rows[:middle], answers, budget)
    _send(connector, rows[middle:], answers, budget)
