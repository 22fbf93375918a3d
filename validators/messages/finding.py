"""One problem at one place, and the sentence that people read about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from validators.messages.code import Severity
from validators.messages.table import CODES

#: From here on a number is shown in groups of three: 10,000. Up to here it is written out; longer ones as Excel does.
_GROUPED_FROM, _LONGEST_NUMBER = 10_000, 10**21
#: Facts that are numbers of something: shown as Excel or the history shows them.
_NUMBERED = frozenset({"row", "other", "upload", "was", "now"})


@dataclass(frozen=True)
class Finding:
    """One problem at one place. `row` is the number Excel shows, None for the file; `column` is a column's name."""

    code: str
    row: int | None = None
    column: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """From the table of codes."""
        return CODES[self.code].severity

    @property
    def text(self) -> str:
        """The sentence people read: what is wrong, with the value, and what to do."""
        known = CODES[self.code]
        sentence = f"{known.text} {known.advice}".rstrip()
        return sentence.format(**{name: _said(name, value) for name, value in self.facts.items()})


def _said(name: str, value: Any) -> Any:
    if name in _NUMBERED and isinstance(value, int):
        return value
    return shown(value, 400 if name == "reason" else 100)  # a reason is a sentence of ours, all else is out of a cell


class _Count(int):
    """A number in a sentence: `{count:row was/rows were}` gives "1 row was", "12,000 rows were"."""

    def __format__(self, spec: str) -> str:
        digits = f"{int(self):,}" if abs(self) >= _GROUPED_FROM else str(int(self))
        one, _, several = spec.partition("/")
        return digits if not spec else f"{digits} {one if self == 1 else several}"


def shown(value: Any, limit: int = 100) -> Any:
    """A value from a cell as it may be shown back: texts are cut at `limit` characters, large numbers are grouped."""
    if isinstance(value, str) and len(value) > limit:
        return value[: limit - 1] + "…"
    if isinstance(value, int) and not isinstance(value, bool):
        return _Count(value) if abs(value) < _LONGEST_NUMBER else f"{Decimal(value):.14E}"
    if isinstance(value, Decimal) and abs(value) >= _GROUPED_FROM:
        return f"{value:,f}"
    return value
