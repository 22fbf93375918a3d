"""The server's outcome of an upload as dataclasses: read once, never worked out anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """One problem of a row; `column` is the header people see."""

    column: str | None
    code: str
    text: str
    severity: str


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one row; `row` is the number Excel shows."""

    row: int
    status: str
    messages: tuple[Message, ...]
    changes: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell to write back: `value` None keeps what is there, `note` None means no note."""

    sheet: str
    address: str
    value: str | int | None
    style: str
    note: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an upload. `rows` and `cells` may be the first of more."""

    id: int
    template: str
    mode: str
    status: str
    counts: Mapping[str, int]
    messages: tuple[str, ...]
    duplicate_of: int | None = None
    problem: Mapping[str, Any] | None = None
    progress: Mapping[str, Any] = field(default_factory=dict)
    filename: str = ""
    by: str = ""
    created_at: str = ""
    rows: tuple[Row, ...] = ()
    cells: tuple[Cell, ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether the server is still at it."""
        return self.status == "running"

    @property
    def bad_rows(self) -> int:
        """Rows with an error or a conflict: those that keep the others from being applied (WB-6)."""
        return self.counts.get("error", 0) + self.counts.get("conflict", 0)

    @property
    def good_rows(self) -> int:
        """Rows that are applied, or would be: right, and with something to do."""
        return self.counts.get("ok", 0) + self.counts.get("warning", 0)

    @property
    def last_of_more(self) -> int | None:
        """The number of the last row that came with it where more are to be fetched, else None. A refusal as a whole
        counts rows and brings none."""
        if len(self.rows) >= self.counts.get("rows", 0):
            return None
        return self.rows[-1].row if self.rows else 0


def read_outcome(document: Mapping[str, Any]) -> Outcome:
    """An upload out of the server's JSON, with rows and cells where it has them."""
    return Outcome(
        id=document["id"],
        template=document["template"],
        mode=document["mode"],
        status=document["status"],
        counts=document["counts"],
        messages=tuple(document["messages"]),
        duplicate_of=document.get("duplicate_of"),
        problem=document.get("problem"),
        progress=document.get("progress") or {},
        filename=document.get("filename", ""),
        by=document.get("by", ""),
        created_at=document.get("created_at", ""),
        rows=read_rows(document.get("rows", ())),
        cells=read_cells(document.get("cells", ())),
    )


def read_rows(items: Iterable[Mapping[str, Any]]) -> tuple[Row, ...]:
    """Rows out of JSON."""
    return tuple(
        Row(
            item["row"],
            item["status"],
            tuple(Message(m["column"], m["code"], m["text"], m["severity"]) for m in item["messages"]),
            len(item["changes"]),
        )
        for item in items
    )


def read_cells(items: Iterable[Mapping[str, Any]]) -> tuple[Cell, ...]:
    """Cells out of JSON."""
    return tuple(Cell(item["sheet"], item["address"], item["value"], item["style"], item["note"]) for item in items)
