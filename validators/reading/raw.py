"""One data sheet as it stood in the file: columns of raw cells with their places, before anything is understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from validators.messages import Finding, Severity
from validators.workbooks import Workbook


class Mark(NamedTuple):
    """What a plain value can't tell of its cell. Kinds: see `extracting.grid.MARKS`, and `structure` for JSON."""

    kind: str
    text: str = ""


class SheetFacts(NamedTuple):
    """What rows sent as JSON can't say of the sheet they stood in: the template's version, marks of cells as (row,
    header, kind), and the rows that were hidden."""

    version: int | None = None
    marks: Sequence[tuple[int, str, str]] = ()
    hidden: Sequence[int] = ()


@dataclass
class RawColumn:
    """One column: its letter in the sheet, its cells (text, number, bool; '' or None for empty), and marks by index."""

    letter: str
    values: list[Any]
    marks: dict[int, Mark] = field(default_factory=dict)


@dataclass
class RawSheet:
    """What was read. `row_numbers` are the sheet's own, as Excel shows them; blank rows are left out (WB-10).

    `columns` are by name; those shown for information are known, but not read. `status`, `message` and `version` are
    the tools' columns, None where the sheet has none. `findings` concern the file as a whole; an error among them
    stops the upload.
    """

    workbook: Workbook
    kind: str
    sheet: str
    header_row: int
    row_numbers: list[int]
    columns: dict[str, RawColumn]
    letters: dict[str, str] = field(default_factory=dict)
    """Letter of every known column, those for information too."""
    status: RawColumn | None = None
    message: RawColumn | None = None
    version: RawColumn | None = None
    findings: list[Finding] = field(default_factory=list)
    decimal_comma: bool = False
    date1904: bool = False
    last_letter: str = "A"
    """Letter of the rightmost header, so that Status and Message can be added behind it."""

    def __len__(self) -> int:
        return len(self.row_numbers)

    @property
    def stopped(self) -> bool:
        """Whether a finding about the file keeps its rows from being looked at."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)
