"""Sums for charts: by a name, and the largest of very many. Neither keeps rows."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import count
from typing import Any

from server.reports.describing import Row

#: Bars of one chart; the rest is one bar more.
MOST_BARS = 15
OTHERS = "all others"


class Sums:
    """Several sums for each name."""

    def __init__(self, sums: int) -> None:
        self._width = sums
        self._by_name: dict[str, list[Any]] = {}

    def add(self, name: str, *values: Any) -> None:
        """Add to the sums of `name`."""
        known = self._by_name.setdefault(name, [0] * self._width)
        for place, value in enumerate(values):
            known[place] += value

    def largest(self, *, by: int = 0, most: int = MOST_BARS) -> list[Row]:
        """(name, sums …), the largest of sum `by` first; past `most`, all the others as one."""
        named = sorted(self._by_name.items(), key=lambda item: (-item[1][by], item[0]))
        rows: list[Row] = [(name, *sums) for name, sums in named[:most]]
        if rest := [sums for _, sums in named[most:]]:
            rows.append((OTHERS, *(sum(sums[place] for sums in rest) for place in range(self._width))))
        return rows


class Largest:
    """The rows with the largest figure among however many go by; of equal ones the earlier."""

    def __init__(self, most: int) -> None:
        self._most, self._numbers = most, count(0, -1)
        self._heap: list[tuple[float, int, Row]] = []

    def add(self, figure: float, row: Row) -> None:
        """Take a row into account."""
        item = (figure, next(self._numbers), row)
        if len(self._heap) < self._most:
            heapq.heappush(self._heap, item)
        elif item > self._heap[0]:
            heapq.heapreplace(self._heap, item)

    def rows(self) -> Sequence[Row]:
        """Them, the largest first."""
        return [row for _, _, row in sorted(self._heap, reverse=True)]
