"""One kind of problem: its name, how much it matters, its words."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Severity(enum.StrEnum):
    """How much a finding matters: an error stops its row (or file); a warning never does."""

    ERROR = "error"
    WARNING = "warning"
    CONFLICT = "conflict"  # counts as an error; the record changed since the download (WB-4)


@dataclass(frozen=True)
class Code:
    """One kind of problem: its name, how much it matters, its words, and what to do about it.

    `text` is a format string over the finding's facts. It never needs the column's title in front: whoever shows the
    message adds the place.
    """

    code: str
    severity: Severity
    text: str
    advice: str = ""
