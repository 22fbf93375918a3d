"""Patching against a plain model: whatever is in the sheet and wherever cells are written, the rest stays."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import openpyxl
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from validators.results.patching.package import patch
from validators.writing.outcome_cells import Cell, Style

ROWS, COLUMNS = 12, 30
PLACES = st.tuples(st.integers(1, ROWS), st.integers(1, COLUMNS))
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co")), min_size=1, max_size=12)
VALUES = st.one_of(TEXTS, st.integers(-(10**9), 10**9), st.sampled_from(['<c r="A1"/>', "</row>", "a&b", " =1 "]))


def sheet_with(cells: dict[tuple[int, int], str | int], path: Path) -> None:
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("S")
    for (row, column), value in cells.items():
        (sheet.write_number if isinstance(value, int) else sheet.write_string)(row - 1, column - 1, value)
    book.close()


def values_of(data: bytes) -> dict[tuple[int, int], object]:
    rows = openpyxl.load_workbook(io.BytesIO(data))["S"].iter_rows()
    return {(cell.row, cell.column): cell.value for row in rows for cell in row if cell.value is not None}


def as_read(value: object) -> object:
    """openpyxl leaves Excel's own escape for a text like `_x0041_` as it stands in the file."""
    return value.replace("_x005F_", "_") if isinstance(value, str) else value


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(PLACES, VALUES, max_size=25), st.dictionaries(PLACES, st.none() | VALUES, min_size=1, max_size=25)
)
def test_only_the_written_cells_change(
    there: dict[tuple[int, int], str | int], written: dict[tuple[int, int], str | int | None]
) -> None:
    """WB-6: the result is the user's sheet with the outcome laid over it, and nothing else."""
    cells = [
        Cell("S", f"{get_column_letter(column)}{row}", value, Style.ERROR, "note" if value is None else None)
        for (row, column), value in written.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.xlsx"
        sheet_with(there, path)
        data = patch(path, cells)
        path.write_bytes(data)
        again = patch(path, cells)
    wanted = there | {place: value for place, value in written.items() if value is not None}
    assert {place: as_read(value) for place, value in values_of(data).items()} == wanted
    assert values_of(again) == values_of(data)
