"""A template that is open in the test engine, as the person before it sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlwings as xw

from addin.client.painting import SIGNATURE
from validators.registry import WORKBOOKS
from validators.templates.building import FIRST_ROW, HEADER_ROW

NAMES = {"error": "FBD5D5", "warning": "FEF0C7", "ok": "DDF3E4", "conflict": "E7DBF7", "skipped": "ECEEF1"}


@dataclass(frozen=True)
class OpenSheet:
    """The data sheet of an open template; rows count from 0."""

    book: xw.Book
    sheet: xw.Sheet
    template: str

    @classmethod
    def of(cls, path: Path, template: str) -> OpenSheet:
        """Open a file and bring it to the front."""
        book = xw.Book(str(path))
        book.set_mock_caller()
        return cls(book, book.sheets[WORKBOOKS[template].sheet], template)

    def letter(self, column: str) -> str:
        """A column by its name, or by its header."""
        known = {each.name: each.header for each in WORKBOOKS[self.template].columns}
        wanted = known.get(column, column)
        headers = self.sheet.range((HEADER_ROW, 1), (HEADER_ROW, 60)).value
        return xw.utils.col_name(headers.index(wanted) + 1)

    def type(self, row: int, values: Mapping[str, Any] | Sequence[Any]) -> None:
        """Type into cells, as a person does; a pair is a SKU and a quantity."""
        if not isinstance(values, Mapping):
            values = dict(zip(("sku", "quantity"), values, strict=True))
        for name, value in values.items():
            self.cell(row, name).value = value

    def cell(self, row: int, column: str) -> xw.Range:
        """One cell."""
        return self.sheet.range(f"{self.letter(column)}{FIRST_ROW + row}")

    def value(self, row: int, column: str) -> Any:
        """What stands in a cell."""
        return self.cell(row, column).value

    def status(self, row: int) -> Any:
        """The status cell."""
        return self.value(row, "Status")

    def colour(self, row: int, column: str) -> str | None:
        """A cell's colour by the name of its style; None where it has none."""
        found = self.cell(row, column).color
        if found is None:
            return None
        text = "{:02X}{:02X}{:02X}".format(*found)
        return next((name for name, fill in NAMES.items() if fill == text), text)

    def note(self, row: int, column: str) -> str | None:
        """What our note on a cell says."""
        note = self.cell(row, column).note
        return None if note is None else note.text.removeprefix(SIGNATURE)

    @property
    def touched(self) -> bool:
        """Whether anything was written since `settle`."""
        return bool(self.book.impl.touched)

    def settle(self) -> OpenSheet:
        """From here on, writing counts."""
        self.book.impl.touched = False
        return self
