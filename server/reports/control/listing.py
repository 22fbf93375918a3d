"""What a list of the control workbook is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.reports.describing import Asked, Sheet

#: Rows of a list that are shown; the rest is counted, and said where to find.
MOST_ROWS = 200


@dataclass(frozen=True)
class ControlList:
    """Something that waits. `sheet` gives its first `MOST_ROWS` rows, `count` tells how many there are.

    `thing`: what one of them is called in a sentence, and several. `advice`: what to do about them. `page`: where the
    console has them; `rest`: which report has all of them. `waits`: somebody has to do something about it.
    """

    key: str
    sheet: Sheet
    count: Callable[[Session, Asked], int]
    thing: tuple[str, str]
    advice: str
    page: str
    rest: str
    waits: bool = True

    def said(self, number: int) -> str:
        """So many of them, in words."""
        return f"{number:,} {self.thing[number != 1]}"
