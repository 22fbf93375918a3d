"""How a file is turned away: with a code from the table of messages and the facts its sentence needs."""

from __future__ import annotations

from typing import Any

from validators.messages import CODES, Finding


class Unreadable(Exception):
    """The file as a whole can't be read. `code` stands in `messages.CODES`; `str()` is the sentence people see."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    @property
    def finding(self) -> Finding:
        """The refusal as a finding about the file."""
        return Finding(self.code, facts=self.facts)

    def __str__(self) -> str:
        return self.finding.text if self.code in CODES else self.code
