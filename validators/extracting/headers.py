"""Which header is which column (WB-10), and which template a row of headers belongs to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

#: Headers of the columns that the tools fill, by the key they are matched with.
TOOLS = {"status": "status", "message": "message", "_version": "version"}
#: Sheets that never hold data, whatever their headers look like (WB-3).
NEVER_DATA = frozenset({"example", "examples", "instructions", "lists", "valid values"})
#: How many rows from the top may be the header row.
HEADER_ROWS = 10

_BLANKS_AND_STARS = re.compile(r"[\s*]+")


def header_key(text: str) -> str:
    """A header as it is compared: without regard to case, width, blanks and stars."""
    return _BLANKS_AND_STARS.sub("", unicodedata.normalize("NFKC", text)).casefold()


class Shape:
    """What a template's columns are called: all the child process is told about a workbook."""

    def __init__(self, id: str, sheet: str, columns: Sequence[tuple[str, str, bool]]) -> None:
        self.id = id
        self.sheet = sheet
        self.table = f"tbl_{id}"
        self.names = {name for name, _, _ in columns}
        self.required = [name for name, _, required in columns if required]
        self._titles = {header_key(title): name for name, title, _ in columns}
        self._keys = {header_key(name): name for name, _, _ in columns}

    def column_of(self, header: str) -> str | None:
        """The column's name that a header means, `status`/`message`/`version` with a `!` for tools, or None.

        A title beats a tool's header and that beats a name, because a workbook may have a column *named* status
        beside the tools' own Status. A name spelt exactly is always that column.
        """
        if header in self.names:
            return header
        key = header_key(header)
        if key in self._titles:
            return self._titles[key]
        if key in TOOLS:
            return f"!{TOOLS[key]}"
        return self._keys.get(key)

    def match(self, headers: Iterable[str]) -> Match:
        """Compare a row of headers with this template."""
        return Match(self, headers)

    def as_json(self) -> dict[str, Any]:
        """What `from_json` takes."""
        titles = {name: title for title, name in self._titles.items()}
        columns = [(name, titles[name], name in self.required) for name in titles]
        return {"id": self.id, "sheet": self.sheet, "columns": columns}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Shape:
        """The same shape on the other side of a pipe."""
        return cls(data["id"], data["sheet"], [(name, title, required) for name, title, required in data["columns"]])


class Match:
    """What came of comparing a row of headers with a template; positions count from 0."""

    def __init__(self, shape: Shape, headers: Iterable[str]) -> None:
        self.columns: dict[str, int] = {}
        self.tools: dict[str, int] = {}
        self.doubled: dict[str, list[int]] = {}
        self.unknown: dict[int, str] = {}
        for position, header in enumerate(headers):
            if not header.strip():
                continue
            name = shape.column_of(header.strip())
            if name is None:
                self.unknown[position] = header.strip()
            elif name.startswith("!"):
                self.tools.setdefault(name[1:], position)
            elif name in self.columns:
                self.doubled.setdefault(name, [self.columns[name]]).append(position)
            else:
                self.columns[name] = position
        self.missing = [name for name in shape.required if name not in self.columns]

    @property
    def whole(self) -> bool:
        """Whether every required column is there."""
        return not self.missing and bool(self.columns)

    @property
    def wanted(self) -> list[int]:
        """The positions that are read, in the sheet's order."""
        return sorted({*self.columns.values(), *self.tools.values()})


def find_header(rows: Sequence[Sequence[str]], shape: Shape) -> int | None:
    """The position of the header row of a known template among the first rows: the one that matches most.

    One match is enough only where the template asks for one column; else a word in the title lines would pass.
    """
    scores = [len(shape.match(row).columns) for row in rows[:HEADER_ROWS]]
    best = max(scores, default=0)
    enough = min(2, len(shape.required) or 1)
    return scores.index(best) if best >= enough else None


def identify(rows: Sequence[Sequence[str]], shapes: Sequence[Shape], sheet: str) -> tuple[list[Shape], int]:
    """The templates that a sheet without identity may be, best first by headers, and the header's position.

    More than one shape comes back where the headers leave a choice (stock-in or stock-out?): that is never guessed.
    The sheet's own name decides between equals.
    """
    for position, row in enumerate(rows[:HEADER_ROWS]):
        matches = [(shape, shape.match(row)) for shape in shapes]
        scores = [(len(match.columns), shape) for shape, match in matches if match.whole]
        if not scores:
            continue
        best = max(score for score, _ in scores)
        equals = [shape for score, shape in scores if score == best]
        named = [shape for shape in equals if header_key(shape.sheet) == header_key(sheet)]
        return (named if len(named) == 1 else equals), position
    return [], 0
